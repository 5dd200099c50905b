import { describe, expect, it } from "vitest"
import { DEFAULT_BREAK_POLICY, noteDamaged, noteSection } from "./break-state.ts"
import { spliceInsert, spliceNull } from "./build-cue.ts"
import { encodeSpliceInfoSection } from "./encode-section.ts"
import { BreakChannel, built, decoded, POLICY } from "./testing/break-channel.ts"
import { PTS_MODULUS } from "./timing.ts"

const PAIR = ["break_announced", "break_started", "break_ended"]

describe("a splice_insert break", () => {
  it("is announced, starts at its splice point and ends at its return", () => {
    const channel = new BreakChannel()
    expect(channel.out(18, { at: 9.294, duration: 75 })).toMatchObject({ repeatOf: null, kind: "out", prerollS: 9.294 })
    expect(channel.view).toMatchObject({
      state: "announced",
      eventId: 18,
      startedMs: null,
      announcedDurationS: 75,
      autoReturn: false,
    })
    channel.until(9)
    expect(channel.kinds()).toEqual(["break_announced"])
    channel.until(10)
    expect(channel.told).toMatchObject([{ kind: "break_started", severity: "info", cue: 1, eventId: 18 }])
    expect(channel.view).toMatchObject({ state: "in_break", eventId: 18, startedMs: 9294 })
    expect(channel.view.endsInS).toBeCloseTo(74.294)
    channel.until(76)
    expect(channel.back(18, { at: 84.294 })).toMatchObject({ repeatOf: null, kind: "in" })
    channel.until(84)
    expect(channel.view.state).toBe("in_break")
    channel.until(85)
    expect(channel.kinds()).toEqual(["break_started", "break_ended"])
    expect(channel.view.state).toBe("idle")
  })

  it("ends by its duration with auto-return, and a return at the same moment ends nothing more", () => {
    const channel = new BreakChannel()
    channel.out(1, { at: 8, duration: 30, auto: true })
    channel.until(20)
    expect(channel.view).toMatchObject({ endsInS: 18, autoReturn: true })
    channel.until(33)
    channel.back(1, { at: 38 })
    channel.until(1000)
    expect(channel.kinds()).toEqual(PAIR)
  })

  it("ends before its duration when the return comes early", () => {
    const channel = new BreakChannel()
    channel.out(1, { duration: 30, auto: true })
    channel.until(10).back(1)
    expect(channel.kinds()).toEqual(["break_started", "break_ended"])
    expect(channel.view.state).toBe("idle")
  })

  it("works without times, id 0 and the same words again and again", () => {
    const channel = new BreakChannel()
    const repeats: (number | null)[] = []
    for (let n = 0; n < 3; n++) {
      repeats.push(channel.out(0).repeatOf, channel.out(0).repeatOf)
      channel.until(n * 4 + 2)
      repeats.push(channel.back(0).repeatOf, channel.back(0).repeatOf)
      channel.until(n * 4 + 4)
    }
    expect(repeats).toEqual([1, 3, 5, 7, 9, 11].flatMap((cue) => [null, cue]))
    expect(channel.kinds()).toEqual([
      "break_started",
      "break_ended",
      "break_started",
      "break_ended",
      "break_started",
      "break_ended",
    ])
  })

  it("knows an immediate out again as long as its break is open", () => {
    const channel = new BreakChannel()
    channel.out(7)
    expect(channel.until(300).out(7)).toMatchObject({ repeatOf: 1, kind: "out", prerollS: null })
    expect(channel.kinds()).toEqual(["break_started"])
  })

  it("takes its times from the components in component mode", () => {
    const channel = new BreakChannel()
    const fields = {
      command: {
        name: "splice_insert" as const,
        splice_event_id: 5,
        splice_event_cancel_indicator: false as const,
        out_of_network_indicator: true,
        program_splice_flag: false,
        duration_flag: true,
        splice_immediate_flag: false,
        event_id_compliance_flag: true,
        components: [
          { tag: 1, pts_time: channel.pts(6.5) },
          { tag: 2, pts_time: channel.pts(6) },
          { tag: 3, pts_time: null },
        ],
        break_auto_return: true,
        break_duration: 900_000,
        unique_program_id: 1,
        avail_num: 0,
        avails_expected: 0,
      },
      descriptors: [],
    }
    expect(channel.note(decoded(encodeSpliceInfoSection(fields)))).toMatchObject({ kind: "out", prerollS: 6 })
    // The cue was restamped on the way: what was added to the times is taken off the adjustment.
    const restamped = {
      ...fields,
      pts_adjustment: PTS_MODULUS - 1000,
      command: {
        ...fields.command,
        components: [
          { tag: 1, pts_time: channel.pts(6.5) + 1000 },
          { tag: 2, pts_time: channel.pts(6) + 1000 },
          { tag: 3, pts_time: null },
        ],
      },
    }
    expect(channel.note(decoded(encodeSpliceInfoSection(restamped)))).toMatchObject({ repeatOf: 1, prerollS: 6 })
    channel.until(20)
    expect(channel.kinds()).toEqual(PAIR)
  })

  it("is known again whatever was done to pts_adjustment", () => {
    const channel = new BreakChannel()
    channel.out(3, { at: 8, duration: 20 })
    channel.until(2)
    const restamped = spliceInsert({
      splice_event_id: 3,
      out_of_network_indicator: true,
      pts_time: channel.pts(8) + 500_000,
      pts_adjustment: PTS_MODULUS - 500_000,
      break_duration_seconds: 20,
      break_auto_return: false,
    })
    expect(channel.note(built(restamped))).toMatchObject({ repeatOf: 1, prerollS: 6 })
  })

  it("moves when it is announced anew", () => {
    const channel = new BreakChannel()
    channel.out(4, { at: 10, duration: 30 })
    expect(channel.until(2).out(4, { at: 15, duration: 60 })).toMatchObject({ repeatOf: null, prerollS: 13 })
    // Returning to the first content is a change, not a repeat.
    expect(channel.until(3).out(4, { at: 10, duration: 30 }).repeatOf).toBeNull()
    expect(channel.until(4).out(4, { at: 15, duration: 60 }).repeatOf).toBeNull()
    expect(channel.until(12).view.state).toBe("announced")
    expect(channel.until(16).view).toMatchObject({ state: "in_break", startedMs: 15_000, announcedDurationS: 60 })
    channel.back(4)
    expect(channel.kinds()).toEqual([
      "break_announced",
      "break_announced",
      "break_announced",
      "break_announced",
      "break_started",
      "break_ended",
    ])
  })

  it("gets a new length while it is open", () => {
    const channel = new BreakChannel()
    channel.out(4, { at: 10, duration: 30, auto: true })
    channel.until(20).out(4, { at: 10, duration: 60, auto: true })
    expect(channel.view).toMatchObject({ startedMs: 10_000, endsInS: 50 })
    channel.until(100)
    expect(channel.kinds()).toEqual(PAIR)
  })

  it("keeps its return when its start moves, unless that lies behind it", () => {
    const kept = new BreakChannel()
    kept.out(4, { at: 10 })
    kept.back(4, { at: 30 })
    kept.out(4, { at: 12 })
    expect(kept.until(29).view.state).toBe("in_break")
    expect(kept.until(31).view.state).toBe("idle")
    const lost = new BreakChannel()
    lost.out(4, { at: 10 })
    lost.back(4, { at: 30 })
    lost.out(4, { at: 40 })
    expect(lost.until(60).view).toMatchObject({ state: "in_break", startedMs: 40_000, endsInS: null })
  })

  it.each([
    ["auto-return, in later", true, 50, 30],
    ["auto-return, in earlier", true, 30, 20],
    ["no auto-return, in later", false, 50, 40],
    ["no auto-return, in earlier", false, 30, 20],
  ])("says when it ends: %s", (_, auto, returnAt, endsInS) => {
    const channel = new BreakChannel()
    channel.out(4, { at: 10, duration: 30, auto })
    channel.back(4, { at: returnAt })
    expect(channel.until(10).view).toMatchObject({ state: "in_break", endsInS })
    expect(channel.until(9 + endsInS).view.state).toBe("in_break")
    expect(channel.until(11 + endsInS).view.state).toBe("idle")
  })

  it("may use its event id again before it has returned", () => {
    const channel = new BreakChannel()
    channel.out(0, { at: 10 })
    channel.until(30).out(0, { at: 40, duration: 10, auto: true })
    expect(channel.view.state).toBe("in_break")
    channel.until(60)
    expect(channel.kinds()).toEqual([
      "break_announced",
      "break_started",
      "break_announced",
      "break_ended",
      "break_started",
      "break_ended",
    ])
  })
})

describe("cancelling", () => {
  it.each([
    ["announced", 5, ["break_announced", "break_cancelled"]],
    ["open", 12, ["break_announced", "break_started", "break_cancelled", "break_ended"]],
  ])("ends an %s break", (_, at, kinds) => {
    const channel = new BreakChannel()
    channel.out(9, { at: 10, duration: 30 })
    expect(channel.until(at).cancel(9)).toMatchObject({ kind: "cancel", repeatOf: null, prerollS: null })
    expect(channel.cancel(9).repeatOf).toBe(2)
    channel.until(100)
    expect(channel.kinds()).toEqual(kinds)
  })

  it("says nothing of an unknown event, and lets the same announcement come again", () => {
    const channel = new BreakChannel()
    expect(channel.cancel(77)).toMatchObject({ kind: "cancel", events: [] })
    channel.out(77, { at: 10, duration: 5, auto: true })
    channel.cancel(77)
    expect(channel.out(77, { at: 10, duration: 5, auto: true }).repeatOf).toBeNull()
    channel.until(20)
    expect(channel.kinds()).toEqual(["break_announced", "break_cancelled", ...PAIR])
  })

  it("happens to a break that is called back before it begins", () => {
    const channel = new BreakChannel()
    channel.out(5, { at: 10, duration: 30 })
    channel.back(5)
    channel.until(100)
    expect(channel.kinds()).toEqual(["break_announced", "break_cancelled"])
  })
})

describe("alarms", () => {
  it.each([
    ["out of 3.9 s", true, 3.9, true],
    ["out of 4 s", true, 4, false],
    ["in of 3.9 s", false, 3.9, true],
    ["in of 4.1 s", false, 4.1, false],
    ["out that is late", true, -2, true],
    ["in that is late", false, -2, true],
  ])("short pre-roll: %s", (_, out, at, short) => {
    const channel = new BreakChannel()
    const { prerollS, events } = channel.until(50).insert(1, out, { at: 50 + at })
    expect(prerollS).toBeCloseTo(at)
    expect(events.some(({ kind }) => kind === "short_preroll")).toBe(short)
    expect(channel.until(51).insert(1, out, { at: 50 + at }).events).toEqual([])
  })

  it("does not ask an immediate cue, or a stream without a clock, for a pre-roll", () => {
    expect(new BreakChannel().out(1)).toMatchObject({ prerollS: null, events: [{ kind: "break_started" }] })
    const blind = new BreakChannel(null)
    expect(blind.out(1, { at: 8, duration: 10, auto: true })).toMatchObject({
      prerollS: null,
      events: [{ kind: "break_started" }],
    })
    expect(blind.until(3).out(1, { at: 8, duration: 10, auto: true }).repeatOf).toBe(1)
    expect(blind.until(30).kinds()).toEqual(["break_started", "break_ended"])
  })

  it("starts a break late when part of it is left, and not at all when it is over", () => {
    const late = new BreakChannel()
    late.until(50).out(1, { at: 30, duration: 30, auto: true })
    expect(late.view).toMatchObject({ state: "in_break", startedMs: 30_000, endsInS: 10 })
    expect(late.until(61).kinds()).toEqual(["short_preroll", "break_started", "break_ended"])
    const over = new BreakChannel()
    over.until(90).out(1, { at: 30, duration: 30, auto: true })
    expect(over.until(200).kinds()).toEqual(["short_preroll"])
  })

  it("missing return: told once, after the slack, and the break goes on until it comes", () => {
    const channel = new BreakChannel()
    channel.out(1, { at: 10, duration: 30 })
    channel.until(44)
    expect(channel.kinds()).toEqual(["break_announced", "break_started"])
    channel.until(100)
    expect(channel.told).toMatchObject([{ kind: "missing_return", severity: "warning", cue: 1, eventId: 1 }])
    expect(channel.view.state).toBe("in_break")
    channel.back(1)
    expect(channel.kinds()).toEqual(["missing_return", "break_ended"])
  })

  it("overlong: at the limit, and over with it, but not before an announced end", () => {
    const channel = new BreakChannel()
    channel.out(1)
    channel.until(599)
    expect(channel.kinds()).toEqual(["break_started"])
    channel.until(601)
    expect(channel.kinds()).toEqual(["overlong_break", "break_ended"])
    channel.out(2, { duration: 1200, auto: true })
    channel.until(601 + 1199)
    expect(channel.kinds()).toEqual(["break_started", "overlong_break"])
    expect(channel.view.state).toBe("in_break")
    channel.until(601 + 1201)
    expect(channel.kinds()).toEqual(["break_ended"])
  })

  it("silence: once, not for heartbeats, and again after the next cue", () => {
    const channel = new BreakChannel(900_000, { ...POLICY, silentAfterH: 1 })
    const heartbeat = built(spliceNull())
    for (let minute = 1; minute <= 59; minute++) channel.until(minute * 60).note(heartbeat)
    expect(channel.kinds()).toEqual([])
    channel.until(2 * 3600)
    expect(channel.told).toMatchObject([{ kind: "silent", severity: "warning", cue: null }])
    channel.cancel(1)
    channel.until(3 * 3600 + 10)
    expect(channel.kinds()).toEqual(["silent", "silent"])
    expect(DEFAULT_BREAK_POLICY.silentAfterH).toBe(0)
  })

  it("a storm of one kind is summed up once the minute is over", () => {
    const channel = new BreakChannel()
    for (let n = 0; n < 100; n++) channel.told.push(...noteDamaged(channel.state, n * 100, false, "CRC_32 is wrong"))
    expect(channel.kinds()).toHaveLength(20)
    channel.until(59)
    expect(channel.told).toEqual([])
    channel.until(200)
    expect(channel.told).toMatchObject([
      { kind: "crc_error", severity: "warning", cue: null, message: expect.stringContaining("80 more") },
    ])
  })

  it("damage: told apart, never acted on", () => {
    const channel = new BreakChannel()
    expect(noteDamaged(channel.state, 0, false, "CRC_32 is wrong")).toMatchObject([
      { kind: "crc_error", severity: "warning" },
    ])
    expect(noteDamaged(channel.state, 0, true, "truncated at byte 7")).toMatchObject([
      { kind: "bad_section", severity: "warning" },
    ])
    const bytes = Uint8Array.from(
      Buffer.from(built(spliceInsert({ splice_event_id: 1, out_of_network_indicator: true })).hex, "hex"),
    )
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    const sighting = { cue: 9, atMs: 1000, pid: 500, clock90k: 0, section: decoded(bytes) }
    expect(noteSection(channel.state, sighting)).toMatchObject({
      kind: "other",
      repeatOf: null,
      events: [{ kind: "crc_error", cue: 9 }],
    })
    expect(channel.view.state).toBe("idle")
  })
})
