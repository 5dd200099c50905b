/** The clocks of the packet loop: CLOCK_MONOTONIC in microseconds, as libsrt's srt_time_now has it. */
import { CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID, libc, TIMER_ABSTIME } from "./libc.ts"

const timespec = new Uint32Array(4)
const timespecBytes = new Uint8Array(timespec.buffer)
const word = (index: number) => timespec[index] ?? 0

const read = (clock: number): number => {
  libc.clockGettime(clock, timespecBytes)
  return (word(0) + word(1) * 4294967296) * 1e6 + word(2) / 1000
}

/** CLOCK_MONOTONIC in microseconds. */
export const monotonicUs = (): number => read(CLOCK_MONOTONIC)

/** CLOCK_REALTIME in microseconds. */
export const realtimeUs = (): number => read(CLOCK_REALTIME)

/** CPU time of this thread in microseconds: does not grow while others have the processor. */
export const threadCpuUs = (): number => read(CLOCK_THREAD_CPUTIME_ID)

/** Two readings of a clock that are further apart, in us, were interrupted. */
const TOGETHER_US = 20
const READINGS_MAX = 5

/**
 * What to take from a CLOCK_REALTIME stamp to get a CLOCK_MONOTONIC one; changes when NTP steps the clock. Read anew when
 * others got the processor between the two clocks: their time would shift every stamp.
 */
export const realtimeOffsetUs = (): number => {
  let [closestUs, offsetUs] = [Number.POSITIVE_INFINITY, 0]
  for (let left = READINGS_MAX; left > 0 && closestUs > TOGETHER_US; left--) {
    const beforeUs = monotonicUs()
    const wallUs = realtimeUs()
    const apartUs = monotonicUs() - beforeUs
    if (apartUs < closestUs) [closestUs, offsetUs] = [apartUs, wallUs - beforeUs]
  }
  return offsetUs
}

/** Blocks the thread until CLOCK_MONOTONIC reaches `us`; returns at once when it has. */
export const sleepUntilUs = (us: number): void => {
  const seconds = Math.floor(us / 1e6)
  timespec[0] = seconds >>> 0
  timespec[1] = Math.floor(seconds / 4294967296)
  timespec[2] = Math.floor((us - seconds * 1e6) * 1000)
  timespec[3] = 0
  libc.clockNanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, timespecBytes, 0)
}
