import { describe, expect, it } from "vitest"
import { feedBatch } from "../../../test/feed-core.ts"
import { loadCore } from "../../../test/load-core.ts"
import { toDatagrams } from "../../../test/ts-stream.ts"
import { RX_BATCH } from "../../core/assembly/memory/layout.ts"
import { inter, key, source } from "../../core/flv/testing/source.ts"
import { QUEUE_SLOTS } from "../ring/ring-reader.ts"
import { FlvRemux } from "./flv-remux.ts"
import { REMUX_BURST_US, REMUX_SHARE, SLOTS_A_LOOK, WorkShare } from "./work-share.ts"

const manual = () => {
  const clock = { us: 0 }
  return { clock, share: new WorkShare(() => clock.us) }
}

describe("a share of the loop's time", () => {
  it("is a quarter of the time that goes by, whatever each pass takes", () => {
    const { clock, share } = manual()
    let used = 0
    for (let nowUs = 5e9; nowUs < 5e9 + 60e6; nowUs += 10_000) {
      if (!share.begin(nowUs)) continue
      clock.us += 37_000
      used += 37_000
      share.end()
    }
    expect(used).toBeLessThan(60e6 * REMUX_SHARE + 2 * 37_000)
    expect(used).toBeGreaterThan(60e6 * REMUX_SHARE - 2 * 37_000)
  })

  it("is saved up to one burst only, over whatever pause", () => {
    const { clock, share } = manual()
    expect(share.begin(1e6)).toBe(true)
    share.end()
    expect(share.begin(1e6 + 1e9)).toBe(true)
    clock.us += REMUX_BURST_US - 1
    expect(share.goesOn).toBe(true)
    clock.us += 1
    expect(share.goesOn).toBe(false)
    share.end()
    expect(share.begin(1e6 + 1e9)).toBe(false)
  })

  it("does not grow when the clock falls", () => {
    const { clock, share } = manual()
    share.begin(1e9)
    clock.us += REMUX_BURST_US + 1
    share.end()
    expect(share.begin(1e6)).toBe(false)
  })

  it("counts the CPU time of this thread unless told otherwise", () => {
    const share = new WorkShare()
    expect(share.begin(0)).toBe(true)
    const until = performance.now() + 2000
    while (share.goesOn && performance.now() < until);
    expect(share.goesOn).toBe(false)
  })
})

describe("a remux whose stream takes too much work", () => {
  const setUp = async () => {
    const core = await loadCore()
    core.resetChannel(0)
    core.setSource(0, 1)
    // Each look at the clock finds that the slots since the last look took 1 ms.
    const clock = { us: 0 }
    const share = new WorkShare(() => {
      clock.us += 1000
      return clock.us
    })
    const remux = new FlvRemux(core, 0, {}, share)
    remux.subscribe({ message: () => {}, failed: () => {} })
    let nowUs = 1_000_000
    const datagrams = toDatagrams(Buffer.concat(Array.from({ length: 2000 }, () => source().bytes)), {
      startUs: 1_000_000,
    })
    let at = 0
    const feed = (slots: number) => {
      for (const end = at + slots; at < end; ) {
        const batch = datagrams.slice(at, Math.min(end, at + RX_BATCH))
        feedBatch(core, batch, 0)
        at += batch.length
      }
    }
    const pass = (us = 10_000) => {
      nowUs += us
      remux.pump(nowUs)
    }
    return { remux, feed, pass, again: () => remux.pump(nowUs) }
  }

  it("takes a bounded part of the ring in a pass, and no more for being asked again", async () => {
    const { again, feed, pass, remux } = await setUp()
    feed(200)
    pass()
    const taken = remux.readSlots
    expect(taken).toBeGreaterThan(0)
    expect(taken).toBeLessThanOrEqual((REMUX_BURST_US / 1000 + 1) * SLOTS_A_LOOK)
    for (let i = 0; i < 50; i++) again()
    expect(remux.readSlots).toBe(taken)
  })

  it("gets through when it is given time, with nothing lost", async () => {
    const { feed, pass, remux } = await setUp()
    feed(200)
    for (let i = 0; i < 100; i++) pass(20_000)
    expect(remux.readSlots).toBe(200)
    expect(remux.droppedSlots).toBe(0)
  })

  it("otherwise gives up the oldest, counted and told", async () => {
    const { feed, pass, remux } = await setUp()
    feed(QUEUE_SLOTS + 40)
    pass(0)
    expect(remux.droppedSlots).toBe(40)
    expect(remux.problems).toEqual([expect.stringMatching(/left out: .* 25 of 100 .*\(40 times\)$/)])
  })
})

it("what a subscriber throws is told to it alone; what the remux throws ends it for all", async () => {
  const core = await loadCore()
  core.resetChannel(0)
  core.setSource(0, 1)
  const remux = new FlvRemux(core, 0, {}, new WorkShare())
  const failed: string[] = []
  let heard = 0
  const deaf = {
    message: () => {
      throw new Error("deaf")
    },
    failed: () => failed.push("deaf"),
  }
  remux.subscribe(deaf)
  remux.subscribe({ message: () => heard++, failed: () => failed.push("other") })
  const stream = source().picture(key(), 90_000).sound(90_000, 3)
  for (let i = 1; i < 10; i++) stream.picture(inter(), 90_000 + i * 3600).sound(90_000 + i * 3600, 2)
  feedBatch(core, toDatagrams(stream.bytes, { startUs: 1_000_000 }).slice(0, RX_BATCH), 0)
  remux.pump(1e6)
  expect(heard).toBeGreaterThan(3)
  expect(new Set(failed)).toEqual(new Set(["deaf"]))
  failed.length = 0
  feedBatch(core, toDatagrams(stream.bytes, { startUs: 2_000_000 }).slice(0, 4), 0)
  Object.defineProperty(core, "slotAddress", {
    value: () => {
      throw new Error("broken")
    },
  })
  remux.pump(2e6)
  expect(failed).toEqual(["deaf", "other"])
  expect(remux.broken).toBe(true)
})
