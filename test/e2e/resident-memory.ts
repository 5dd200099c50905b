/** Memory of a process of this machine, in KiB, as the kernel counts it. */
import { readFileSync } from "node:fs"
import { eventually } from "./product.ts"

/** What counts as the same. */
const STEP_KB = 2048
/** The engine looks every 5 s whether it has something to give back. */
const QUIET_MS = 11_000

const statusOf = (pid: number, name: string) =>
  Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])

export const residentKb = (pid: number): number => statusOf(pid, "VmRSS")
/** The most there ever was. */
export const peakKb = (pid: number): number => statusOf(pid, "VmHWM")

/** Memory once it has come to rest. */
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
