/**
 * Measures how long the main thread works without a pause, during which every other request waits, even `/livez`. It
 * counts processor time, so that a busy machine, which takes the processor away, adds nothing.
 */
import { readFileSync } from "node:fs"

/** Processor time of this process's first thread so far, in milliseconds (`schedstat` of proc(5)). */
const spentMs = (): number =>
  Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1e6

/**
 * Runs `work` and returns the longest time that the main thread worked between two turns of the event loop, in
 * milliseconds.
 */
export const longestStretchMs = async <A>(
  work: () => Promise<A>,
): Promise<{ readonly longestMs: number; readonly result: A }> => {
  let longestMs = 0
  let watching = true
  let before = spentMs()
  const look = () => {
    const now = spentMs()
    longestMs = Math.max(longestMs, now - before)
    before = now
    if (watching) setImmediate(look)
  }
  setImmediate(look)
  try {
    const result = await work()
    look()
    return { longestMs, result }
  } finally {
    watching = false
  }
}
