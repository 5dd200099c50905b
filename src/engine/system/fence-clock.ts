/**
 * The clock of fences: CLOCK_MONOTONIC in microseconds, read from the kernel. It is one clock for all processes of a
 * machine and goes on while a process is stopped. `process.hrtime` and `performance.now` are not it: Bun and Deno count
 * them from the start of the process.
 */
export { monotonicUs as fenceClockUs } from "../ffi/clock.ts"
