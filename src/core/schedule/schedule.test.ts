import { describe, expect, it } from "vitest"
import { clockText, instantOf, isZone, offsetMs, offsetText, showLocal, weekdayOf } from "./local-time.ts"
import { isOn, nextTurn, type Schedule, scheduleErrors, spansOf, turnsOf, type Weekday } from "./schedule.ts"

const iso = (ms: number) => new Date(ms).toISOString().slice(0, 16)
const at = (text: string) => Date.parse(`${text}:00Z`)
const day = (text: string) => {
  const [year = 0, month = 0, date = 0] = text.split("-").map(Number)
  return { year, month, day: date }
}

describe("local times", () => {
  it.each([
    ["Europe/Berlin", "2026-11-24", 510, "2026-11-24T07:30"],
    ["Europe/Berlin", "2026-07-01", 510, "2026-07-01T06:30"],
    // 02:30 does not exist on 29 March: the clocks show 03:30.
    ["Europe/Berlin", "2026-03-29", 150, "2026-03-29T01:30"],
    ["Europe/Berlin", "2026-03-29", 180, "2026-03-29T01:00"],
    // 02:30 comes twice on 25 October: the first one counts.
    ["Europe/Berlin", "2026-10-25", 150, "2026-10-25T00:30"],
    ["Europe/Berlin", "2026-10-25", 181, "2026-10-25T02:01"],
    ["America/New_York", "2026-03-08", 150, "2026-03-08T07:30"],
    ["America/New_York", "2026-11-01", 90, "2026-11-01T05:30"],
    ["Australia/Lord_Howe", "2026-04-05", 105, "2026-04-04T14:45"],
    ["Asia/Kathmandu", "2026-11-24", 0, "2026-11-23T18:15"],
    ["Pacific/Apia", "2026-11-24", 0, "2026-11-23T11:00"],
    ["UTC", "2028-02-29", 1439, "2028-02-29T23:59"],
  ])("in %s on %s, minute %i", (zone, date, minutes, instant) =>
    expect(iso(instantOf(day(date), minutes, zone))).toBe(instant),
  )

  it("are shown with their offset", () => {
    expect(showLocal(at("2026-11-24T07:30"), "Europe/Berlin")).toBe("2026-11-24 08:30 UTC+1")
    expect(showLocal(at("2026-11-24T07:30"), "Asia/Kathmandu")).toBe("2026-11-24 13:15 UTC+5:45")
    expect(showLocal(at("2026-11-24T07:30"), "UTC")).toBe("2026-11-24 07:30 UTC")
    expect(offsetMs(at("2026-11-24T07:30"), "America/St_Johns")).toBe(-3.5 * 3_600_000)
  })

  it.each([
    ["Europe/Berlin", "2026-03-29T00:59:59.999Z", "2026-03-29 01:59:59.999 UTC+1"],
    ["Europe/Berlin", "2026-03-29T01:00:00.000Z", "2026-03-29 03:00:00.000 UTC+2"],
    ["Europe/Berlin", "2026-10-25T00:30:00.000Z", "2026-10-25 02:30:00.000 UTC+2"],
    ["Europe/Berlin", "2026-10-25T01:30:00.000Z", "2026-10-25 02:30:00.000 UTC+1"],
    // Half an hour, in the middle of an hour of UTC.
    ["Australia/Lord_Howe", "2026-04-04T14:59:59.000Z", "2026-04-05 01:59:59.000 UTC+11"],
    ["Australia/Lord_Howe", "2026-04-04T15:00:00.000Z", "2026-04-05 01:30:00.000 UTC+10:30"],
    // The one change of these years that is at no quarter of an hour.
    ["Antarctica/Casey", "2022-10-01T16:00:59.000Z", "2022-10-02 00:00:59.000 UTC+8"],
    ["Antarctica/Casey", "2022-10-01T16:01:00.000Z", "2022-10-02 03:01:00.000 UTC+11"],
    ["America/St_Johns", "2026-07-01T02:29:59.007Z", "2026-06-30 23:59:59.007 UTC-2:30"],
    ["UTC", "2026-07-01T02:29:59.007Z", "2026-07-01 02:29:59.007 UTC"],
  ])("show the clock of %s at %s, also around its changes", (zone, instant, shown) => {
    const ms = Date.parse(instant)
    expect(`${clockText(ms, zone)} ${offsetText(ms, zone)}`).toBe(shown)
  })

  it("know zones, and the days of the week", () => {
    expect(["Europe/Berlin", "UTC", "Mars/Olympus", ""].map(isZone)).toEqual([true, true, false, false])
    expect(["2026-11-23", "2026-11-29"].map((text) => weekdayOf(day(text)))).toEqual([1, 7])
  })
})

const weekly = (days: ReadonlyArray<Weekday>, start: string, stop: string) => ({ days, date: null, start, stop })
const once = (date: string, start: string, stop: string) => ({ days: null, date, start, stop })
const schedule = (windows: Schedule["windows"], zone = "Europe/Berlin"): Schedule => ({ zone, enabled: true, windows })
const ALL: ReadonlyArray<Weekday> = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

describe("a schedule", () => {
  const turns = (of: Schedule, from: string, to: string) =>
    turnsOf(of, at(from), at(to)).map((turn) => `${iso(turn.at)} ${turn.do}`)

  it("turns on its days, over midnight too", () => {
    // 24 November 2026 is a Tuesday.
    const late = schedule([weekly(["tue"], "22:00", "01:30")])
    expect(turns(late, "2026-11-23T00:00", "2026-12-01T00:00")).toEqual([
      "2026-11-24T21:00 start",
      "2026-11-25T00:30 stop",
    ])
    expect(isOn(late, at("2026-11-25T00:00"))).toBe(true)
    expect(isOn(late, at("2026-11-25T00:30"))).toBe(false)
    expect(isOn(late, at("2026-11-24T20:59"))).toBe(false)
  })

  it("joins windows that meet or overlap: nothing is stopped to be started again", () => {
    const joined = schedule([
      weekly(ALL, "08:00", "12:00"),
      weekly(ALL, "12:00", "14:00"),
      once("2026-11-24", "13:00", "15:00"),
    ])
    expect(turns(joined, "2026-11-24T00:00", "2026-11-24T23:00")).toEqual([
      "2026-11-24T07:00 start",
      "2026-11-24T14:00 stop",
    ])
    expect(turns(joined, "2026-11-24T07:00", "2026-11-24T11:30")).toEqual([])
    const always = schedule([weekly(ALL, "00:00", "23:59"), weekly(ALL, "23:59", "00:00")])
    expect(turns(always, "2026-11-24T00:30", "2026-11-26T00:00")).toEqual([])
  })

  it.each([
    [
      "an hour is lost in spring",
      "2026-03-28T12:00",
      "2026-03-29T12:00",
      ["2026-03-29T00:30 start", "2026-03-29T02:30 stop"],
    ],
    [
      "an hour comes twice in autumn",
      "2026-10-24T12:00",
      "2026-10-25T12:00",
      ["2026-10-24T23:30 start", "2026-10-25T03:30 stop"],
    ],
  ])("keeps to the clock on the wall when %s", (_name, from, to, expected) =>
    expect(turns(schedule([weekly(["sun"], "01:30", "04:30")]), from, to)).toEqual(expected),
  )

  it("that starts in the hour that is skipped lasts as long as it says", () => {
    const [span] = spansOf(
      schedule([once("2026-03-29", "02:15", "02:45")]),
      at("2026-03-29T00:00"),
      at("2026-03-29T05:00"),
    )
    expect([(span?.to ?? 0) - (span?.from ?? 0), iso(span?.from ?? 0)]).toEqual([1_800_000, "2026-03-29T01:15"])
  })

  it("has a next turn, months away too, and none when it is off or over", () => {
    const single = schedule([once("2027-05-01", "20:00", "22:00")])
    expect(nextTurn(single, at("2026-11-24T00:00"))).toEqual({ at: at("2027-05-01T18:00"), do: "start" })
    expect(nextTurn(single, at("2027-05-01T18:00"))).toEqual({ at: at("2027-05-01T20:00"), do: "stop" })
    expect(nextTurn(single, at("2027-05-01T20:00"))).toBeNull()
    expect(nextTurn({ ...single, enabled: false }, at("2026-11-24T00:00"))).toBeNull()
  })

  it.each<readonly [string, Schedule, ReadonlyArray<string>]>([
    ["nothing", schedule([weekly(["mon"], "08:00", "09:00"), once("2026-12-24", "23:00", "01:00")]), []],
    ["the zone", schedule([], "Mars/Olympus"), ["zone"]],
    ["times", schedule([weekly(["mon"], "24:00", "9:00")]), ["windows[0].start", "windows[0].stop"]],
    ["no days", schedule([weekly([], "08:00", "09:00")]), ["windows[0].days"]],
    ["neither", schedule([{ days: null, date: null, start: "08:00", stop: "09:00" }]), ["windows[0].days"]],
    ["a date that is none", schedule([once("2026-02-30", "08:00", "09:00")]), ["windows[0].date"]],
    ["an empty window", schedule([weekly(["mon"], "08:00", "08:00")]), ["windows[0].stop"]],
  ])("is refused for %s", (_name, given, paths) => expect(scheduleErrors(given).map(({ path }) => path)).toEqual(paths))
})
