/** Properties of the watcher that hold whatever comes. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { propertyRuns } from "../../../test/property-runs.ts"
import { type BreakEvent, breakView, newBreakState, noteSection, tickBreaks } from "./break-state.ts"
import { spliceInsert, spliceNull } from "./build-cue.ts"
import { encodeSpliceInfoSection } from "./encode-section.ts"
import { arbitrarySection } from "./testing/arbitrary-section.ts"
import { BreakChannel, built, decoded, POLICY } from "./testing/break-channel.ts"

const DAY_S = 86_400
const STORM = 120_000

const id = fc.nat(4)
const seconds = fc.oneof(fc.constant(undefined), fc.integer({ min: -20, max: 300 }))
const duration = fc.oneof(fc.constant(undefined), fc.integer({ min: 1, max: 900 }))
const type = fc.constantFrom(0x22, 0x23, 0x30, 0x31, 0x34, 0x35, 0x36, 0x37, 0x10, 0x11)

/** One thing that happens on a channel; its times are relative to now. */
const happening = fc.oneof(
  fc.record({ act: fc.constant("out" as const), id, at: seconds, duration, auto: fc.boolean() }),
  fc.record({ act: fc.constant("in" as const), id, at: seconds }),
  fc.record({ act: fc.constant("cancel" as const), id }),
  fc.record({
    act: fc.constant("segments" as const),
    segments: fc.array(fc.tuple(type, id), { minLength: 1, maxLength: 4 }),
    at: seconds,
  }),
  fc.record({ act: fc.constant("wait" as const), by: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ act: fc.constant("jump" as const), to: fc.nat(2 ** 31) }),
)
type Happening = typeof happening extends fc.Arbitrary<infer Value> ? Value : never

class Play {
  readonly channel: BreakChannel
  now = 0

  constructor(clock0: number | null) {
    this.channel = new BreakChannel(clock0)
  }

  do(one: Happening): void {
    const { channel, now } = this
    const at = "at" in one && one.at !== undefined ? { at: now + one.at } : {}
    if (one.act === "out")
      channel.out(one.id, { ...at, ...(one.duration === undefined ? {} : { duration: one.duration, auto: one.auto }) })
    else if (one.act === "in") channel.back(one.id, at)
    else if (one.act === "cancel") channel.cancel(one.id)
    else if (one.act === "segments") channel.signal(one.segments, at.at)
    else if (one.act === "wait") {
      this.now += one.by
      channel.until(this.now)
    } else if (channel.clock0 !== null) channel.clock0 = one.to * 4
  }
}

const happenings = fc.array(happening, { maxLength: 40 })
const clock = fc.oneof(fc.constant(null), fc.constantFrom(0, 900_000, 2 ** 33 - 50 * 90_000))

const startsAndEnds = (told: ReadonlyArray<BreakEvent>) =>
  told
    .filter(({ kind }) => kind === "break_started" || kind === "break_ended")
    .map(({ kind, eventId }) => ({ kind, eventId }))

describe("the watcher, whatever comes,", () => {
  it("ends every break that it started, before it starts another, with the same event", () => {
    fc.assert(
      fc.property(clock, happenings, (clock0, all) => {
        const play = new Play(clock0)
        for (const one of all) {
          play.do(one)
          const open = startsAndEnds(play.channel.told).at(-1)?.kind === "break_started"
          expect(play.channel.view.state === "in_break").toBe(open)
        }
        play.channel.told.push(...tickBreaks(play.channel.state, (play.now + 3 * DAY_S) * 1000))
        const told = startsAndEnds(play.channel.told)
        expect(told.map(({ kind }) => kind)).toEqual(
          told.map((_, i) => (i % 2 === 0 ? "break_started" : "break_ended")),
        )
        expect(told.length % 2).toBe(0)
        for (let i = 0; i < told.length; i += 2) expect(told[i + 1]?.eventId).toBe(told[i]?.eventId)
        expect(breakView(play.channel.state, 0).state).toBe("idle")
        expect(play.channel.state.table.breaks).toEqual([])
      }),
      { numRuns: propertyRuns(200) },
    )
  })

  it("takes a cue that comes twice for one", () => {
    fc.assert(
      fc.property(clock, happenings, (clock0, all) => {
        const [once, twice] = [new Play(clock0), new Play(clock0)]
        for (const one of all) {
          once.do(one)
          twice.do(one)
          if (one.act !== "wait" && one.act !== "jump") twice.do(one)
        }
        const said = ({ channel }: Play) =>
          channel.told.map(({ kind, eventId, message }) => ({ kind, eventId, message }))
        expect(said(twice)).toEqual(said(once))
      }),
      { numRuns: propertyRuns(120) },
    )
  })

  it("makes one break of a cue however often it is sent until the break is over", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 39 }), { maxLength: 20 }), fc.nat(2 ** 31), (times, start) => {
        const channel = new BreakChannel(start * 4)
        const send = () => channel.out(6, { at: 12, duration: 30, auto: true })
        expect(send().repeatOf).toBeNull()
        for (const time of times.sort((a, b) => a - b))
          expect(channel.until(time).note(channel.lastSection).repeatOf).toBe(1)
        expect(channel.until(100).kinds()).toEqual(["break_announced", "break_started", "break_ended"])
      }),
    )
  })

  it("takes any sound section, at any time of any clock", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(arbitrarySection, fc.nat(100_000), fc.nat(2 ** 31)), { maxLength: 20 }), (all) => {
        const state = newBreakState(POLICY, 0)
        let atMs = 0
        for (const [fields, afterMs, clock90k] of all) {
          atMs += afterMs
          const section = decoded(encodeSpliceInfoSection(fields))
          const noted = noteSection(state, { cue: 1, atMs, pid: 1, clock90k: clock90k * 4, section })
          for (const { message } of noted.events) expect(message).toMatch(/^[A-Z].*[^.]\.$/)
          expect(noted.events.length).toBeLessThan(200)
        }
      }),
      { numRuns: propertyRuns(120) },
    )
  })
})

describe("a storm of cues, 100 a second for 20 minutes (row 20 of the faults)", () => {
  const template = built(
    spliceInsert({ splice_event_id: 1, out_of_network_indicator: true, pts_time: 0, break_duration_seconds: 30 }),
  )
  const heartbeat = built(spliceNull())
  const { command } = template
  if (command?.name !== "splice_insert" || command.splice_event_cancel_indicator)
    throw new Error("the template is an out")

  it.each(["timed", "immediate", "the same one"])("%s: bounded memory and reports", (how) => {
    const state = newBreakState(POLICY, 0)
    const told: BreakEvent[] = []
    let [breaks, families, repeats, fresh, heartbeats] = [0, 0, 0, 0, 0]
    for (let n = 0; n < STORM; n++) {
      const atMs = n * 10
      const clock90k = (atMs * 90) % 2 ** 33
      const pts_time = how === "the same one" ? 90_000 * 2000 : (clock90k + 450_000) % 2 ** 33
      const splice_event_id = how === "the same one" ? 7 : n
      const section = {
        ...template,
        command: { ...command, splice_event_id, splice_immediate_flag: how === "immediate", pts_time },
      }
      const immediate = how === "immediate" ? { ...section, command: { ...section.command, pts_time: null } } : section
      const noted = noteSection(state, { cue: n, atMs, pid: 500, clock90k, section: immediate })
      if (noted.repeatOf === null) fresh++
      else repeats++
      told.push(...noted.events)
      if (n % 100 === 99) {
        told.push(...tickBreaks(state, atMs))
        if (noteSection(state, { cue: -1, atMs, pid: 500, clock90k, section: heartbeat }).kind === "null") heartbeats++
        breaks = Math.max(breaks, state.table.breaks.length)
        families = Math.max(families, state.memory.size)
      }
    }
    expect([fresh, repeats, heartbeats]).toEqual(
      how === "the same one" ? [1, STORM - 1, STORM / 100] : [STORM, 0, STORM / 100],
    )
    expect(breaks).toBeLessThanOrEqual(64)
    expect(families).toBeLessThanOrEqual(1024)
    // At most 20 events of a kind are told in a minute, and one that sums up; beginnings and ends are told one by one.
    const others = told.filter(({ kind }) => kind !== "break_started" && kind !== "break_ended")
    expect(others.length).toBeLessThan(22 * 21 * 4)
    told.push(...tickBreaks(state, 400_000_000))
    const ends = startsAndEnds(told)
    expect(ends.map(({ kind }) => kind)).toEqual(ends.map((_, i) => (i % 2 === 0 ? "break_started" : "break_ended")))
    expect(ends.length % 2).toBe(0)
  })
})
