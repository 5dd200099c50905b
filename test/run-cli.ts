/** Runs scripts/distributor.mjs by Node, as people do. */
import { execFile } from "node:child_process"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { delimiter } from "node:path"
import { fileURLToPath } from "node:url"

const CLI = fileURLToPath(new URL("../scripts/distributor.mjs", import.meta.url))
/** Bun puts itself in front as `node`. */
const PATH = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((entry) => !entry.includes("bun-node"))
  .join(delimiter)

export interface CliResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs it in `cwd` with an environment that has nothing but `env` and the path; `input` is its standard input. */
export const runCli = (words: ReadonlyArray<string>, env: Record<string, string>, input: string, cwd: string) =>
  new Promise<CliResult>((resolve) => {
    const child = execFile(
      "node",
      [CLI, ...words],
      { env: { PATH, ...env }, cwd, timeout: 10_000 },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? 99), out, err }),
    )
    child.stdin?.end(input)
  })

/** A port of 127.0.0.1 that was free a moment ago. */
export const closedPort = () =>
  new Promise<number>((resolve) => {
    const other = createServer().listen(0, "127.0.0.1", () => {
      const { port } = other.address() as AddressInfo
      other.close(() => resolve(port))
    })
  })
