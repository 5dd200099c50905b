/** Runs the packet core and the reference parser on the same datagrams, and expects the same results of both. */
import { isDeepStrictEqual } from "node:util"
import { expect } from "vitest"
import * as L from "../src/core/assembly/memory/layout.ts"
import type { CoreEvent } from "../src/core/packet-core/event-records.ts"
import type { PacketCore } from "../src/core/packet-core/packet-core.ts"
import type { Datagram } from "../src/core/packet-core/testing/reference-datagram.ts"
import { ReferenceParser } from "../src/core/packet-core/testing/reference-parser.ts"
import type { ReferenceEvent, ReferenceGauges } from "../src/core/packet-core/testing/reference-results.ts"
import { feed, readSlot } from "./feed-core.ts"

const GAUGES: Record<keyof ReferenceGauges, number> = {
  first_rx_us: L.LEG_FIRST_RX_US,
  last_rx_us: L.LEG_LAST_RX_US,
  last_programme_us: L.LEG_LAST_PROGRAMME_US,
  jitter_90k: L.LEG_JITTER_90K,
  max_gap_us: L.LEG_MAX_GAP_US,
  identity: L.LEG_IDENTITY,
  framing: L.LEG_FRAMING,
  payload_type: L.LEG_PAYLOAD_TYPE,
  pcr_27m: L.LEG_PCR_27M,
  pcr_pid: L.LEG_PCR_PID,
  in_sync: L.LEG_IN_SYNC,
  pat_us: L.LEG_PAT_US,
  pmt_us: L.LEG_PMT_US,
  video_pid: L.LEG_VIDEO_PID,
  access_point_us: L.LEG_ACCESS_POINT_US,
  access_point_interval_us: L.LEG_ACCESS_POINT_INTERVAL_US,
  pcr_bitrate: L.LEG_PCR_BITRATE,
  pcr_bitrate_min: L.LEG_PCR_BITRATE_MIN,
  pcr_bitrate_max: L.LEG_PCR_BITRATE_MAX,
}

/**
 * Microseconds after the last datagram at which the core looks at its timers once more; long enough for all of them.
 */
const LOOK_AFTER_US = 1_000_000

const readEvent = ({ type, pid, a, b, data }: CoreEvent): ReferenceEvent => {
  if (type === L.EVENT_SENDER) return { kind: "sender", identity: a, before: b }
  if (type === L.EVENT_SEQUENCE_RESET) return { kind: "sequence_reset", sequence: a, expected: b }
  if (type === L.EVENT_PCR_JUMP) return { kind: "pcr_jump", pid, before_ms: a, after_ms: b }
  return { kind: type === L.EVENT_PSI ? "psi" : "scte35", pid, table_id: a, crc_ok: b === 1, section: data }
}

/**
 * Resets `leg`, feeds the datagrams to core and reference, and compares counters, gauges, PIDs, events and slots.
 * Returns the reference, for further facts.
 */
export const compareWithReference = (
  core: PacketCore,
  datagrams: ReadonlyArray<Datagram>,
  leg = 0,
): ReferenceParser => {
  core.resetLeg(leg)
  core.resetChannel(leg >> 1)
  core.takeEvents()
  const reference = new ReferenceParser()
  const events: ReferenceEvent[] = []
  const slots = []
  // Feeds in parts, so that the event area is emptied as often as the engine empties it.
  for (let start = 0; start < datagrams.length; start += 32) {
    const part = datagrams.slice(start, start + 32)
    for (const datagram of part) reference.push(datagram)
    slots.push(...feed(core, part, leg))
    events.push(
      ...core
        .takeEvents()
        .filter(({ leg: index }) => index < L.MAX_LEGS)
        .map(readEvent),
    )
  }
  const head = core.ringHead(leg >> 1)
  core.tick((datagrams.at(-1)?.rx_us ?? 0) + LOOK_AFTER_US)
  reference.settle((datagrams.at(-1)?.rx_us ?? 0) + LOOK_AFTER_US)
  for (let n = head; n !== core.ringHead(leg >> 1); n++) slots.push(readSlot(core, leg >> 1, n))
  events.push(
    ...core
      .takeEvents()
      .filter(({ leg: index }) => index < L.MAX_LEGS)
      .map(readEvent),
  )
  // PID errors (TR 101 290 1.6) are polled: when the core sees a PID again depends on when it looks. They have tests of
  // their own.
  expect({ ...core.legSnapshot(leg), pid_errors: 0 }).toEqual(reference.counters)
  for (const name of Object.keys(GAUGES) as Array<keyof ReferenceGauges>) {
    expect(core.legField(leg, GAUGES[name]), name).toBeCloseTo(reference.gauges[name], 6)
  }
  expect(core.pidPackets(leg)).toEqual(new Map([...reference.pids].sort(([a], [b]) => a - b)))
  if (!isDeepStrictEqual(events, reference.events)) expect(events).toEqual(reference.events)
  expect(slots.length).toBe(reference.slots.length)
  // What is the same is seen at once; the rest says where it differs.
  if (isDeepStrictEqual(slots, reference.slots)) return reference
  for (const [index, slot] of slots.entries()) {
    const expected = reference.slots[index]
    if (expected === undefined) throw new Error("slots differ in number")
    expect(Buffer.compare(slot.payload, expected.payload), `payload of slot ${index}`).toBe(0)
    expect({ ...slot, payload: null }).toEqual({ ...expected, payload: null })
  }
  return reference
}
