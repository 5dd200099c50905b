/**
 * Reads the memory of a process of this machine, in KiB, as the kernel counts it. A process whose memory is awaited was
 * started with COLLECTS_GARBAGE.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { eventually } from "./product.ts"

/** Module to preload into a process whose memory is read at rest. */
export const COLLECTS_GARBAGE = fileURLToPath(new URL("collect-garbage.ts", import.meta.url))

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
/** The most memory that the process had since `forgetPeak`, or ever, in KiB. */
export const peakKb = (pid: number): number => statusOf(pid, "VmHWM")

/** Lets `peakKb` begin anew; returns what memory there is now, in KiB. See proc_pid_clear_refs(5). */
export const forgetPeak = (pid: number): number => {
  writeFileSync(`/proc/${pid}/clear_refs`, "5")
  return peakKb(pid)
}

/** A busy machine's runtime collects late; what memory is read for is what is held. */
const collectGarbage = (pid: number) => process.kill(pid, "SIGUSR2")

/** Time in ms between two looks of the engine whether it has something to give back. */
const GIVES_BACK_MS = 5000
const LOOKS = 12

/** Waits for at most a minute until a process has `most` KiB or less, and returns the last reading. */
export const residentWithin = async (pid: number, most: number): Promise<number> => {
  let last = residentKb(pid)
  for (let looks = 0; last > most && looks < LOOKS; looks++) {
    collectGarbage(pid)
    await new Promise((resolve) => setTimeout(resolve, GIVES_BACK_MS))
    last = residentKb(pid)
  }
  return last
}

/** Waits until memory has come to rest, and returns it in KiB. */
export const residentAtRest = async (pid: number): Promise<number> => {
  collectGarbage(pid)
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
