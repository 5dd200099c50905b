import { describe, expect, it } from "vitest"
import type { ChannelConfig } from "../model/channel.ts"
import { atOnce } from "../model/slices.ts"
import { outputHost } from "../testing/configs.ts"
import { conflictsWithin } from "./conflicts.ts"
import type { ConfigDocument } from "./document.ts"
import { planOf } from "./plan.ts"
import { resolveDocument } from "./resolve.ts"
import { stamp, stored, wantedBy } from "./testing/documents.ts"

const host = outputHost()
const planFor = (current: ReadonlyArray<ChannelConfig>, document: ConfigDocument) =>
  atOnce(planOf(current, wantedBy(document, current), host))
const applied = (current: ReadonlyArray<ChannelConfig>, document: ConfigDocument) =>
  stored(current, planFor(current, document).store)

describe("a document that cannot be", () => {
  const channel = (over: object = {}) => ({ slug: "news", name: "News", rtp_port: 5000, outputs: [], ...over })
  const problems = (...channels: ReadonlyArray<ReturnType<typeof channel>>) => {
    const document: ConfigDocument = { version: 1, channels }
    const resolved = atOnce(resolveDocument(document, [], stamp))
    return (resolved.ok ? atOnce(conflictsWithin(resolved.value, document, host)) : resolved.errors).map(
      ({ message, path }) => `${path}: ${message}`,
    )
  }
  const sport = { slug: "sport", name: "Sport" }
  const listener = (slug: string, port = 9000) => ({ slug, url: `srt://:${port}?mode=listener` })

  it.each([
    [
      "a slug twice",
      [channel(), channel({ rtp_port: 6000 })],
      ['channels[1].slug: "news" is already the slug of channels[0]'],
    ],
    [
      "an output's slug twice",
      [channel({ outputs: [listener("a"), listener("b", 9001), listener("a", 9002)] })],
      ['channels[0].outputs[2].slug: "a" is already the slug of channels[0].outputs[0]'],
    ],
    [
      "an input's port twice",
      [channel(), channel(sport)],
      ['channels[1].rtp_port: UDP port 5000 is already used by the primary input of channel "News"'],
    ],
    [
      "a listener's port twice",
      [
        channel({ outputs: [listener("a")] }),
        channel({ ...sport, rtp_port: 6000, outputs: [listener("x", 9001), listener("y")] }),
      ],
      ['channels[1].outputs[1].url: UDP port 9000 is already used by output "a" of channel "News"'],
    ],
    [
      "a listener on an input's port",
      [channel({ rtp_port: 9000 }), channel({ ...sport, rtp_port: 6000, outputs: [listener("x")] })],
      ['channels[1].outputs[0].url: UDP port 9000 is already used by the primary input of channel "News"'],
    ],
    [
      "FEC on another input",
      [channel({ rtp_port: 5002 }), channel({ ...sport, rtp_port: 5000, input: { fec: "auto" } })],
      [
        'channels[1].input.fec: "auto" needs UDP port 5002, which is already used by the primary input of channel "News"',
      ],
    ],
    [
      "a directory twice",
      [
        channel({ outputs: [{ slug: "a", url: "hls://x" }] }),
        channel({ ...sport, rtp_port: 6000, outputs: [{ slug: "b", url: "hls://x/y" }] }),
      ],
      [
        'channels[1].outputs[0].url: the directory /srv/hls/x/y and that of output "a" of channel "News", /srv/hls/x, lie one in the other',
      ],
    ],
    [
      "wrong fields at two places",
      [channel({ rtp_ip: "x" }), channel({ ...sport, outputs: [{ slug: "a", url: "srt://h" }, { slug: "b" }] })],
      ["channels[0].rtp_ip", "channels[1].outputs[0].url", "channels[1].outputs[1].url"],
    ],
  ])("%s", (_, channels, wanted) => {
    const found = problems(...channels)
    expect(found.length).toBe(wanted.length)
    for (const [index, one] of wanted.entries()) expect(found[index]).toContain(one)
  })

  it("calls an output without a name by its slug, whatever it was called before", () => {
    const of = (name?: string | null): ConfigDocument => ({
      version: 1,
      channels: [
        channel({ outputs: [{ slug: "cdn", url: "udp://192.0.2.1:9000", ...(name === undefined ? {} : { name }) }] }),
      ],
    })
    for (const name of [undefined, null, ""]) expect(applied([], of(name))[0]?.outputs[0]?.name).toBe("cdn")
    expect(applied(applied([], of("CDN")), of())[0]?.outputs[0]?.name).toBe("cdn")
  })

  it("lets a channel wait for the port that another one gives up", () => {
    const quiet = channel({ ...sport, rtp_port: 6000 })
    const third = { slug: "third", name: "Third", rtp_port: 7000 }
    const before = applied([], { version: 1, channels: [quiet, channel({ outputs: [listener("a")] }), third] })
    const moved: ConfigDocument = {
      version: 1,
      channels: [{ ...quiet, outputs: [listener("b")] }, channel(), { ...third, name: "3" }],
    }
    expect(planFor(before, moved).actions.map((action) => action.do)).toEqual(["take_over", "adopt", "adopt"])
    const [only] = applied([], { version: 1, channels: [channel({ outputs: [listener("a")] })] })
    const renamed: ConfigDocument = { version: 1, channels: [channel({ name: "Other", outputs: [listener("a")] })] }
    expect(planFor(only === undefined ? [] : [only], renamed).actions.map((action) => action.do)).toEqual(["adopt"])
  })

  it("takes ports and directories that change hands", () => {
    const before = applied([], {
      version: 1,
      channels: [
        channel({ outputs: [listener("a"), { slug: "h", url: "hls://x" }] }),
        channel({ ...sport, rtp_port: 6000 }),
      ],
    })
    const swapped: ConfigDocument = {
      version: 1,
      channels: [
        channel({ rtp_port: 6000 }),
        channel({ ...sport, rtp_port: 5000, outputs: [listener("b"), { slug: "h", url: "hls://x" }] }),
      ],
    }
    expect(atOnce(conflictsWithin(wantedBy(swapped, before), swapped, host))).toEqual([])
    expect(planFor(before, swapped).actions.map((action) => action.do)).toEqual(["take_over", "take_over"])
  })
})
