import { describe, expect, it } from "vitest"
import { type BreakEvent, DEFAULT_BREAK_POLICY } from "../../../core/scte35/break-state.ts"
import {
  newScte35Runtime,
  noteBreakAlarms,
  raiseAlarm,
  SCTE35_ALARM_MS,
  scte35Alarms,
  scte35View,
  withPidByHand,
} from "./scte35-runtime.ts"

const EPOCH = Date.UTC(2026, 0, 2, 3, 4, 5)
const event = (kind: BreakEvent["kind"]): BreakEvent => ({
  kind,
  severity: "warning",
  cue: null,
  eventId: null,
  message: kind,
})
const runtime = () => newScte35Runtime(DEFAULT_BREAK_POLICY, 0)
const note = (of: ReturnType<typeof runtime>, ms: number, ...kinds: ReadonlyArray<BreakEvent["kind"]>) =>
  noteBreakAlarms(of, kinds.map(event), ms, EPOCH + ms)
const shown = (of: ReturnType<typeof runtime>, ms: number) => scte35Alarms(of, ms).map(({ kind }) => kind)

describe("alarms of SCTE-35", () => {
  it.each(["missing_return", "overlong_break", "short_preroll"] as const)(
    "%s is shown for its time after it was last said",
    (kind) => {
      const of = runtime()
      note(of, 1000, kind)
      note(of, 5000, kind)
      const last = 5000 + SCTE35_ALARM_MS[kind]
      expect(scte35Alarms(of, last - 1)).toEqual([
        { kind, severity: "warning", since: "2026-01-02T03:04:06.000Z", message: kind },
      ])
      expect(shown(of, last)).toEqual([])
      note(of, last + 1000, kind)
      expect(scte35Alarms(of, last + 1000)[0]?.since).toBe(new Date(EPOCH + last + 1000).toISOString())
    },
  )

  it("silence is shown until it is over", () => {
    const of = runtime()
    note(of, 0, "silent")
    expect(shown(of, 1e12)).toEqual(["scte35_silent"])
  })

  it.each(["break_started", "break_ended", "break_cancelled"] as const)(
    "%s ends those of the break before, not those of its own moment",
    (kind) => {
      const of = runtime()
      note(of, 0, "missing_return", "overlong_break", "short_preroll")
      note(of, 1, kind)
      expect(shown(of, 1)).toEqual(["short_preroll"])
      note(of, 2, "overlong_break", kind)
      expect(shown(of, 2)).toEqual(["short_preroll", "overlong_break"])
    },
  )

  it("a wrong CRC-32 is shown for a minute", () => {
    const of = runtime()
    raiseAlarm(of, "scte35_crc", "damaged", 0, EPOCH)
    expect([shown(of, 59_999), shown(of, 60_000)]).toEqual([["scte35_crc"], []])
  })
})

it("a stopped channel is idle, with nothing counted", () => {
  expect(scte35View(null, [500], 0)).toEqual({
    pids: [500],
    state: "idle",
    event_id: null,
    ends_in_s: null,
    last_cue_at: null,
    cues: 0,
    sections: 0,
    crc_errors: 0,
  })
})

it.each([
  [undefined, [500, 501], [500, 501]],
  [null, [], []],
  [700, [], [700]],
  [700, [500], [700, 500]],
  [501, [500, 501], [501, 500]],
] as const)("the PID set by hand, %s, comes first and once", (byHand, ofPmt, pids) =>
  expect(withPidByHand(byHand, ofPmt)).toEqual(pids),
)
