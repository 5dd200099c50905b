import { describe, expect, it } from "vitest"
import { BreakChannel } from "./testing/break-channel.ts"

const PAIR = ["break_announced", "break_started", "break_ended"]

describe("time_signal", () => {
  // The numbers are types that start a segment; the type that ends it is one above.
  it.each([0x22, 0x30, 0x32, 0x34, 0x36, 0x38, 0x3a, 0x3c, 0x3e, 0x42, 0x44, 0x46])(
    "opens and closes a break with segmentation_type_id %i",
    (type) => {
      const channel = new BreakChannel()
      expect(channel.signal([[type, 5, 30]], 10)).toMatchObject({ kind: "out", prerollS: 10, repeatOf: null })
      expect(channel.until(3).signal([[type, 5, 30]], 10)).toMatchObject({ kind: "out", prerollS: 7, repeatOf: 1 })
      expect(channel.until(11).view).toMatchObject({ state: "in_break", eventId: 5, announcedDurationS: 30 })
      expect(channel.until(34).signal([[type + 1, 5]], 40)).toMatchObject({ kind: "in", prerollS: 6 })
      channel.until(1000)
      expect(channel.kinds()).toEqual(PAIR)
    },
  )

  it.each([
    [0x00, "point"],
    [0x01, "point"],
    [0x10, "start"],
    [0x11, "end"],
    [0x12, "end"],
    [0x13, "point"],
    [0x17, "start"],
    [0x19, "start"],
    [0x20, "start"],
    [0x21, "end"],
    [0x40, "start"],
    [0x41, "end"],
    [0x50, "start"],
    [0x51, "end"],
  ])("leaves breaks alone with segmentation_type_id %i, a programme's %s", (type, kind) => {
    const channel = new BreakChannel()
    expect(channel.signal([[type, 8]], 2)).toMatchObject({ kind, repeatOf: null, prerollS: 2, events: [] })
    expect(channel.signal([[type, 8]], 2).repeatOf).toBe(1)
    expect(channel.view.state).toBe("idle")
  })

  it("ends a segment by its duration when no End comes, and says so", () => {
    const channel = new BreakChannel()
    channel.signal([[0x34, 5, 60]], 10)
    channel.until(74)
    expect(channel.view.state).toBe("in_break")
    channel.until(76)
    expect(channel.kinds()).toEqual(["break_announced", "break_started", "missing_return", "break_ended"])
    expect(channel.signal([[0x35, 5]]).events).toEqual([])
  })

  it("does not end an event by the End of another, or of another type", () => {
    const channel = new BreakChannel()
    channel.signal([[0x34, 5]])
    channel.signal([[0x35, 6]])
    channel.signal([[0x31, 5]])
    expect(channel.view.state).toBe("in_break")
    channel.signal([[0x35, 5]])
    expect(channel.view.state).toBe("idle")
  })

  it("cancels whatever the event id stands for", () => {
    const channel = new BreakChannel()
    channel.signal(
      [
        [0x34, 5, 60],
        [0x30, 5, 30],
      ],
      10,
    )
    expect(channel.cancelSegment(5).kind).toBe("cancel")
    channel.until(200)
    expect(channel.kinds()).toEqual(["break_announced", "break_cancelled", "break_cancelled"])
  })
})

describe("events inside and over each other", () => {
  it("are one break from the first out to the last return: break, opportunity, advertisements", () => {
    const channel = new BreakChannel()
    // Segments are listed from the inside out: the outermost gives the break its name.
    const first = channel.signal(
      [
        [0x30, 101, 30],
        [0x34, 100, 60],
        [0x22, 99, 60],
      ],
      10,
    )
    expect(first).toMatchObject({ kind: "out", events: [{ kind: "break_announced", eventId: 99 }] })
    channel.until(35).signal(
      [
        [0x31, 101],
        [0x30, 102, 30],
      ],
      40,
    )
    channel.until(50)
    expect(channel.view).toMatchObject({ state: "in_break", eventId: 99, startedMs: 10_000, endsInS: 20 })
    channel.until(65).signal(
      [
        [0x31, 102],
        [0x35, 100],
        [0x23, 99],
      ],
      70,
    )
    channel.until(200)
    expect(channel.told.map(({ kind, eventId }) => [kind, eventId])).toEqual(PAIR.map((kind) => [kind, 99]))
  })

  it("are one break when splice_insert and time_signal tell it both", () => {
    const channel = new BreakChannel()
    channel.out(1, { at: 10, duration: 30, auto: true })
    channel.signal([[0x36, 77, 30]], 10)
    channel.until(35).signal([[0x37, 77]], 40)
    channel.until(100)
    expect(channel.kinds()).toEqual(PAIR)
  })

  it("let the command decide where a splice_insert has segments too", () => {
    const channel = new BreakChannel()
    channel.out(1, {
      at: 10,
      duration: 30,
      auto: true,
      segmentation: [{ segmentation_event_id: 1, segmentation_type_id: 0x34 }],
    })
    channel.until(100)
    expect(channel.kinds()).toEqual(PAIR)
  })

  it("overlap with a warning when nobody said that the first would be over", () => {
    const channel = new BreakChannel()
    channel.out(1, { at: 10, duration: 60 })
    channel.out(2, { at: 30, duration: 60 })
    channel.until(31)
    expect(channel.told.slice(2)).toMatchObject([
      { kind: "break_started", eventId: 1 },
      { kind: "overlapping_breaks", severity: "warning", eventId: 2, cue: 2 },
    ])
    channel.back(1, { at: 70 })
    channel.until(75)
    expect(channel.view).toMatchObject({ state: "in_break", eventId: 1 })
    channel.back(2, { at: 90 })
    channel.until(91)
    expect(channel.view.state).toBe("idle")
    expect(channel.told.at(-1)).toMatchObject({ kind: "break_ended", eventId: 1 })
  })

  it("follow each other without a warning, nor a missing return", () => {
    const channel = new BreakChannel()
    channel.out(1, { at: 10, duration: 30 })
    channel.out(2, { at: 40, duration: 30 })
    channel.until(65).back(2, { at: 70 })
    channel.until(200)
    expect(channel.told.map(({ kind, eventId }) => [kind, eventId])).toEqual([
      ["break_announced", 1],
      ["break_announced", 2],
      ["break_started", 1],
      ["break_ended", 1],
      ["break_started", 2],
      ["break_ended", 2],
    ])
  })

  it("end with an in that has an id of its own", () => {
    const channel = new BreakChannel()
    channel.out(1, { at: 10 })
    channel.until(30).back(2, { at: 40 })
    channel.until(41)
    expect(channel.kinds()).toEqual(PAIR)
    expect(channel.back(3).events).toEqual([])
  })

  it("are left alone by such an in once their own return is announced", () => {
    const channel = new BreakChannel()
    channel.out(1, { at: 10 })
    channel.back(1, { at: 60 })
    channel.until(30).back(2)
    expect(channel.until(59).view.state).toBe("in_break")
    expect(channel.until(61).view.state).toBe("idle")
  })

  it("keep PIDs apart: the same id is another event", () => {
    const channel = new BreakChannel()
    channel.out(1)
    channel.pid = 501
    expect(channel.out(1).repeatOf).toBeNull()
    channel.back(1)
    expect(channel.view.state).toBe("in_break")
    channel.pid = 500
    channel.back(1)
    expect(channel.kinds()).toEqual(["break_started", "break_ended"])
  })
})

describe("the stream's clock", () => {
  it.each([0, 5, 9.9, 12, 25, 39.9])("may wrap %d s into it", (wrapAt) => {
    const channel = new BreakChannel(2 ** 33 - wrapAt * 90_000)
    expect(channel.out(1, { at: 10, duration: 30 })).toMatchObject({ prerollS: 10 })
    expect(channel.until(5).out(1, { at: 10, duration: 30 })).toMatchObject({ prerollS: 5, repeatOf: 1 })
    expect(channel.until(33).back(1, { at: 40 })).toMatchObject({ prerollS: 7 })
    expect(channel.until(39).view.state).toBe("in_break")
    channel.until(41)
    expect(channel.kinds()).toEqual(PAIR)
  })

  it("may jump while a break is open: it still ends, by its duration or its return on the new clock", () => {
    const byDuration = new BreakChannel()
    byDuration.out(1, { at: 10, duration: 30, auto: true })
    byDuration.until(20).clock0 = 5_000_000_000
    byDuration.cancel(999)
    expect(byDuration.until(39).view.state).toBe("in_break")
    expect(byDuration.until(41).kinds()).toEqual(PAIR)
    const byReturn = new BreakChannel()
    byReturn.out(1, { at: 10, duration: 30 })
    byReturn.until(20).clock0 = 5_000_000_000
    expect(byReturn.until(34).back(1, { at: 40 }).prerollS).toBe(6)
    expect(byReturn.until(39).view.state).toBe("in_break")
    expect(byReturn.until(41).kinds()).toEqual(PAIR)
  })

  it("may jump before an announced break, which then takes place only when it is announced again", () => {
    const channel = new BreakChannel()
    channel.out(1, { at: 10, duration: 30, auto: true })
    channel.until(5).clock0 = 5_000_000_000
    channel.cancel(999)
    expect(channel.told.at(-1)).toMatchObject({ kind: "break_cancelled", severity: "warning", eventId: 1 })
    expect(channel.until(30).view.state).toBe("idle")
    expect(channel.out(1, { at: 40, duration: 30, auto: true }).repeatOf).toBeNull()
    expect(channel.until(100).kinds()).toEqual(["break_announced", "break_cancelled", ...PAIR])
  })

  it("makes the same words new ones when it jumps", () => {
    const channel = new BreakChannel()
    channel.signal([[0x10, 1]])
    expect(channel.until(2).signal([[0x10, 1]]).repeatOf).toBe(1)
    channel.until(4).clock0 = 5_000_000_000
    expect(channel.signal([[0x10, 1]]).repeatOf).toBeNull()
  })

  it("may go round and round with a file: each pass is another break", () => {
    const channel = new BreakChannel()
    const numbers: (number | null)[] = []
    for (let pass = 0; pass < 3; pass++) {
      channel.until(pass * 60)
      channel.clock0 = 900_000 - pass * 60 * 90_000
      numbers.push(channel.out(1, { at: pass * 60 + 10, duration: 20, auto: true }).repeatOf)
    }
    channel.until(200)
    expect(numbers).toEqual([null, null, null])
    expect(channel.kinds()).toEqual([...PAIR, ...PAIR, ...PAIR])
  })

  it("moves splice points with it when it is a little off", () => {
    const channel = new BreakChannel()
    channel.out(1, { at: 10, duration: 30, auto: true })
    // The stream is buffered for three seconds somewhere upstream.
    channel.clock0 = 900_000 - 3 * 90_000
    channel.until(5).cancel(999)
    expect(channel.until(12).view.state).toBe("announced")
    expect(channel.until(14).view).toMatchObject({ state: "in_break", startedMs: 13_000 })
  })
})
