/** How long tests wait for what never has to be fast: longer on a machine that is slow or busy. */
import { readFileSync } from "node:fs"
import { availableParallelism } from "node:os"

/** A wait is prolonged at most this many times over. */
const MOST_PROLONGED = 6

/** How many times as long as usual the machine took to bundle the product (scripts/test.mjs), from 1. */
const slowness = Math.max(1, Number(process.env["MACHINE_SLOWNESS"]) || 1)

/**
 * How many times as long something takes as on a quiet machine of its own, from 1 to `MOST_PROLONGED`: by how slow the
 * machine is, and by the processes that want to run for each processor (proc_loadavg(5)), the average of the last minute
 * or now.
 */
export const crowding = (): number => {
  const [average = "0", , , running = "0"] = readFileSync("/proc/loadavg", "utf8").split(/[ /]/)
  const wanting = Math.max(Number(average), Number(running)) / availableParallelism()
  return Math.min(MOST_PROLONGED, slowness * Math.max(1, wanting))
}
