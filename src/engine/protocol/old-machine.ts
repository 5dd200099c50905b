/**
 * A machine that has run for months, on its first day: with `OLD_MACHINE=1` in the environment whatever counts and wraps
 * begins just before it does. For tests (`npm run soak -- --old`): refused where `NODE_ENV` is `production`.
 */

/** How far before its wrap each number begins: it passes within the first seconds of a stream. */
const BEFORE = {
  /** Ring heads, counts of packets and of the merge; 32 bits. */
  core: 2 ** 32 - 1500,
  /** Numbers of requests between control plane and engine, of cues, and of rows. */
  numbers: 2 ** 32 - 3,
  /** Sequence numbers of SRT; 31 bits. */
  srt: 2 ** 31 - 300,
  /** Sequence numbers of RTP; 16 bits. */
  rtp: 2 ** 16 - 50,
} as const
export type WrappingNumber = keyof typeof BEFORE

type Environment = Readonly<Record<string, string | undefined>>

/** Throws where the switch is set in production: numbers that begin anywhere but at their beginning are for tests. */
export const refuseOldMachine = (environment: Environment): void => {
  if (environment["OLD_MACHINE"] !== undefined && environment["NODE_ENV"] === "production")
    throw new Error("OLD_MACHINE is a switch for tests and NODE_ENV is production: remove one of them")
}

/** Where a number begins: just before its wrap on an old machine, at `usual` on any other. */
export const startOf = (number: WrappingNumber, usual: number, environment: Environment = process.env): number => {
  if (environment["OLD_MACHINE"] !== "1") return usual
  refuseOldMachine(environment)
  return BEFORE[number]
}
