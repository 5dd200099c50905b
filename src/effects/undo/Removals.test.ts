import { describe, expect, it } from "vitest"
import type { ChannelConfig } from "../model/channel.ts"
import { makeRemovals, type Removed } from "./Removals.ts"

const removal = (name: string): Removed => ({ kind: "channel", channel: { name, slug: name } as ChannelConfig })

describe("removals", () => {
  it("are kept for a while, as often as they are asked for, until they come back", () => {
    const removals = makeRemovals(10, 1000)
    const token = removals.keep(removal("news"), 5000)
    expect(removals.find(token, 5999)).toEqual(removal("news"))
    expect(removals.view(token, 5999)).toEqual({
      kind: "channel",
      name: "news",
      channel: { name: "news", slug: "news" },
      until: "1970-01-01T00:00:06.000Z",
    })
    expect([removals.find(token, 6000), removals.view(token, 6000), removals.find("x", 0)]).toEqual([null, null, null])
    removals.forget(token)
    expect(removals.find(token, 5000)).toBeNull()
  })

  it("are bounded: those that are over go, then the oldest", () => {
    const removals = makeRemovals(2, 1000)
    const [a = "", b = "", c = ""] = ["a", "b", "c"].map((name, i) => removals.keep(removal(name), i))
    expect([a, b, c].map((token) => removals.find(token, 10) !== null)).toEqual([false, true, true])
    const late = removals.keep(removal("d"), 5000)
    // An expired removal is gone, not merely hidden.
    expect([b, c, late].map((token) => removals.find(token, 0) !== null)).toEqual([false, false, true])
  })
})
