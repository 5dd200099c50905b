/** Requests by curl, as documentation shows them. */
import { spawnSync } from "node:child_process"

export const JSON_HEADER = ["-H", "Content-Type: application/json"]

/** Runs curl with these arguments, and returns what it printed as JSON, with the HTTP status. */
export const curl = <A = Record<string, unknown>>(
  ...args: ReadonlyArray<string>
): { readonly status: number; readonly body: A } => {
  const { stdout } = spawnSync("curl", ["-s", "-m", "10", "-w", "\n%{http_code}", ...args], { encoding: "utf8" })
  const end = stdout.lastIndexOf("\n")
  const text = stdout.slice(0, end)
  return { status: Number(stdout.slice(end + 1)), body: (text === "" ? null : JSON.parse(text)) as A }
}
