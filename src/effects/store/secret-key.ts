/** The key file: 32 random bytes in hexadecimal, made at the first start, readable by its owner only. */
import { randomBytes } from "node:crypto"
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { Effect } from "effect"
import { StartRefused } from "../model/Errors.ts"

const create = (file: string): Buffer => {
  const key = randomBytes(32)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // Another process that was faster wins.
  const handle = openSync(file, "wx", 0o600)
  try {
    writeSync(handle, `${key.toString("hex")}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  chmodSync(file, 0o600)
  return key
}

const read = (file: string): Buffer | null => {
  try {
    const text = readFileSync(file, "utf8").trim()
    if (!/^[0-9a-f]{64}$/i.test(text)) throw new Error("it does not hold 64 hexadecimal digits")
    return Buffer.from(text, "hex")
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null
    throw error
  }
}

/** Reads the key, or makes one where there is no file. Fails with `StartRefused`, naming the file. */
export const loadSecretKey = (file: string): Effect.Effect<Uint8Array, StartRefused> =>
  Effect.try({
    try: () => read(file) ?? create(file),
    catch: (error) =>
      new StartRefused({
        reason: `KEY_FILE: ${file} cannot be used: ${error instanceof Error ? error.message : String(error)}; bring the file back from a backup`,
      }),
  })
