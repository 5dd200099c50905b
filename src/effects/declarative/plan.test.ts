import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import type { ChannelConfig } from "../model/channel.ts"
import { atOnce } from "../model/slices.ts"
import { channelConfig, outputConfig, outputHost } from "../testing/configs.ts"
import { diffConfigs } from "./diff.ts"
import type { ConfigDocument } from "./document.ts"
import { exportConfig, maskedDocument } from "./export.ts"
import { planOf } from "./plan.ts"
import { resolveDocument } from "./resolve.ts"
import { documents, MARK, stamp, stored, wantedBy } from "./testing/documents.ts"

const host = outputHost()
const planFor = (current: ReadonlyArray<ChannelConfig>, document: ConfigDocument) =>
  atOnce(planOf(current, wantedBy(document, current), host))
const applied = (current: ReadonlyArray<ChannelConfig>, document: ConfigDocument) =>
  stored(current, planFor(current, document).store)
/** Without what is given anew to a channel that comes back. */
const content = (channels: ReadonlyArray<ChannelConfig>) =>
  [...exportConfig(channels).channels]
    .sort((a, b) => (a.slug < b.slug ? -1 : 1))
    .map(({ outputs = [], ...own }) => ({
      ...own,
      outputs: [...outputs].sort((a, b) => (a.slug < b.slug ? -1 : 1)),
    }))

describe("applying", () => {
  it("what was exported changes nothing, with its secrets or masked", () => {
    fc.assert(
      fc.property(documents, (document) => {
        const channels = applied([], document)
        for (const again of [exportConfig(channels), maskedDocument(exportConfig(channels))]) {
          const { actions, diff, store } = planFor(channels, again)
          expect({ actions, store, diff }).toEqual({
            actions: [],
            store: [],
            diff: { changed: false, summary: "nothing changes", channels: [] },
          })
        }
      }),
    )
  })

  it("any document gives what it says, by any other one, and a second time nothing", () => {
    fc.assert(
      fc.property(documents, documents, (first, second) => {
        const before = applied([], first)
        const channels = applied(before, second)
        expect(content(channels)).toEqual(content(applied([], second)))
        const { actions, diff, store } = planFor(channels, second)
        expect({ actions, store, changed: diff.changed }).toEqual({ actions: [], store: [], changed: false })
        for (const channel of channels) {
          const was = before.find(({ slug }) => slug === channel.slug)
          if (was !== undefined)
            expect([channel.id, channel.number, channel.created_at]).toEqual([was.id, was.number, was.created_at])
          expect(channel.last_output_number).toBeGreaterThanOrEqual(
            Math.max(0, ...channel.outputs.map(({ number }) => number)),
          )
          expect(new Set(channel.outputs.map(({ number }) => number)).size).toBe(channel.outputs.length)
        }
      }),
    )
  })

  it("the version from before undoes it", () => {
    fc.assert(
      fc.property(documents, documents, (first, second) => {
        const before = applied([], first)
        const version = JSON.parse(JSON.stringify(exportConfig(before)))
        expect(content(applied(applied(before, second), version))).toEqual(content(before))
      }),
    )
  })

  it("the same configuration exports the same bytes, whatever the order of its settings was", () => {
    fc.assert(
      fc.property(documents, (document) => {
        const channels = applied([], document)
        const reversed = (fields: object) => Object.fromEntries(Object.entries(fields).reverse())
        const other = [...channels].reverse().map((one): ChannelConfig => {
          return {
            ...one,
            input: reversed(one.input),
            outputs: one.outputs.map((o) => ({ ...o, settings: reversed(o.settings) })),
          }
        })
        expect(JSON.stringify(exportConfig(other))).toBe(JSON.stringify(exportConfig(channels)))
      }),
    )
  })

  it("a plan acts where something differs, and nowhere else", () => {
    fc.assert(
      fc.property(documents, documents, (first, second) => {
        const before = applied([], first)
        const { actions, diff, store } = planFor(before, second)
        expect(store.length > 0).toBe(diff.changed)
        expect(actions.length > 0).toBe(diff.changed)
        const slugOf = (id: string) => [...before, ...stored(before, store)].find((one) => one.id === id)?.slug
        expect(new Set(actions.map(({ id }) => slugOf(id)))).toEqual(new Set(diff.channels.map(({ slug }) => slug)))
      }),
    )
  })
})

describe("secrets", () => {
  it("are in no diff and no masked export", () => {
    fc.assert(
      fc.property(documents, documents, (first, second) => {
        const before = applied([], first)
        expect(JSON.stringify(planFor(before, second).diff)).not.toContain(MARK)
        expect(JSON.stringify(maskedDocument(exportConfig(before)))).not.toContain(MARK)
      }),
    )
  })

  it("that change are told as such", () => {
    const of = (key: string) =>
      channelConfig({ outputs: [outputConfig({ url: `srt://192.0.2.1:9000?passphrase=${MARK}${key}` })] })
    const [channel] = atOnce(diffConfigs([of("1")], [of("2")], host)).channels
    const masked = "srt://192.0.2.1:9000?passphrase=***"
    expect(channel?.outputs).toEqual([
      {
        action: "updated",
        slug: "srt-1",
        name: "SRT 1",
        url: masked,
        changes: [{ field: "url", from: masked, to: masked, secret_changed: true }],
        restarts: true,
      },
    ])
  })

  const rtmp = outputConfig({ protocol: "rtmp", url: "rtmp://h.example.com/live", stream_key: `${MARK}-1` })
  const srt = outputConfig({ url: `srt://192.0.2.1:9000?passphrase=${MARK}-12345` })
  const errorsOf = (output: object, old = rtmp) => {
    const document = {
      version: 1,
      channels: [{ slug: "news", name: "News", rtp_port: 5000, outputs: [{ slug: "srt-1", ...output }] }],
    } as const
    const resolved = atOnce(resolveDocument(document, [channelConfig({ outputs: [old] })], stamp))
    return resolved.ok ? [] : resolved.errors
  }
  it.each([
    ["a masked key is as it is", { url: "rtmp://h.example.com/live", stream_key: "***" }, rtmp, []],
    [
      "a masked key stays with another URL of the protocol",
      { url: "rtmp://h.example.com/other", stream_key: "***" },
      rtmp,
      [],
    ],
    ["a masked URL is as it is", { url: "srt://192.0.2.1:9000?passphrase=***" }, srt, []],
    ["a masked key that nobody has", { url: "rtmp://h.example.com/live", stream_key: "***" }, srt, ["stream_key"]],
    ["a masked URL to another host", { url: "srt://198.51.100.1:9000?passphrase=***" }, srt, ["url"]],
    ["a masked output that there is not", { slug: "new", url: "srt://192.0.2.1:9000?passphrase=***" }, srt, ["url"]],
    [
      "a masked backup is as it is",
      { url: "srt://192.0.2.1:9000", settings: { backup_url: "srt://192.0.2.2:9000?passphrase=***" } },
      outputConfig({
        url: "srt://192.0.2.1:9000",
        settings: { backup_url: `srt://192.0.2.2:9000?passphrase=${MARK}-12345` },
      }),
      [],
    ],
    [
      "a masked backup to another host",
      { url: "srt://192.0.2.1:9000", settings: { backup_url: "srt://192.0.2.3:9000?passphrase=***" } },
      outputConfig({
        url: "srt://192.0.2.1:9000",
        settings: { backup_url: `srt://192.0.2.2:9000?passphrase=${MARK}-12345` },
      }),
      ["settings.backup_url"],
    ],
    [
      "a masked S3 key that nobody has",
      { url: "s3://bucket/live", settings: { s3_access_key_id: "A", s3_secret_access_key: "***" } },
      srt,
      ["settings.s3_secret_access_key"],
    ],
  ])("%s", (_, output, old, fields) => {
    const errors = errorsOf(output, old)
    expect(errors.map(({ path }) => path)).toEqual(fields.map((field) => `channels[0].outputs[0].${field}`))
    expect(JSON.stringify(errors)).not.toContain(MARK)
  })
})

describe("the diff", () => {
  const base = channelConfig({ outputs: [outputConfig(), outputConfig({ id: "out-2", slug: "b", number: 2 })] })
  const [first = outputConfig(), second = outputConfig()] = base.outputs
  it.each([
    ["nothing", [base], [base], "nothing changes", []],
    ["a new channel", [], [base], "1 channel created", []],
    ["a channel gone", [base], [], "1 channel removed", []],
    [
      "a field",
      [base],
      [{ ...base, rtp_port: 5002 }],
      "1 channel updated",
      [{ field: "rtp_port", from: 5000, to: 5002 }],
    ],
    [
      "a setting",
      [base],
      [{ ...base, input: { fec: "auto" } }],
      "1 channel updated",
      [{ field: "input.fec", from: null, to: "auto" }],
    ],
    ["an output gone", [base], [{ ...base, outputs: [first] }], "1 output removed", []],
    [
      "an output switched off",
      [base],
      [{ ...base, outputs: [first, { ...second, enabled: false }] }],
      "1 output updated",
      [],
    ],
    ["the order of outputs", [base], [{ ...base, outputs: [second, first] }], "nothing changes", []],
  ] as const)("%s", (_, before, wanted, summary, changes) => {
    const diff = atOnce(diffConfigs(before, wanted, host))
    expect(diff.summary).toBe(summary)
    expect(diff.channels.flatMap((one) => one.changes)).toEqual(changes)
  })

  it("says which outputs are begun anew", () => {
    const restarts = (change: object) =>
      atOnce(diffConfigs([base], [{ ...base, outputs: [first, { ...second, ...change }] }], host)).channels[0]
        ?.outputs[0]?.restarts
    expect(restarts({ url: "srt://192.0.2.9:9000" })).toBe(true)
    expect(restarts({ name: "Renamed" })).toBe(false)
    expect(restarts({ url: "srt://192.0.2.9:9000", enabled: false })).toBe(false)
  })
})

describe("a channel on demand", () => {
  const document = (enabled: boolean): ConfigDocument => ({
    version: 1,
    channels: [
      {
        slug: "news",
        name: "News",
        rtp_port: 5000,
        auto_run: "on_demand",
        outputs: [{ slug: "a", url: "udp://192.0.2.1:9000", enabled }],
      },
    ],
  })
  it("is started and stopped with its outputs", () => {
    const idle = applied([], document(false))
    expect(planFor(idle, document(true)).actions.map((action) => action.do)).toEqual(["adopt", "run"])
    const running = applied(idle, document(true))
    expect(running[0]?.should_run).toBe(true)
    expect(planFor(running, document(false)).actions.map((action) => action.do)).toEqual(["adopt", "halt"])
  })
})
