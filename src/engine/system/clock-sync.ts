/** What the kernel knows of how well its clock is kept (adjtimex(2)), by whichever daemon keeps it. */
import { libc } from "../ffi/libc.ts"

/** struct timex of 64-bit Linux: its size, and the bytes at which `maxerror` and `status` lie. */
const TIMEX_BYTES = 208
const MAXERROR_AT = 24
const STATUS_AT = 40
const STA_UNSYNC = 0x40

export interface ClockSync {
  readonly synchronized: boolean
  /** Bound on how far off the clock is, in microseconds; grows by 500 ppm while nobody corrects it. */
  readonly max_error_us: number
}

const timex = Buffer.alloc(TIMEX_BYTES)

/** The clock of this machine; undefined where the kernel does not say. */
export const clockSync = (): ClockSync | undefined => {
  timex.fill(0)
  if (libc.ntpAdjtime(timex) < 0) return undefined
  return {
    synchronized: (timex.readInt32LE(STATUS_AT) & STA_UNSYNC) === 0,
    max_error_us: Number(timex.readBigInt64LE(MAXERROR_AT)),
  }
}
