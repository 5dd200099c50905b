/**
 * Names the code that an engine runs, so that one that goes on after an upgrade is told apart from what is installed.
 * The engine reads it at its start, the control plane at its own.
 */
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))
/** What an engine is made of: its modules, the packet core, and the packages. */
const FOLDERS = ["src/engine", "src/core"]
const FILES = ["build/core.wasm", "build/cipher.wasm", "package.json"]
const IS_CODE = /\.[mc]?tsx?$/
const IS_TEST = /\.test\.tsx?$|(?:^|[/\\])testing[/\\]/
const DIGITS = 12

const contentOf = (path: string): Buffer | string => {
  try {
    return readFileSync(path)
  } catch {
    // What a product is installed without has no part in its name.
    return ""
  }
}

const modulesIn = (root: string, folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => IS_CODE.test(name) && !IS_TEST.test(name))
      .map((name) => `${folder}/${name}`)
      .sort()
  } catch {
    return []
  }
}

/** The name of the code below `root`, 12 hexadecimal digits: by content alone, wherever and whenever it was put there. */
export const buildIdOf = (root: string, runtime = process.versions["bun"] ?? process.version): string => {
  const hash = createHash("sha256").update(runtime)
  for (const path of [...FOLDERS.flatMap((folder) => modulesIn(root, folder)), ...FILES]) {
    const content = contentOf(join(root, path))
    hash.update(`\0${path}\0${content.length}\0`).update(content)
  }
  return hash.digest("hex").slice(0, DIGITS)
}

let own: string | null = null

/** The name of the code that this process was started from; read once, 20 ms. */
export const ownBuildId = (): string => {
  own ??= buildIdOf(ROOT)
  return own
}
