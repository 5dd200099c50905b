/** Runs a stream through the core, and returns the counts of those checks of TR 101 290 that need time. */
import { expect } from "vitest"
import { compareWithReference } from "../../../../test/compare-with-reference.ts"
import { choose, feedBatch } from "../../../../test/feed-core.ts"
import type { LegCounters } from "../leg-fields.ts"
import type { PacketCore } from "../packet-core.ts"
import type { Datagram } from "./reference-datagram.ts"

const NAMES = [
  "pat_errors",
  "pmt_errors",
  "pid_errors",
  "pcr_repetition_errors",
  "pcr_discontinuity_errors",
  "pts_errors",
  "cat_errors",
] as const satisfies ReadonlyArray<keyof LegCounters>

export type Checks = Record<(typeof NAMES)[number], number>

const pick = (counters: LegCounters): Checks =>
  Object.fromEntries(NAMES.map((name) => [name, counters[name]])) as Checks

export const NO_ERRORS: Checks = {
  pat_errors: 0,
  pmt_errors: 0,
  pid_errors: 0,
  pcr_repetition_errors: 0,
  pcr_discontinuity_errors: 0,
  pts_errors: 0,
  cat_errors: 0,
}

/** Microseconds after the last datagram at which the core looks at all timers once more. */
const LOOK_AFTER_US = 100_000

/**
 * Counts on leg 0, with a tick after each datagram. The reference parser must count the same, and so must a run without
 * ticks. Only PID errors, which are polled, are left out of that run.
 */
export const countChecks = (core: PacketCore, datagrams: ReadonlyArray<Datagram>): Checks => {
  compareWithReference(core, datagrams)
  const unticked = pick(core.legSnapshot(0))
  core.resetLeg(0)
  choose(core, 0)
  for (const datagram of datagrams) {
    feedBatch(core, [datagram], 0)
    core.tick(datagram.rx_us)
  }
  core.tick((datagrams.at(-1)?.rx_us ?? 0) + LOOK_AFTER_US)
  core.takeEvents()
  const ticked = pick(core.legSnapshot(0))
  expect({ ...ticked, pid_errors: 0 }).toEqual({ ...unticked, pid_errors: 0 })
  return ticked
}

/** Expects these errors and no others. */
export const expectChecks = (core: PacketCore, datagrams: ReadonlyArray<Datagram>, errors: Partial<Checks>): void =>
  expect(countChecks(core, datagrams)).toEqual({ ...NO_ERRORS, ...errors })
