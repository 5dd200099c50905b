import { describe, expect, it } from "vitest"
import { maskSecrets } from "../../core/output/output-url.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import type { ChannelInput } from "./request-bodies.ts"
import { portConflicts, usedPorts } from "./used-ports.ts"
import { changedChannel, changedOutput, newChannel } from "./validate.ts"

let ids = 0
const stamp = { id: () => `id-${++ids}`, createdAt: "2026-01-02T03:04:05.000Z" }
const check = (input: Partial<ChannelInput>) => newChannel({ name: "News", rtp_port: 5000, ...input }, new Set(), stamp)
const paths = (input: Partial<ChannelInput>) => {
  const checked = check(input)
  return checked.ok ? [] : checked.errors.map((e) => e.path)
}

describe("newChannel", () => {
  it("fills in what is left out", () => {
    const checked = check({ outputs: [{ url: "srt://h:1" }, { url: "srt://h:2" }, { url: "udp://192.0.2.1:3" }] })
    expect(checked).toMatchObject({
      ok: true,
      value: { rtp_ip: "0.0.0.0", backup_rtp_ip: null, autostart: false, should_run: false, slug: "news" },
    })
    expect(checked.ok && checked.value.outputs.map((o) => [o.name, o.slug, o.protocol, o.enabled])).toEqual([
      ["SRT 1", "srt-1", "srt", true],
      ["SRT 2", "srt-2", "srt", true],
      ["UDP 1", "udp-1", "udp", true],
    ])
  })

  it.each<[string, Partial<ChannelInput>, string[]]>([
    [
      "takes the documented example",
      { outputs: [{ protocol: "srt", url: "srt://destination:9000?streamid=publish" }] },
      [],
    ],
    ["refuses a bad URL at its place", { outputs: [{ url: "srt://h:1" }, { url: "srt://h" }] }, ["outputs[1].url"]],
    ["refuses an unknown scheme", { outputs: [{ url: "gopher://h:1" }] }, ["outputs[0].url"]],
    [
      "refuses a protocol that is not the URL's",
      { outputs: [{ protocol: "rtmp", url: "srt://h:1" }] },
      ["outputs[0].protocol"],
    ],
    ["refuses a name as address", { rtp_ip: "localhost" }, ["rtp_ip"]],
    ["refuses a shortened address", { rtp_ip: "127.1" }, ["rtp_ip"]],
    ["wants the backup's port", { backup_rtp_ip: "127.0.0.1" }, ["backup_rtp_port"]],
    ["wants the backup's address", { backup_rtp_port: 5001 }, ["backup_rtp_ip"]],
    ["takes a source filter for a group", { rtp_ip: "232.1.1.1", input: { source: "192.0.2.1" } }, []],
    ["refuses a source filter without a group", { input: { source: "192.0.2.1" } }, ["input.source"]],
    [
      "tells of all mistakes at once",
      { rtp_ip: "x", backup_rtp_port: 1, outputs: [{ url: "?" }] },
      ["outputs[0].url", "rtp_ip", "backup_rtp_ip"],
    ],
  ])("%s", (_, input, expected) => {
    expect(paths(input)).toEqual(expected)
  })
})

describe("changedOutput", () => {
  const old = outputConfig({ url: "srt://192.0.2.1:9000?passphrase=verysecret99" })
  it("keeps the secret of a URL that comes back masked", () => {
    const masked = maskSecrets(old.url)
    expect(masked).not.toContain("verysecret99")
    expect(changedOutput(old, { url: masked, name: "Other" })).toMatchObject({
      ok: true,
      value: { name: "Other", url: old.url },
    })
  })
  it("keeps what is left out, and follows the URL's protocol", () => {
    expect(changedOutput(old, { url: "udp://192.0.2.1:1" })).toMatchObject({
      ok: true,
      value: { protocol: "udp", name: "SRT 1", slug: "srt-1" },
    })
    expect(changedOutput(old, { protocol: "udp" })).toMatchObject({ ok: false, errors: [{ path: "protocol" }] })
  })
})

describe("changedChannel, inputs", () => {
  const old = channelConfig({
    backup_rtp_ip: "239.1.1.2",
    backup_rtp_port: 5000,
    rtp_ip: "239.1.1.1",
    input: { mode: "merge", reorder_ms: 20, interface: "eth0", backup_interface: "eth1", backup_source: "192.0.2.2" },
  })
  const inputOf = (update: Parameters<typeof changedChannel>[1]) => {
    const changed = changedChannel(old, update)
    return changed.ok ? changed.value.input : changed.errors
  }

  it("keeps what is left out and takes null for the default", () => {
    expect(inputOf({ name: "Other" })).toEqual(old.input)
    expect(inputOf({ input: { reorder_ms: null, fec: "auto" } })).toEqual({
      mode: "merge",
      fec: "auto",
      interface: "eth0",
      backup_interface: "eth1",
      backup_source: "192.0.2.2",
    })
  })
  it("takes the backup's own settings away with the backup, but not the wish to merge", () => {
    const none = { backup_rtp_ip: null, backup_rtp_port: null }
    expect(inputOf({ ...none, input: { mode: null } })).toEqual({ reorder_ms: 20, interface: "eth0" })
    expect(inputOf(none)).toMatchObject([{ path: "input.mode" }])
    expect(inputOf({ ...none, input: { mode: "auto", backup_interface: "eth2" } })).toMatchObject([
      { path: "input.backup_interface" },
    ])
  })
  it("checks settings that are kept against addresses that are new", () => {
    expect(inputOf({ backup_rtp_ip: "127.0.0.1" })).toMatchObject([{ path: "input.backup_source" }])
    expect(inputOf({ backup_rtp_ip: "239.1.1.1" })).toMatchObject([{ path: "backup_rtp_port" }])
  })
})

it("changedChannel removes the backup with nulls and keeps the slug", () => {
  const old = channelConfig({ backup_rtp_ip: "127.0.0.1", backup_rtp_port: 5001 })
  expect(changedChannel(old, { name: "Sport", backup_rtp_ip: null, backup_rtp_port: null })).toMatchObject({
    ok: true,
    value: { slug: "news", name: "Sport", backup_rtp_ip: null, rtp_port: 5000 },
  })
})

describe("portConflicts", () => {
  const ports = (over: Parameters<typeof channelConfig>[0]) =>
    usedPorts(channelConfig(over), (o) => `${o.id}.url`, null)
  const listener = (port: number, id = "o", host = "") =>
    outputConfig({ id, name: id, url: `srt://${host}:${port}?mode=listener` })

  it.each<[string, ReturnType<typeof ports>, ReturnType<typeof ports>, string[]]>([
    ["same port", ports({ outputs: [] }), ports({ outputs: [], name: "Other" }), ["rtp_port"]],
    ["any address", ports({ outputs: [], rtp_ip: "0.0.0.0" }), ports({ outputs: [] }), ["rtp_port"]],
    ["other address", ports({ outputs: [], rtp_ip: "127.0.0.2" }), ports({ outputs: [] }), []],
    [
      "listener on an input's port",
      ports({ rtp_port: 1, outputs: [listener(5000)] }),
      ports({ outputs: [] }),
      ["o.url"],
    ],
    [
      "backup equal to primary",
      ports({ outputs: [], backup_rtp_ip: "127.0.0.1", backup_rtp_port: 5000 }),
      [],
      ["backup_rtp_port"],
    ],
    [
      "the local port of a backup receiver on an input's",
      ports({
        rtp_port: 1,
        outputs: [outputConfig({ id: "o", settings: { backup_url: "srt://192.0.2.2:9000?localport=5000" } })],
      }),
      ports({ outputs: [] }),
      ["o.settings.backup_url"],
    ],
    [
      "two listeners of one request",
      ports({ outputs: [listener(9000, "a"), listener(9000, "b", "127.0.0.1")] }),
      [],
      ["b.url"],
    ],
    [
      "callers share a local port",
      ports({ rtp_port: 1, outputs: [outputConfig({ id: "o", url: "srt://h:1?localport=7000" })] }),
      ports({ rtp_port: 2, outputs: [outputConfig({ url: "srt://h:2?localport=7000" })] }),
      [],
    ],
  ])("%s", (_, ours, theirs, expected) => {
    expect(portConflicts(ours, theirs).map((e) => e.path)).toEqual(expected)
  })

  const fec = { input: { fec: "auto" } } as const
  it.each<[string, ReturnType<typeof ports>, ReturnType<typeof ports>, string[]]>([
    [
      "FEC of ours on their input",
      ports({ outputs: [], ...fec }),
      ports({ outputs: [], rtp_port: 5004, name: "Sport" }),
      ['input.fec: "auto" needs UDP port 5004, which is already used by the primary input of channel "Sport"'],
    ],
    [
      "FEC of theirs on our input",
      ports({ outputs: [], rtp_port: 5002 }),
      ports({ outputs: [], name: "Sport", ...fec }),
      ['rtp_port: UDP port 5002 is already used by the primary input\'s column FEC of channel "Sport"'],
    ],
    [
      "our own listener on our FEC port",
      ports({ outputs: [listener(5002)], ...fec }),
      [],
      ['o.url: UDP port 5002 is already used by the primary input\'s column FEC of channel "News"'],
    ],
    [
      "FEC ports of another address",
      ports({ outputs: [], ...fec }),
      ports({ outputs: [], rtp_ip: "127.0.0.2", rtp_port: 5002 }),
      [],
    ],
    [
      "a relay of ours on their input, and theirs of the backup on ours",
      ports({ outputs: [], rtp_port: 7001, input: { relay_port: 5000 } }),
      ports({
        outputs: [],
        name: "Sport",
        backup_rtp_ip: "127.0.0.1",
        backup_rtp_port: 5010,
        input: { relay_port: 7000 },
      }),
      [
        'rtp_port: UDP port 7001 is already used by the backup input\'s relay of channel "Sport"',
        'input.relay_port: UDP port 5000 is already used by the primary input of channel "Sport"',
      ],
    ],
    ["no FEC", ports({ outputs: [] }), ports({ outputs: [], rtp_port: 5002 }), []],
  ])("%s", (_, ours, theirs, expected) => {
    expect(portConflicts(ours, theirs).map((e) => `${e.path}: ${e.message}`)).toEqual(expected)
  })

  it("names the other channel", () => {
    expect(portConflicts(ports({ outputs: [] }), ports({ outputs: [], name: "Sport" }))[0]?.message).toBe(
      'UDP port 5000 is already used by the primary input of channel "Sport"',
    )
  })
})
