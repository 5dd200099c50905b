/** Plays days of a stream in seconds: clocks are set to just before they wrap, jump or start over. */

import { describe, expect, it } from "vitest"
import { compareWithReference } from "../../../test/compare-with-reference.ts"
import { feed } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { toDatagrams } from "../../../test/ts-stream.ts"
import { generateTs } from "../../test-source/test-programme.ts"
import * as L from "../assembly/memory/layout.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { TS_PACKET_SIZE } from "../ts/packet.ts"
import { countChecks, NO_ERRORS } from "./testing/count-checks.ts"
import type { Datagram } from "./testing/reference-datagram.ts"

const cores = await loadCores()
const WRAP = 2 ** 33
const BITRATE = 2_000_000
const STEP_US = (1316 * 8 * 1e6) / BITRATE
const HOUR_US = 3_600_000_000
const VIDEO_PID = 481

const programme = (seconds: number, startPts90k: number) => generateTs(seconds, { bitrate: BITRATE, startPts90k })
const datagramsAt = (stream: Uint8Array, startUs: number, port = 5000) =>
  toDatagrams(stream, { startUs, stepUs: STEP_US, port })
const whole = (datagrams: ReadonlyArray<Datagram>) =>
  datagrams.map((datagram) => ({ ...datagram, rx_us: Math.floor(datagram.rx_us) }))

/** Sets discontinuity_indicator on the first packet of the video PID that has an adaptation field. */
const announced = (stream: Uint8Array): Uint8Array => {
  const copy = new Uint8Array(stream)
  for (let at = 0; at < copy.length; at += TS_PACKET_SIZE) {
    const [, b1 = 0, b2 = 0, b3 = 0, length = 0, flags = 0] = copy.subarray(at, at + 6)
    if ((((b1 & 31) << 8) | b2) !== VIDEO_PID || (b3 & 0x20) === 0 || length === 0) continue
    copy[at + 5] = flags | 0x80
    return copy
  }
  throw new Error("no packet to announce it with")
}

describe.each(coreBuilds)("clocks that wrap, jump and start over (%s)", (build) => {
  const core = cores[build]
  const jumps = (datagrams: ReadonlyArray<Datagram>) => {
    core.resetLeg(0)
    core.takeEvents()
    feed(core, datagrams)
    return core.takeEvents().filter(({ type }) => type === L.EVENT_PCR_JUMP)
  }

  it.each<[string, number]>([
    ["PCR and PTS", WRAP - 3 * 90_000],
    ["PTS before PCR", WRAP - 90_000],
    ["PCR just before its end, PTS over", 10_000],
  ])("a programme over the 33-bit wrap raises nothing: %s", (_, startPts90k) => {
    const datagrams = whole(datagramsAt(programme(8, startPts90k), 1_000_000))
    expect(countChecks(core, datagrams)).toEqual(NO_ERRORS)
    expect(jumps(datagrams)).toEqual([])
    expect(core.legField(0, L.LEG_ACCESS_POINTS)).toBe(4)
    expect(core.legField(0, L.LEG_ACCESS_POINT_INTERVAL_US)).toBeCloseTo(2_000_000, -4)
  })

  it("72 hours in windows of 4 s, through three wraps: PCR follows arrival all the time", () => {
    // One programme is seen for 4 s every 4 h; the leg is silent in between.
    const datagrams = Array.from({ length: 19 }, (_, i) => i * 4).flatMap((hours) =>
      whole(datagramsAt(programme(4, (90_000 * 10 + hours * 3600 * 90_000) % WRAP), 1_000_000 + hours * HOUR_US)),
    )
    const { counters } = compareWithReference(core, datagrams)
    expect(counters).toMatchObject(NO_ERRORS)
    expect(jumps(datagrams)).toEqual([])
    expect(core.legField(0, L.LEG_PCR_JITTER_MAX_US)).toBeLessThan(3000)
  })

  const first = programme(4, 900_000)
  const cases: ReadonlyArray<[string, Uint8Array, number]> = [
    ["ahead by 6 h", programme(6, 900_000 + 6 * 3600 * 90_000), 1],
    ["back to 0", programme(6, 36_000), 1],
    ["to just before its wrap", programme(6, WRAP - 2 * 90_000), 1],
    ["ahead by 6 h, told", announced(programme(6, 900_000 + 6 * 3600 * 90_000)), 0],
    ["back to 0, told", announced(programme(6, 36_000)), 0],
  ]

  it.each(cases)("the clock jumps %s: one error at most, then on from there", (_, second, errors) => {
    const datagrams = whole(datagramsAt(joinBytes([first, second]), 1_000_000))
    expect(countChecks(core, datagrams)).toEqual({ ...NO_ERRORS, pcr_discontinuity_errors: errors })
    expect(jumps(datagrams)).toHaveLength(errors)
    expect(core.legField(0, L.LEG_PCR_JITTER_US)).toBeLessThan(100)
  })

  it.each(cases)("the encoder restarts after 3 s, its clock %s: one error at most", (_, second, errors) => {
    const datagrams = [...whole(datagramsAt(first, 1_000_000)), ...whole(datagramsAt(second, 8_000_000))]
    expect(countChecks(core, datagrams)).toEqual({ ...NO_ERRORS, pcr_discontinuity_errors: errors })
    expect(jumps(datagrams)).toHaveLength(errors)
  })

  it.each(cases)("another encoder takes over, its clock %s: that alone is told", (_, second) => {
    const datagrams = [...whole(datagramsAt(first, 1_000_000)), ...whole(datagramsAt(second, 5_400_000, 6000))]
    expect(countChecks(core, datagrams)).toEqual(NO_ERRORS)
    expect(jumps(datagrams)).toEqual([])
    expect(core.legField(0, L.LEG_SENDER_CHANGES)).toBe(1)
  })

  it("an encoder that restarts every 4 s: one error each, and nothing in between", () => {
    const parts = [10, 90, 3, 70, 8].map((hours) => programme(4, (hours * 3600 * 90_000) % WRAP))
    const datagrams = whole(datagramsAt(joinBytes(parts), 1_000_000))
    expect(countChecks(core, datagrams)).toEqual({ ...NO_ERRORS, pcr_discontinuity_errors: 4 })
    expect(jumps(datagrams)).toHaveLength(4)
  })
})
