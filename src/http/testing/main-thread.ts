/**
 * Measures how long the main thread works without a pause, during which every other request waits, even `/livez`. It
 * counts processor time, so that a busy machine, which takes the processor away, adds nothing.
 */
import { readFileSync } from "node:fs"

/** Processor time of this process's first thread so far, in milliseconds (`schedstat` of proc(5)). */
const spentMs = (): number =>
  Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1e6

/** To look at every turn of the event loop would take more time than the work. Adds no more than this to a stretch. */
const LOOK_AGAIN_MS = 1

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
    if (watching) setTimeout(look, LOOK_AGAIN_MS)
  }
  setTimeout(look, LOOK_AGAIN_MS)
  try {
    const result = await work()
    look()
    return { longestMs, result }
  } finally {
    watching = false
  }
}
