/** The service as it is started from a directory by hand: from its sources, with what that directory has. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

export const startInDirectory = (cwd: string, env: Readonly<Record<string, string>>) => {
  const bun = join(root, "node_modules", ".bin", "bun")
  const child = spawn(bun, [join(root, "src", "main.ts")], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let printed = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += String(chunk)))
  const ended = new Promise((resolve) => child.once("exit", resolve))
  return {
    /** Everything it has printed so far. */
    printed: () => printed,
    /** Asks it to end, and waits until it has. */
    stop: () => {
      child.kill("SIGTERM")
      return ended
    },
  }
}
