import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import { channelConfig, outputConfig, outputHost } from "../testing/configs.ts"
import { readChannelsJson, writeChannelsJson } from "./channels-json.ts"

const NOW = "2026-01-02T03:04:05.000Z"
const read = (text: string) => readChannelsJson(text, NOW, outputHost())
const numbered = (channels: ReadonlyArray<Omit<ChannelConfig, "number">>): ReadonlyArray<ChannelConfig> =>
  channels.map((channel, index) => ({ ...channel, number: index + 1 }))
const channelsOf = (text: string) => {
  const found = read(text)
  if (!found.ok) throw new Error(JSON.stringify(found.errors))
  return numbered(found.value.channels)
}

const outputs: fc.Arbitrary<ReadonlyArray<OutputConfig>> = fc
  .array(
    fc.record({
      name: fc.constantFrom("CDN", "YouTube", "ä ö \u{1F4FA}", "Nr. 1"),
      enabled: fc.boolean(),
      kind: fc.constantFrom(
        { protocol: "srt" as const, url: "srt://192.0.2.1:9000?passphrase=0123456789&latency=200" },
        {
          protocol: "rtmp" as const,
          url: "rtmp://h/app",
          stream_key: "k3y with space",
          settings: { cue_points: "youtube", audio: "silence" },
        },
        { protocol: "udp" as const, url: "udp://239.0.0.1:5000" },
      ),
    }),
    { maxLength: 4 },
  )
  .map((wanted) =>
    wanted.map(({ kind, ...rest }, index) =>
      outputConfig({ id: crypto.randomUUID(), number: index + 1, ...rest, ...(kind as Partial<OutputConfig>) }),
    ),
  )
const channels: fc.Arbitrary<ReadonlyArray<ChannelConfig>> = fc
  .array(
    fc.record({
      name: fc.constantFrom("News", "Sport", "24", "__proto__", 'a\\b"c'),
      autostart: fc.boolean(),
      auto_run: fc.constantFrom("off" as const, "on_demand" as const),
      backup: fc.boolean(),
      input: fc.constantFrom({}, { reorder_ms: 20, mode: "merge" as const, failback: "manual" as const }),
      outputs,
    }),
    { maxLength: 5 },
  )
  .map((wanted) =>
    wanted.map(({ backup, input, ...rest }, index) =>
      channelConfig({
        id: crypto.randomUUID(),
        number: index + 1,
        slug: `channel-${index + 1}`,
        rtp_port: 5000 + 10 * index,
        ...(backup ? { backup_rtp_ip: "127.0.0.1", backup_rtp_port: 5005 + 10 * index, input } : {}),
        ...rest,
      }),
    ),
  )

describe("channels.json", () => {
  it("is the same bytes for the same channels, whatever the order of what is given", () => {
    const [a, b] = [
      channelConfig(),
      channelConfig({ id: "ch-2", number: 2, slug: "two", input: { reorder_ms: 20, mode: "auto" } }),
    ]
    const again = { ...b, input: { mode: "auto" as const, reorder_ms: 20 } }
    expect(writeChannelsJson([again, a], true)).toBe(writeChannelsJson([a, b], true))
    expect(writeChannelsJson([], true)).toBe("{}\n")
    expect(JSON.parse(writeChannelsJson([a, b], true))).toMatchObject({
      "ch-1": { config: { name: "News" } },
      "ch-2": {},
    })
  })

  it("reads back what it wrote, to the byte, and everything that is stored", () => {
    fc.assert(
      fc.property(channels, (stored) => {
        const text = writeChannelsJson(stored, true)
        const back = channelsOf(text)
        expect(writeChannelsJson(back, true)).toBe(text)
        const facts = (all: ReadonlyArray<ChannelConfig>) =>
          all.map(({ last_output_number: _, outputs, should_run: __, ...channel }) => ({
            ...channel,
            outputs: outputs.map(({ slug: ___, ...output }) => output),
          }))
        expect(facts(back)).toEqual(facts(stored))
      }),
      { numRuns: 50 },
    )
  })

  it("never throws, whatever it is given, and repeats no secret", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((v) => JSON.stringify({ a: { config: v } })),
        ),
        (text) => {
          const found = read(text)
          if (!found.ok) expect(found.errors.length).toBeGreaterThan(0)
        },
      ),
      { numRuns: 300 },
    )
    const bad = {
      a: {
        config: {
          name: "A",
          rtp_port: 5000,
          outputs: [{ url: "rtmp://h/live/s3cret-key", stream_key: "s3cret-key" }, 7],
        },
      },
    }
    const found = read(JSON.stringify(bad))
    expect(found.ok).toBe(false)
    expect(JSON.stringify(found)).not.toContain("s3cret-key")
  })

  it("takes time without an offset for UTC, and ids and slugs only where they are unique", () => {
    const output = { id: "o", url: "udp://192.0.2.1:9000" }
    const config = (rtp_port: number) => ({ name: "A", slug: "same", rtp_port, outputs: [output] })
    const [first, second] = channelsOf(
      JSON.stringify({
        a: { config: config(5000), created_at: "2025-10-30T12:00:00.123456" },
        b: { config: config(5001), created_at: "soon" },
      }),
    )
    expect(first).toMatchObject({
      id: "a",
      slug: "same",
      created_at: "2025-10-30T12:00:00.123Z",
      outputs: [{ id: "o" }],
    })
    expect(second).toMatchObject({ id: "b", slug: "a", created_at: NOW })
    expect(second?.outputs[0]?.id).toMatch(/^[0-9a-f-]{36}$/)
  })

  it("finds what two channels of the file cannot both have", () => {
    const config = { name: "A", rtp_ip: "0.0.0.0", rtp_port: 5000 }
    const found = read(JSON.stringify({ a: { config }, b: { config } }))
    expect(found).toMatchObject({ ok: false, errors: [{ path: "b.config.rtp_port" }] })
  })
})
