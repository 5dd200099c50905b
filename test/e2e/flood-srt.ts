/** Runs `handshake-flood.ts` in a process of its own. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Resolves with the number of handshakes that were sent. */
export const floodSrt = (
  port: number,
  count: number,
  perSecond: number,
  kind: "malformed" | "sound",
): Promise<number> =>
  new Promise((resolve, reject) => {
    const args = [join(import.meta.dirname, "handshake-flood.ts"), ...[port, count, perSecond].map(String), kind]
    const child = spawn(join(root, "node_modules", ".bin", "bun"), args, { stdio: ["ignore", "pipe", "inherit"] })
    let text = ""
    child.stdout.on("data", (chunk) => (text += String(chunk)))
    child.once("exit", (code) =>
      code === 0 ? resolve(Number(text)) : reject(new Error(`the flood ended with ${code}`)),
    )
  })
