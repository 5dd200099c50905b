/** Reads the memory of a process of this machine, in KiB, as the kernel counts it. */
import { readFileSync } from "node:fs"
import { eventually } from "./product.ts"

/** Change in KiB up to which two readings count as the same. */
const STEP_KB = 2048
/**
 * Time in ms without change after which memory is at rest; the engine looks every 5 s whether it has something to give
 * back.
 */
const QUIET_MS = 11_000

const statusOf = (pid: number, name: string) =>
  Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])

export const residentKb = (pid: number): number => statusOf(pid, "VmRSS")
/** The most memory that the process ever had, in KiB. */
export const peakKb = (pid: number): number => statusOf(pid, "VmHWM")

/** Waits until memory has come to rest, and returns it in KiB. */
export const residentAtRest = async (pid: number): Promise<number> => {
  let since = performance.now()
  let last = residentKb(pid)
  return eventually(
    "memory is at rest",
    () => {
      const now = residentKb(pid)
      if (Math.abs(now - last) > STEP_KB) {
        since = performance.now()
        last = now
      }
      return performance.now() - since > QUIET_MS ? now : null
    },
    100_000,
  )
}
