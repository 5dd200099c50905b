/**
 * Imitates a machine that has run for weeks. Every counter of the core that wraps starts just below 2^31 and 2^32, and
 * passes that boundary while a stream with cues goes through merge, switch and the readers of outputs. The output and
 * the reported facts must equal those of a machine that starts at 0.
 */
import { createHash } from "node:crypto"
import { isDeepStrictEqual } from "node:util"
import { describe, expect, it } from "vitest"
import * as L from "../src/core/assembly/memory/layout.ts"
import type { CoreEvent } from "../src/core/packet-core/event-records.ts"
import { CueTracker } from "../src/engine/cue-tracker.ts"
import type { OutputSession } from "../src/engine/outputs/output-session.ts"
import { RingReader } from "../src/engine/ring/ring-reader.ts"
import { generateTs } from "../src/test-source/test-programme.ts"
import { cut, delay, displace, impair, loss, type Packetising, packetise, type Schedule } from "./impairments.ts"
import { loadCore } from "./load-core.ts"
import { simulate } from "./simulate-legs.ts"
import { numberNulls, tsDifference } from "./ts-difference.ts"

const BITRATE = 4_000_000
/**
 * Length of the stream in seconds. It makes about 4250 slots and 29 800 packets, so that each boundary is passed early,
 * late, or while the legs are apart.
 */
const SECONDS = 14
const STARTS = [2 ** 31, 2 ** 32].flatMap((limit) =>
  [90, 1500, 3800, 20_000].map((before) => [`${before} below ${limit}`, limit - before] as const),
)

const ts = numberNulls(
  generateTs(SECONDS, { bitrate: BITRATE, breakEverySeconds: 5, breakSeconds: 2, spliceNullSeconds: 1 }),
)
/** Ages of connections, in slots, when the stream begins. 2^31 slots are 13 days at 20 Mbit/s. */
const AGES = [2 ** 31 - 2000, 2 ** 31 + 2000, 2 ** 32 - 2000]

/** Returns the stream with other null bytes from its middle on, so that from there it is another stream. */
const parted = (): Uint8Array => {
  const copy = new Uint8Array(ts)
  for (let at = Math.floor(ts.length / 376) * 188; at < copy.length; at += 188)
    copy[at + 187] = (copy[at + 187] ?? 0) ^ 0x55
  return copy
}
const other = parted()

/**
 * The RTP header fields with which the leg's count begins at `from`, and with a time stamp that passes the same
 * boundary after 2 s.
 */
const rtp = (from: number, ssrc: number, shift = 0): Packetising => ({
  rtp: {
    ssrc,
    sequence: (Math.floor(from / 7) + shift) & 0xffff,
    timestamp: from > 2 ** 31 ? 2 ** 32 - 180_000 : 2 ** 31 - 180_000,
  },
})
const later = delay(80_000)
const SCENARIOS: Readonly<Record<string, (from: number) => ReadonlyArray<Schedule>>> = {
  "one leg, RTP": (from) => [impair(packetise(ts, rtp(from, 1)), 1, loss(0.01), displace(0.05, 5))],
  "one leg, raw UDP": () => [impair(packetise(ts), 1, loss(0.005))],
  "merged by RTP, each leg away for a while": (from) => [
    impair(packetise(ts, rtp(from, 1)), 1, loss(0.02), cut(3e6, 4.5e6)),
    impair(packetise(ts, rtp(from, 2)), 2, loss(0.02), cut(7e6, 9e6), later),
  ],
  "merged by content": (from) => [
    impair(packetise(ts, { ...rtp(from, 1), shift: 3 }), 3, loss(0.02)),
    impair(packetise(ts, rtp(from, 2, 77)), 4, loss(0.02), cut(5e6, 8e6), later),
  ],
  "merged, raw UDP": () => [impair(packetise(ts), 5, cut(6e6, 8e6)), impair(packetise(ts), 6, later)],
  "legs that part while merged": (from) => [
    impair(packetise(ts, rtp(from, 1)), 7),
    impair(packetise(other, rtp(from, 2)), 8, later),
  ],
}

/** A session with a reader of its own, which reads once in `every` passes. */
class Reading {
  readonly reader: RingReader
  readonly #every: number
  #passes = 0
  /** Numbers of the slots taken, since the start. */
  readonly taken: number[] = []
  readonly session: OutputSession

  /** Begins at `head`, as a connection that is `age` slots old. */
  constructor(id: string, head: number, every: number, age = 0) {
    this.reader = new RingReader((head - age) >>> 0)
    this.reader.cursor = head
    this.#every = every
    const { reader } = this
    this.session = {
      spec: { id },
      state: "connected",
      carriesCues: true,
      reason: null,
      fateOf: (position: number) => reader.fateOf(position),
    } as unknown as OutputSession
  }

  turn(head: number): void {
    if (this.#passes++ % this.#every !== 0) return
    for (let waiting = this.reader.backlog(head); waiting > 0; waiting--) {
      this.taken.push(this.reader.sinceStart(this.reader.cursor))
      this.reader.next()
    }
  }
}

/** Runs a scenario and returns everything that can be seen of it, with positions as slots since its start. */
const run = async (scenario: string, from: number) => {
  const core = await loadCore("release", { countersFrom: from })
  const start = from
  const tracker = new CueTracker(core, 0, (_, cause) => {
    throw cause
  })
  const readings = [
    new Reading("prompt", start, 1),
    new Reading("two seconds late", start, 2000),
    ...AGES.map((age) => new Reading(`${age} slots old`, start, 1, age)),
  ]
  const sections: unknown[] = []
  const fates: unknown[] = []
  const notes: unknown[] = []
  const note = ({ a, b, data, leg, pid, position, type }: CoreEvent, nowUs: number) => {
    if (leg < L.MAX_LEGS) return notes.push({ type, leg, pid, a: type === L.EVENT_SEQUENCE_RESET ? 0 : a, b })
    if (type !== L.EVENT_SCTE35) return
    const slot = (position - start) >>> 0
    sections.push({ slot, section: Buffer.from(data).toString("hex"), atUs: core.slotTimeUs(0, position) })
    return tracker.add(
      sections.length,
      position,
      nowUs,
      readings.map(({ session }) => session),
    )
  }
  const legs = SCENARIOS[scenario]?.(from) ?? []
  const result = simulate(core, legs, {
    ...(legs.length === 2 ? { windowUs: 200_000 } : {}),
    eachPass: (nowUs, events) => {
      for (const event of events) note(event, nowUs)
      for (const reading of readings) reading.turn(core.ringHead(0))
      fates.push(...tracker.poll(nowUs))
    },
  })
  const figures = legs.map((_, leg) => ({
    counters: core.legSnapshot(leg),
    pids: Array.from({ length: L.PIDS }, (_, pid) => (core.pidCount(leg, pid) - from) >>> 0),
    rate: core.legField(leg, L.LEG_PCR_BITRATE),
    jitter: core.legField(leg, L.LEG_JITTER_90K),
  }))
  return {
    bytes: result.bytes,
    slotTimes: result.slotTimes,
    slots: (core.ringHead(0) - start) >>> 0,
    sections,
    notes,
    fates,
    readers: readings.map(({ reader, taken }) => ({ taken, dropped: reader.dropped })),
    figures,
    channel: Array.from({ length: L.CHANNEL_FIELDS }, (_, field) => core.channelField(0, field)),
  }
}

/** What has been seen, for people to read. */
const shown = ({ bytes, ...seen }: Awaited<ReturnType<typeof run>>) => ({
  difference: tsDifference(ts, bytes),
  bytes: createHash("sha256").update(bytes).digest("hex"),
  ...seen,
})

describe.each(Object.keys(SCENARIOS))("%s", (scenario) => {
  const fromZero = run(scenario, 0)

  it("shows what the others are held to: cues that went out, and some that a slow reader lost", async () => {
    const { bytes, fates, notes, readers, sections, slots } = await fromZero
    expect(slots).toBeGreaterThan(3900)
    expect(sections.length).toBeGreaterThan(8)
    const sent = (id: string) =>
      fates
        .filter((fate) => (fate as { output_id: string }).output_id === id)
        .map((fate) => (fate as { sent: boolean }).sent)
    for (const id of ["prompt", ...AGES.map((age) => `${age} slots old`)])
      expect([id, sent(id)]).toEqual([id, sections.map(() => true)])
    expect(new Set(sent("two seconds late"))).toEqual(new Set([true, false]))
    expect(readers.map(({ dropped }) => dropped > 0)).toEqual([false, true, ...AGES.map(() => false)])
    if (scenario === "legs that part while merged") {
      const ends = notes.filter(
        (one) => (one as CoreEvent).type === L.EVENT_MERGE && (one as CoreEvent).a === L.MERGE_OFF,
      )
      expect(ends).toMatchObject([{ b: L.MERGE_END_DIFFERENT }])
    } else expect(tsDifference(ts, bytes).extra).toBe(0)
  })

  it.each(STARTS)("is the same with counters that start %s", async (_, from) => {
    const [old, young] = await Promise.all([run(scenario, from), fromZero])
    if (!isDeepStrictEqual(old, young)) expect(shown(old)).toEqual(shown(young))
  })
})
