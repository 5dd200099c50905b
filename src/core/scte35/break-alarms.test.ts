import { describe, expect, it } from "vitest"
import { DEFAULT_BREAK_POLICY, noteDamaged, noteSection } from "./break-state.ts"
import { spliceInsert, spliceNull } from "./build-cue.ts"
import { BreakChannel, built, decoded, POLICY } from "./testing/break-channel.ts"

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
    const bytes = new Uint8Array(
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
