/** Starts of the service that are refused. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { home } from "./product.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

export interface Ended {
  /** Exit code; null when it had to be killed, after three minutes. */
  readonly code: number | null
  /** Everything it printed. */
  readonly text: string
}

/** Runs the service with `env` beside the test's own environment until it ends by itself. */
export const runUntilEnd = (env: Readonly<Record<string, string>>): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(join(root, "node_modules", ".bin", "bun"), [join(home, "src", "main.ts")], {
      env: { ...process.env, ...env },
      timeout: 180_000,
    })
    let text = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += String(chunk)))
    child.once("exit", (code) => resolve({ code, text }))
  })
