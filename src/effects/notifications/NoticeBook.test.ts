import { describe, expect, it } from "vitest"
import type { Condition } from "./conditions.ts"
import { type BookPolicy, makeNoticeBook, RESTART_GRACE_MS, type StepInput } from "./NoticeBook.ts"
import type { Notice, Told } from "./notice.ts"
import type { NoticeKind } from "./notice-kinds.ts"

const POLICY: BookPolicy = { outputDownMs: 10_000, groupWaitMs: 5000, groupIntervalMs: 30_000, repeatMs: 0 }
const START = Date.parse("2026-01-02T03:04:05Z")
const named = (slug: string) => ({ slug, name: slug.toUpperCase() })
const condition = (
  kind: NoticeKind,
  channel: string | null = "news",
  output: string | null = null,
  message = "why",
): Condition => ({
  kind,
  message,
  channel: channel === null ? null : named(channel),
  output: output === null ? null : named(output),
})
const down = (output: string, channel = "news") => condition("output_down", channel, output)
const short = (groups: ReadonlyArray<ReadonlyArray<Told>>) =>
  groups.map((group) => group.map(({ notice, telling }) => `${telling} ${notice.key}`))

/** Steps the book once a second; returns what was told, with the second in which it was told. */
const stage = (stored: ReadonlyArray<Notice> = [], policy = POLICY) => {
  const book = makeNoticeBook(stored)
  let second = 0
  const changed = new Map<string, Notice>()
  const run = (seconds: number, conditions: ReadonlyArray<Condition>, over: Partial<StepInput> = {}) => {
    const told: Array<readonly [second: number, ...keys: ReadonlyArray<string>]> = []
    const groups: Array<ReadonlyArray<Told>> = []
    for (let n = 0; n < seconds; n++) {
      second++
      const stepped = book.step({
        conditions,
        isKnown: () => true,
        away: [],
        isWatched: () => true,
        isMuted: () => false,
        isWanted: () => true,
        policy,
        nowMs: START + second * 1000,
        monotonicMs: second * 1000,
        ...over,
      })
      for (const notice of stepped.changed) changed.set(notice.id, notice)
      groups.push(...stepped.groups)
      for (const group of short(stepped.groups)) told.push([second, ...group])
    }
    return { told, groups }
  }
  return { book, run, stored: () => [...changed.values()], now: () => START + second * 1000 }
}

describe("a notice", () => {
  it("opens when its condition has held, waits for others, and is over when it is gone for a while", () => {
    const { book, run } = stage()
    expect(run(10, [down("cdn")]).told).toEqual([])
    expect(book.open()).toEqual([])
    expect(run(10, [down("cdn")]).told).toEqual([[16, "opened output_down:news:cdn"]])
    expect(book.open()[0]).toMatchObject({ severity: "critical", openedAt: START + 11_000, toldAt: START + 16_000 })
    // Over after 3 s without the condition, told 30 s after the last message about the channel.
    expect(run(40, []).told).toEqual([[46, "resolved output_down:news:cdn"]])
    expect(book.recent()[0]).toMatchObject({ resolvedAt: START + 24_000, stopped: false })
  })

  it("does not open for what holds too short a time, however often", () => {
    const { run } = stage()
    for (let n = 0; n < 10; n++) expect([...run(9, [down("cdn")]).told, ...run(1, []).told]).toEqual([])
  })

  it("stays one notice while its condition comes and goes", () => {
    const { book, run } = stage()
    run(20, [down("cdn")])
    for (let n = 0; n < 20; n++) expect([...run(2, []).told, ...run(5, [down("cdn")]).told]).toEqual([])
    expect(book.open()).toHaveLength(1)
  })

  it("of outputs that go down without input is none: the input's names the cause, once (point 23)", () => {
    const { book, run } = stage()
    const silent = condition("input_lost")
    run(20, [down("before")])
    const without = [
      silent,
      down("before"),
      down("rtmp"),
      down("hls"),
      condition("output_flapping", "news", "rtmp"),
      down("cdn", "sport"),
    ]
    const { told } = run(120, without)
    expect(told.flatMap(([, ...keys]) => keys)).toEqual(["opened output_down:sport:cdn", "opened input_lost:news"])
    // An output that was down for reasons of its own stays open; one still down when the input is back is told then.
    expect(book.open().map(({ key }) => key)).toContain("output_down:news:before")
    const back = run(60, [down("before"), down("rtmp")]).told.flatMap(([, ...keys]) => keys)
    expect(back.sort()).toEqual([
      "opened output_down:news:rtmp",
      "resolved input_lost:news",
      "resolved output_down:sport:cdn",
    ])
  })

  it("of cues that an output missed while it was down is none: its own says so, once", () => {
    const { book, run } = stage()
    run(60, [])
    const missed = (times: number) => condition("cue_missed", "news", "cdn", `${times} times, last: not connected`)
    for (let times = 1; times < 20; times++) run(5, [down("cdn"), missed(times)])
    expect(book.open().map(({ key }) => key)).toEqual(["output_down:news:cdn"])
    // It is back: what it missed is still known, and still explained.
    run(10, [missed(19)])
    expect(book.open()).toEqual([])
    run(1, [missed(20)])
    expect(book.open().map(({ key }) => key)).toEqual(["cue_missed:news:cdn"])
  })

  it("of what a restart brings about is none: 62 missed cues are no incidents of their own", () => {
    const { book, run } = stage()
    run(70, [])
    const lost = condition("engine_lost", null)
    run(5, [lost], { isKnown: () => false, away: ["news"] })
    const missed = Array.from({ length: 62 }, (_, n) => condition("cue_missed", "news", `o${n}`, "engine restarted"))
    run(90, missed)
    expect([...book.open(), ...book.recent()].map(({ key }) => key)).toEqual(["engine_lost"])
    // A channel on another engine has nothing to do with it.
    run(1, [condition("cue_missed", "sport", "o1", "queue full")])
    expect(book.open().map(({ key }) => key)).toEqual(["cue_missed:sport:o1"])
    // An output that does not come back is an incident.
    run(20, [down("o1")])
    expect(book.open().map(({ key }) => key)).toEqual(["output_down:news:o1"])
  })

  it("that is over before it was told is told once, as a whole", () => {
    const { run } = stage([], { ...POLICY, groupWaitMs: 20_000 })
    run(12, [down("cdn")])
    expect(run(60, []).groups).toMatchObject([
      [{ telling: "resolved", notice: { key: "output_down:news:cdn", toldAt: null } }],
    ])
  })

  it("is over at once when its output is stopped", () => {
    const { book, run } = stage()
    run(20, [down("cdn")])
    run(1, [], { isWatched: (_, output) => output !== "cdn" })
    expect([book.open(), book.recent()[0]?.stopped]).toEqual([[], true])
  })

  it("of a moment has no end to tell", () => {
    const { book, run } = stage()
    expect(run(10, [condition("source_switched")]).told).toEqual([[6, "opened source_switched:news"]])
    expect([run(60, []).told, book.open()]).toEqual([[], []])
  })

  it("has the words of its condition as they are now", () => {
    const { book, run } = stage()
    run(12, [condition("output_down", "news", "cdn", "refused")])
    run(1, [condition("output_down", "news", "cdn", "time-out")])
    expect(book.open()[0]?.message).toBe("time-out")
  })

  it("stays as it is while nothing is known of channels; that of the service does not", () => {
    const { book, run } = stage()
    run(20, [down("cdn")])
    expect(run(60, [condition("engine_lost", null)], { isKnown: () => false }).told).toEqual([
      [29, "opened engine_lost"],
    ])
    expect(book.open().map(({ key }) => key)).toEqual(["output_down:news:cdn", "engine_lost"])
    run(4, [])
    expect(book.open()).toEqual([])
  })
})

describe("grouping", () => {
  it("makes one message of 200 outputs of a channel, and one of their return", () => {
    const { run } = stage()
    const outputs = Array.from({ length: 200 }, (_, n) => `o${n}`)
    // The four outputs fail one after the other, within 4 s.
    const { groups } = run(
      1,
      outputs.slice(0, 50).map((o) => down(o)),
    )
    for (const n of [100, 150, 200])
      groups.push(
        ...run(
          1,
          outputs.slice(0, n).map((o) => down(o)),
        ).groups,
      )
    groups.push(
      ...run(
        30,
        outputs.map((o) => down(o)),
      ).groups,
    )
    expect(groups.map((group) => group.length)).toEqual([200])
    expect(run(60, []).groups.map((group) => group.length)).toEqual([200])
  })

  it("makes few messages of 200 outputs of 50 channels that go within 20 s", () => {
    const { run } = stage()
    const all: Condition[] = []
    const sizes: number[] = []
    for (let channel = 0; channel < 50; channel++) {
      for (let n = 0; n < 4; n++) all.push(down(`o${n}`, `c${channel}`))
      if (channel % 5 === 4) sizes.push(...run(2, [...all]).groups.map((group) => group.length))
    }
    sizes.push(...run(60, all).groups.map((group) => group.length))
    expect(sizes.length).toBeLessThanOrEqual(3)
    expect(sizes.reduce((a, b) => a + b)).toBe(200)
  })

  it("keeps apart the channels that have little to do with each other", () => {
    const { run } = stage()
    expect(run(16, [down("a", "one"), down("b", "two")]).told).toEqual([
      [16, "opened output_down:one:a"],
      [16, "opened output_down:two:b"],
    ])
  })
})

describe("muting, acknowledging, repeating", () => {
  it("tells what is still open when a mute ends, and nothing of what was over", () => {
    const { run } = stage()
    const muted = { isMuted: () => true }
    expect(run(30, [down("cdn"), down("tv")], muted).told).toEqual([])
    expect(run(10, [down("cdn")], muted).told).toEqual([])
    expect(run(10, [down("cdn")]).told).toEqual([[46, "opened output_down:news:cdn"]])
  })

  it("does not tell what is muted while it waits", () => {
    const { run } = stage()
    run(12, [down("cdn")])
    expect(run(20, [down("cdn")], { isMuted: () => true }).told).toEqual([])
  })

  it("repeats what is open until somebody acknowledges it, and tells its end all the same", () => {
    const { book, run, now } = stage([], { ...POLICY, repeatMs: 60_000 })
    const { told } = run(16 + 130, [down("cdn")])
    expect(told.map(([, what]) => what)).toEqual([
      "opened output_down:news:cdn",
      ...Array(2).fill("repeated output_down:news:cdn"),
    ])
    expect(book.acknowledge("output_down:news:cdn", "user ada", now())?.acknowledged).toEqual({
      by: "user ada",
      at: now(),
    })
    expect(book.acknowledge("output_down:news:cdn", "user bob", now())?.acknowledged?.by).toBe("user ada")
    expect(book.acknowledge("output_down:news:tv", "user bob", now())).toBeUndefined()
    expect(run(300, [down("cdn")]).told).toEqual([])
    expect(run(10, []).told.map(([, what]) => what)).toEqual(["resolved output_down:news:cdn"])
  })

  it("tells nothing that nobody wants, and tells it once somebody does", () => {
    const { run } = stage()
    expect(run(60, [down("cdn")], { isWanted: () => false }).told).toEqual([])
    expect(run(10, [down("cdn")]).told).toEqual([[66, "opened output_down:news:cdn"]])
  })
})

describe("a restart", () => {
  it("does not tell again what is still so, and tells the end", () => {
    const before = stage()
    before.run(20, [down("cdn")])
    const { run } = stage(before.stored())
    // Outputs need time to reconnect first.
    expect([...run(30, []).told, ...run(30, [down("cdn")]).told]).toEqual([])
    expect(run(10, []).told.map(([, what]) => what)).toEqual(["resolved output_down:news:cdn"])
  })

  it("gives what is not seen again up after a minute", () => {
    const before = stage()
    before.run(20, [down("cdn")])
    const { book, run } = stage(before.stored())
    expect(run(RESTART_GRACE_MS / 1000, []).told).toEqual([])
    expect(book.open()).toHaveLength(1)
    expect(run(10, []).told).toEqual([[66, "resolved output_down:news:cdn"]])
  })

  it("tells what nobody was told of before", () => {
    const before = stage()
    before.run(12, [down("cdn")])
    expect(stage(before.stored()).run(10, [down("cdn")]).told).toEqual([[6, "opened output_down:news:cdn"]])
  })
})
