/** What the API promises of every answer, whatever was asked. */
import { insist } from "../fuzz-target.ts"

/** Holds an answer to it; `said` is what was logged as a failure meanwhile. */
export const checkAnswer = (asked: string, status: number, text: string, said: ReadonlyArray<string>): void => {
  // The engine of these tests tests no destinations, which is told by 503.
  insist(status < 500 || status === 503, () => `${asked}: ${status} ${text.slice(0, 300)} ${said.join("; ")}`)
  if (status >= 400 && asked.includes(" /api/")) {
    const problem = JSON.parse(text) as { status?: unknown; detail?: unknown }
    insist(problem.status === status, () => `${asked}: the problem says ${problem.status}`)
    insist(typeof problem.detail === "string" && problem.detail !== "", () => `${asked}: no reason is given`)
  }
  insist(said.length === 0, () => `${asked}: ${said.join("; ").slice(0, 2000)}`)
}
