/** The times that the rules go by. */

export interface Timing {
  /** How long an owner may send after it asked and was told yes, in ms of its own clock; counted from asking. */
  readonly leaseMs: number
  /** How long an owner must have been silent before somebody takes over, in ms of PostgreSQL's and of their clock. */
  readonly deadMs: number
  /** Between two beats, in ms: four in a lease, so that three may be lost. */
  readonly beatMs: number
}

/** The shortest lease in seconds: below it leases ran out on busy machines whose nodes were well. */
export const LOWEST_LEASE_S = 4
/** How much longer than the lease the dead time must be, in seconds: clocks that differ by 1 % stay well within it. */
export const LOWEST_REST_S = 1

/** Times from a lease and a dead time in seconds. */
export const timingOf = (leaseS: number, deadS: number): Timing => ({
  leaseMs: leaseS * 1000,
  deadMs: deadS * 1000,
  beatMs: (leaseS * 1000) / 4,
})
