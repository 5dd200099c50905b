import { Effect, Runtime } from "effect"
import { Hono } from "hono"
import { describe, expect, it } from "vitest"
import { eventually } from "../../../test/e2e/product.ts"
import {
  changesOf,
  type LiveRegion,
  type LiveView,
  MAX_BUFFERED_BYTES,
  MAX_STREAMS,
  makeLivePages,
} from "./live-pages.ts"

const region = (...items: ReadonlyArray<readonly [id: string, html: string]>): LiveRegion => ({
  id: "rows",
  items: items.map(([id, html]) => ({ id, html })),
})
const partial = (id: string, swap: string, html: string) =>
  `<hx-partial hx-target="#${id}" hx-swap="${swap}">${html}</hx-partial>`

describe("what changes a page", () => {
  const before = region(["a", "A"], ["b", "B"])
  it.each([
    ["nothing", before, ""],
    ["one item", region(["a", "A"], ["b", "B2"]), partial("b", "outerMorph", "B2")],
    [
      "two items",
      region(["a", "A2"], ["b", "B2"]),
      partial("a", "outerMorph", "A2") + partial("b", "outerMorph", "B2"),
    ],
    ["the order", region(["b", "B"], ["a", "A"]), partial("rows", "innerMorph", "BA")],
    ["one more", region(["a", "A"], ["b", "B"], ["c", "C"]), partial("rows", "innerMorph", "ABC")],
    ["one less", region(["a", "A"]), partial("rows", "innerMorph", "A")],
    ["none left", region(), partial("rows", "innerMorph", "")],
  ])("is %s", (_, after, markup) => expect(changesOf(before, after)).toBe(markup))

  it("is everything for a region that was not there", () =>
    expect(changesOf(undefined, before)).toBe(partial("rows", "innerMorph", "AB")))
})

/** Live pages whose view counts its renderings; rounds come when `refresh` is called, or after a second. */
const setUp = () => {
  const live = makeLivePages(Runtime.defaultRuntime)
  const state = { regions: [region(["a", "0"])] as ReadonlyArray<LiveRegion>, renderings: 0, gone: false }
  const view: LiveView = Effect.suspend(() => {
    state.renderings++
    return state.gone ? Effect.fail("gone") : Effect.succeed(state.regions)
  })
  const app = new Hono()
  app.get("/live/:key", (c) => live.stream(c, c.req.param("key"), view))
  const open = async (key = "list") => {
    const response = await app.request(`/live/${key}`)
    const reader = response.body?.getReader()
    const read = async (): Promise<string | null> => {
      const next = await reader?.read()
      return next?.done === false ? new TextDecoder().decode(next.value) : null
    }
    return { status: response.status, read, leave: async () => void (await reader?.cancel()) }
  }
  /** Shows something else and has it sent at once. */
  const show = async (...items: ReadonlyArray<readonly [string, string]>) => {
    const { renderings } = state
    state.regions = [region(...items)]
    await eventually("the next round", () => {
      live.refresh()
      return state.renderings > renderings ? true : null
    })
  }
  return { live, open, show, state }
}

describe("live pages", () => {
  it("send a reader everything at first, then only what has changed, once for all readers of a page", async () => {
    const { live, open, show, state } = setUp()
    const [one, two] = [await open(), await open()]
    for (const reader of [one, two]) expect(await reader.read()).toBe(`data: ${partial("rows", "innerMorph", "0")}\n\n`)
    const before = state.renderings
    await show(["a", "1\n2"])
    for (const reader of [one, two])
      expect(await reader.read()).toBe(`data: ${partial("a", "outerMorph", "1\ndata: 2")}\n\n`)
    expect(state.renderings - before).toBeLessThanOrEqual(2)
    await one.leave()
    expect(live.size()).toBe(1)
    await two.leave()
  })

  it("render each second without being asked", async () => {
    const { open, state } = setUp()
    const reader = await open()
    await reader.read()
    state.regions = [region(["a", "later"])]
    expect(await reader.read()).toContain("later")
    await reader.leave()
  })

  it("stop rendering when the last reader leaves, and begin again with the next", async () => {
    const { live, open, state } = setUp()
    const reader = await open()
    await reader.read()
    await reader.leave()
    expect(live.size()).toBe(0)
    const { renderings } = state
    live.refresh()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(state.renderings).toBe(renderings)
    const next = await open()
    expect(await next.read()).toContain("innerMorph")
    await next.leave()
  })

  it("leave a reader out that does not read, and give it everything once it does", async () => {
    const { live, open, show } = setUp()
    const [slow, quick] = [await open(), await open()]
    await quick.read()
    const big = "x".repeat(MAX_BUFFERED_BYTES)
    for (const text of ["1", "2", "3"]) {
      await show(["a", `${text} ${big}`])
      expect(await quick.read()).toContain(`outerMorph">${text} `)
    }
    // The first page and one change come before it; the changes after them are gone.
    expect(await slow.read()).toContain("innerMorph")
    expect(await slow.read()).toContain(`outerMorph">1 `)
    await show(["a", "4"])
    expect(await slow.read()).toBe(`data: ${partial("rows", "innerMorph", "4")}\n\n`)
    expect(await quick.read()).toBe(`data: ${partial("a", "outerMorph", "4")}\n\n`)
    expect(live.size()).toBe(2)
    live.close()
  })

  it("end the streams of a page whose subject is gone", async () => {
    const { live, open, show, state } = setUp()
    const reader = await open()
    await reader.read()
    state.gone = true
    await show(["a", "1"])
    expect(await reader.read()).toBeNull()
    expect(live.size()).toBe(0)
  })

  it("end all streams when the service closes, and take no more", async () => {
    const { live, open } = setUp()
    const readers = [await open("one"), await open("two")]
    for (const reader of readers) await reader.read()
    live.close()
    for (const reader of readers) expect(await reader.read()).toBeNull()
    expect([live.size(), (await open()).status]).toEqual([0, 429])
  })

  it(`refuse more than ${MAX_STREAMS} pages, and take one when another is closed`, async () => {
    const { live, open } = setUp()
    const readers = await Promise.all(Array.from({ length: MAX_STREAMS }, () => open()))
    expect((await open()).status).toBe(429)
    await readers[0]?.leave()
    expect((await open()).status).toBe(200)
    live.close()
  })

  it("row 42: 100 open tabs cost one rendering a round for each page, and hold no more than a limit of what they leave unread", async () => {
    const { live, open, show, state } = setUp()
    const tabs = await Promise.all(Array.from({ length: 100 }, () => open()))
    for (const tab of tabs) await tab.read()
    const size = 100_000
    const before = state.renderings
    const rounds = 20
    for (let i = 0; i < rounds; i++) await show(["a", `${i} ${"x".repeat(size)}`])
    // Each `show` waits for a round that began after it; the second's own rounds may come between.
    expect(state.renderings - before).toBeLessThanOrEqual(2 * rounds)
    expect(live.size()).toBe(100)
    live.close()
    const unread = await Promise.all(
      tabs.map(async ({ read }) => {
        let bytes = 0
        for (let text = await read(); text !== null; text = await read()) bytes += text.length
        return bytes
      }),
    )
    expect(Math.min(...unread)).toBeGreaterThan(size)
    expect(Math.max(...unread)).toBeLessThan(MAX_BUFFERED_BYTES + 2 * size)
  })
})
