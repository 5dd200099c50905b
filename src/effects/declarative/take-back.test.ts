import { describe, expect, it } from "vitest"
import type { ChannelDocument, OutputDocument } from "./document.ts"
import { takenBack } from "./take-back.ts"

const output = (slug: string, over: Partial<OutputDocument> = {}): OutputDocument => ({
  slug,
  name: slug,
  url: `srt://${slug}.example:9000`,
  settings: { segment_s: 4 },
  enabled: true,
  ...over,
})
const channel = (over: Partial<ChannelDocument> = {}): ChannelDocument => ({
  slug: "news",
  name: "News",
  rtp_port: 5000,
  input: { failover_after_ms: 500, failback: "auto" },
  outputs: [output("cdn"), output("tv")],
  ...over,
})
const value = (now: ChannelDocument | null, before: ChannelDocument | null, after: ChannelDocument | null) => {
  const back = takenBack(now, { before, after })
  return back.ok ? back.value : back.errors.map(({ message, path }) => `${path} ${message}`)
}

describe("a change taken back", () => {
  it("gives its fields back, and leaves what was changed after it", () => {
    const before = channel({ outputs: [output("cdn")] })
    const after = channel({
      name: "News HD",
      input: { failover_after_ms: 800, failback: "auto" },
      outputs: [output("cdn", { url: "srt://new.example:9000", settings: { segment_s: 6 } })],
    })
    const now: ChannelDocument = {
      ...after,
      rtp_port: 5002,
      input: { failover_after_ms: 800, failback: "manual" },
      outputs: [
        output("cdn", { url: "srt://new.example:9000", enabled: false, settings: { segment_s: 6 } }),
        output("late"),
      ],
    }
    expect(value(now, before, after)).toEqual(
      channel({
        rtp_port: 5002,
        input: { failover_after_ms: 500, failback: "manual" },
        outputs: [output("cdn", { enabled: false }), output("late")],
      }),
    )
  })

  it("is refused where a field was changed again, and names it without its value", () => {
    const before = channel({ outputs: [output("cdn", { stream_key: "first" })] })
    const after = channel({ name: "B", outputs: [output("cdn", { stream_key: "second" })] })
    const now = channel({ name: "C", outputs: [output("cdn", { stream_key: "third" })] })
    expect(value(now, before, after)).toEqual([
      "name was changed again since: take that change back first",
      "outputs.cdn.stream_key was changed again since: take that change back first",
    ])
  })

  it("brings a removed output back, and takes an added one away", () => {
    const with2 = channel({ outputs: [output("tv")] })
    const without = channel({ outputs: [] })
    const now = channel({ outputs: [output("cdn")] })
    expect(value(now, with2, without)).toEqual(channel({ outputs: [output("cdn"), output("tv")] }))
    expect(value(channel(), without, with2)).toEqual(channel({ outputs: [output("cdn")] }))
    const changed = channel({ outputs: [output("tv", { name: "Other" })] })
    expect(value(changed, without, with2)).toEqual(["outputs.tv was changed again since: take that change back first"])
    expect(value(with2, with2, without)).toEqual(["outputs.tv is there again: nothing is to be brought back"])
    expect(value(without, channel({ outputs: [output("tv", { name: "Old" })] }), with2)).toEqual([
      "outputs.tv was removed since: take that change back first",
    ])
  })

  it("brings a removed channel back, and takes a new one away while it is as it was", () => {
    expect(value(null, channel(), null)).toEqual(channel())
    expect(value(channel(), channel(), null)).toEqual(["change there is a channel of this name again"])
    expect(value(channel(), null, channel())).toBeNull()
    expect(value(channel({ name: "B" }), null, channel())).toEqual([
      "change the channel was changed since it was created",
    ])
    expect(value(null, null, channel())).toEqual(["change the channel is gone already"])
    expect(value(null, channel(), channel({ name: "B" }))).toEqual([
      "change the channel was removed since: take that change back first",
    ])
  })

  it("takes a setting away that the change has added", () => {
    const after = channel({ outputs: [output("cdn", { settings: { segment_s: 4, playlist_segments: 9 } })] })
    const before = channel({ outputs: [output("cdn")] })
    expect(value(after, before, after)).toEqual(before)
  })
})
