import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { choose, feed, feedBatch } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { toDatagrams } from "../../../test/ts-stream.ts"
import { generateTs } from "../../test-source/test-programme.ts"
import * as L from "../assembly/memory/layout.ts"
import type { Datagram } from "./testing/reference-datagram.ts"
import {
  every,
  packets,
  pats,
  pcrs,
  play,
  pmts,
  SECOND_27M,
  soundProgramme,
  VIDEO_PID,
} from "./testing/timed-stream.ts"

const cores = await loadCores()
const BITRATE = 4_000_000
/** Duration of seven packets at the constant rate, in us. */
const STEP_US = (1316 * 8 * 1e6) / BITRATE
const ts = generateTs(30, { bitrate: BITRATE })

/** Makes datagrams of a constant-rate stream that arrive `shift` (microseconds) later than ideal. */
const arriving = (stream: Uint8Array, shift: (us: number, i: number) => number, stepUs = STEP_US): Datagram[] => {
  let latest = 0
  return toDatagrams(stream).map((datagram, i) => {
    latest = Math.max(latest, Math.round(1_000_000 + i * stepUs + shift(i * stepUs, i)))
    return { ...datagram, rx_us: latest }
  })
}

/** Repeatable noise between -1 and 1. */
const noise = (i: number) => ((Math.imul(i + 1, 2654435761) >>> 8) & 0xffff) / 32768 - 1

describe.each(coreBuilds)("PCR against arrival (%s)", (build) => {
  const core = cores[build]
  const field = (name: number) => core.legField(0, name)
  const measure = (datagrams: ReadonlyArray<Datagram>) => {
    core.resetLeg(0)
    feed(core, datagrams)
    core.takeEvents()
    return { smoothed: field(L.LEG_PCR_JITTER_US), highest: field(L.LEG_PCR_JITTER_MAX_US) }
  }

  it("is next to nothing on an ideal path, wherever in its datagram a PCR is", () => {
    const { smoothed, highest } = measure(arriving(ts, () => 0))
    expect(smoothed).toBeLessThan(10)
    expect(highest).toBeLessThan(100)
  })

  it.each([50, -50, 200])("takes a clock that is %i ppm off for drift", (ppm) => {
    const datagrams = arriving(ts, (us) => (us * ppm) / 1e6)
    measure(datagrams.slice(0, 4000))
    core.setLegField(0, L.LEG_PCR_JITTER_MAX_US, 0)
    feed(core, datagrams.slice(4000))
    expect(field(L.LEG_PCR_JITTER_US)).toBeLessThan(Math.abs(ppm) * 5)
    expect(field(L.LEG_PCR_JITTER_MAX_US)).toBeLessThan(Math.abs(ppm) * 6)
  })

  it("is the mean deviation of a path with even jitter, at most its width", () => {
    const { smoothed, highest } = measure(arriving(ts, (_, i) => 6000 + 1000 * noise(i)))
    expect(smoothed).toBeGreaterThan(300)
    expect(smoothed).toBeLessThan(750)
    expect(highest).toBeGreaterThan(800)
    expect(highest).toBeLessThan(2100)
  })

  it("shows bursts: datagrams that come together each 40 ms", () => {
    const { smoothed, highest } = measure(arriving(ts, (us) => Math.ceil(us / 40_000) * 40_000 - us))
    expect(smoothed).toBeGreaterThan(4000)
    expect(highest).toBeGreaterThan(15_000)
    expect(highest).toBeLessThan(45_000)
  })

  it("shows one late datagram in the highest, which the host clears", () => {
    const { highest } = measure(arriving(ts, (us) => (us > 20e6 && us < 20.03e6 ? 60_000 : 0)))
    expect(highest).toBeGreaterThan(30_000)
    expect(highest).toBeLessThan(61_000)
    core.setLegField(0, L.LEG_PCR_JITTER_MAX_US, 0)
    feed(
      core,
      arriving(ts, () => 40e6),
    )
    expect(field(L.LEG_PCR_JITTER_MAX_US)).toBeLessThan(1000)
  })

  it("finds a new line when the path has become longer for good", () => {
    const datagrams = arriving(ts, (us) => (us > 10e6 ? 120_000 : 0))
    const after = datagrams.findIndex(({ rx_us }) => rx_us > 15e6)
    measure(datagrams.slice(0, after))
    core.setLegField(0, L.LEG_PCR_JITTER_MAX_US, 0)
    feed(core, datagrams.slice(after))
    expect(field(L.LEG_PCR_JITTER_MAX_US)).toBeLessThan(1000)
    expect(field(L.LEG_PCR_JITTER_US)).toBeLessThan(100)
  })

  it.each<[string, number]>([
    ["the 33-bit wrap", (2 ** 33 - 90_000 * 10) % 2 ** 33],
    ["a start at 0", 36_000],
  ])("is not upset by %s", (_, startPts90k) => {
    const { smoothed, highest } = measure(arriving(generateTs(15, { bitrate: BITRATE, startPts90k }), () => 0))
    expect(smoothed).toBeLessThan(10)
    expect(highest).toBeLessThan(100)
    expect(field(L.LEG_PCR_DISCONTINUITY_ERRORS)).toBe(0)
  })

  it("is not upset by a new time base, told or not", () => {
    const S = SECOND_27M
    const jump = [...pcrs(every(20, 5000)), ...pcrs(every(20, 10_000, 5000), 900 * S)]
    const { highest } = measure(play(soundProgramme(10_000, { pcrs: jump }), { untilMs: 10_000 }))
    expect(field(L.LEG_PCR_DISCONTINUITY_ERRORS)).toBe(1)
    expect(highest).toBeLessThan(3000)
    const told = [
      ...pcrs(every(20, 5000)),
      ...pcrs([5000], 900 * S, VIDEO_PID, { discontinuity: true }),
      ...pcrs(every(20, 10_000, 5020), 900 * S),
    ]
    expect(measure(play(soundProgramme(10_000, { pcrs: told }), { untilMs: 10_000 })).highest).toBeLessThan(3000)
  })

  it("starts anew after a silence", () => {
    const datagrams = arriving(ts, (us) => (us > 10e6 ? 7_777_777 : 0))
    expect(measure(datagrams).highest).toBeLessThan(3000)
  })

  it("stays within what the path adds, for any offset, drift and jitter", () => {
    const short = generateTs(6, { bitrate: 2_000_000 })
    const path = fc.record({
      ppm: fc.integer({ min: -100, max: 100 }),
      width: fc.integer({ min: 0, max: 40_000 }),
      seed: fc.nat(1e6),
    })
    fc.assert(
      fc.property(path, ({ ppm, width, seed }) => {
        const stepUs = (1316 * 8 * 1e6) / 2_000_000
        const datagrams = arriving(short, (us, i) => (us * ppm) / 1e6 + (width * (1 + noise(i + seed))) / 2, stepUs)
        const { smoothed, highest } = measure(datagrams)
        expect(smoothed).toBeLessThanOrEqual(width + 500)
        expect(highest).toBeLessThanOrEqual(1.3 * width + 1500)
      }),
      { numRuns: 40 },
    )
  })
})

describe.each(coreBuilds)("TS bit rate between PCRs (%s)", (build) => {
  const core = cores[build]
  const rates = () =>
    [L.LEG_PCR_BITRATE, L.LEG_PCR_BITRATE_MIN, L.LEG_PCR_BITRATE_MAX].map((each) => core.legField(0, each)) as [
      number,
      number,
      number,
    ]
  const run = (datagrams: ReadonlyArray<Datagram>) => {
    core.resetLeg(0)
    feed(core, datagrams)
    core.takeEvents()
    return rates()
  }

  it.each([2_000_000, 3_333_333, 20_000_000])("is the constant rate of %i bit/s, whatever the path does", (bitrate) => {
    const stream = generateTs(4, { bitrate })
    for (const rate of run(arriving(stream, (_, i) => 20_000 * noise(i), (1316 * 8 * 1e6) / bitrate))) {
      expect(Math.abs(rate / bitrate - 1)).toBeLessThan(1e-5)
    }
  })

  it("takes packets of any number to a datagram", () => {
    const stream = generateTs(2, { bitrate: BITRATE })
    for (const count of [1, 3, 10, 50]) {
      for (const rate of run(toDatagrams(stream, { packets: count })))
        expect(Math.abs(rate / BITRATE - 1)).toBeLessThan(1e-5)
    }
  })

  it("tells lowest and highest since the host wrote 0", () => {
    const dense = (from: number, to: number, each: number) =>
      every(each, to, from).flatMap((ms) => packets([ms], { pid: 0x999, payload: new Uint8Array(184) }))
    const entries = [
      ...soundProgramme(6000, { video: null, audio: null }),
      ...[0, 1, 2].flatMap(() => dense(2000, 4000, 1)),
    ]
    const datagrams = play(entries, { untilMs: 6000 })
    const [, lowest, highest] = run(datagrams)
    // One null packet a millisecond is 1.5 Mbit/s; with three more it is 6 Mbit/s.
    expect(lowest).toBeGreaterThan(1_500_000)
    expect(lowest).toBeLessThan(1_650_000)
    expect(highest).toBeGreaterThan(6_000_000)
    expect(highest).toBeLessThan(6_300_000)
    core.setLegField(0, L.LEG_PCR_BITRATE_MIN, 0)
    core.setLegField(0, L.LEG_PCR_BITRATE_MAX, 0)
    feed(
      core,
      datagrams.slice(0, 1500).map((datagram) => ({ ...datagram, rx_us: datagram.rx_us + 8_000_000 })),
    )
    expect(rates()[2]).toBeLessThan(1_700_000)
  })

  it("leaves out intervals in which packets are missing", () => {
    const stream = generateTs(8, { bitrate: BITRATE, videoBitrate: 3_300_000 })
    const lossy = (datagrams: ReadonlyArray<Datagram>) => datagrams.filter((_, i) => i % 37 !== 20)
    for (const rate of run(lossy(toDatagrams(stream, { rtp: { sequence: 65_000, timestamp: 0, ssrc: 1 } })))) {
      expect(Math.abs(rate / BITRATE - 1)).toBeLessThan(1e-5)
    }
    // Without sequence numbers nobody can tell that null packets are missing, and other packets only when their PID
    // goes on.
    const [, lowest, highest] = run(lossy(toDatagrams(stream)))
    expect(Math.abs(highest / BITRATE - 1)).toBeLessThan(1e-5)
    expect(lowest).toBeGreaterThan(0.75 * BITRATE)
  })

  it("is unknown before there is a PMT, and after the video moved", () => {
    expect(run(play([...pcrs(every(30, 900))], { untilMs: 900 }))).toEqual([0, 0, 0])
    const moved = pmts(every(100, 1100, 1000), {
      version: 1,
      pcrPid: 0x77,
      streams: [{ pid: 0x77, stream_type: 0x1b }],
    })
    const entries = soundProgramme(1000, { pmts: [...pmts(every(100, 1000)), ...moved] })
    expect(run(play(entries, { untilMs: 1050 }))[0]).toBe(0)
  })

  it("is that of the first programme in a multiplex", () => {
    const second = { number: 2, pmtPid: 0x200, pcrPid: 0x210, streams: [{ pid: 0x220, stream_type: 0x1b }] }
    const entries = [
      ...soundProgramme(3000, { pats: pats(every(100, 3000), [second, {}]) }),
      ...pmts(every(100, 3000), second),
      // A clock at half the speed would show twice the rate.
      ...every(30, 3000).flatMap((ms) => pcrs([ms], SECOND_27M - ms * 13_500, 0x210)),
    ]
    choose(core, 0)
    core.resetLeg(0)
    for (const datagram of play(entries, { untilMs: 3000 })) feedBatch(core, [datagram], 0)
    const [, lowest, highest] = rates()
    expect(lowest).toBeGreaterThan(1_500_000)
    expect(highest).toBeLessThan(2_100_000)
  })
})
