import { describe, expect, it } from "vitest"
import type { ChannelConfig } from "../model/channel.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import type { Ingest } from "./ingest.ts"
import { portConflicts, reservedPorts, usedPorts } from "./used-ports.ts"

const SECRET = "0123456789abcdef"
const at = (query: string, host = "") => `srt://${host}:9000?mode=listener${query}`
const channel = (input_url: string, over: Partial<ChannelConfig> = {}) =>
  channelConfig({ input_url, rtp_ip: "0.0.0.0", rtp_port: 9000, outputs: [], ...over })
const sport = { id: "ch-2", slug: "sport", name: "Sport" }
const say = (mine: ChannelConfig, other: ChannelConfig, ingest: Ingest | null = null) =>
  portConflicts(
    usedPorts(mine, () => "url", ingest),
    [...reservedPorts(ingest), ...usedPorts(other, () => "url", ingest)],
  ).map(({ message, path }) => `${path}: ${message}`)
const TAKEN = 'UDP port 9000 is already used by the primary input of channel "Sport"'

describe("SRT inputs at one port", () => {
  it.each([
    ["stream ids of their own", at("&streamid=a"), at("&streamid=b")],
    ["the same passphrase", at(`&streamid=a&passphrase=${SECRET}`), at(`&streamid=b&passphrase=${SECRET}`)],
    ["sessions that differ", at("&streamid=%23!::r=a,s=1111"), at("&streamid=%23!::r=a,s=2222")],
    ["the same options in another order", at("&streamid=a&latency=300&fc=1000"), at("&fc=1000&latency=300&streamid=b")],
  ])("share it with %s", (_, mine, other) => {
    expect(say(channel(mine), channel(other, sport))).toEqual([])
  })

  it.each([
    [
      "no stream id",
      at(""),
      at("&streamid=b"),
      "SRT inputs share a port only when each has a streamid of its own; give both one, or take another port",
    ],
    [
      "the same stream id",
      at("&streamid=a"),
      at("&streamid=a"),
      "a sender with its streamid would fit both; give this one another streamid",
    ],
    [
      "a stream id that means the same",
      at("&streamid=%23!::r=a,m=publish"),
      at("&streamid=publish:a"),
      "a sender with its streamid would fit both; give this one another streamid",
    ],
    [
      "another passphrase",
      at(`&streamid=a&passphrase=${SECRET}`),
      at(`&streamid=b&passphrase=${SECRET}x`),
      "inputs that share a port need the same socket options, and these differ: passphrase",
    ],
    [
      "another key length and latency",
      at(`&streamid=a&passphrase=${SECRET}&pbkeylen=32&latency=300`),
      at(`&streamid=b&passphrase=${SECRET}`),
      "inputs that share a port need the same socket options, and these differ: latency, pbkeylen",
    ],
    [
      "another address",
      at("&streamid=a", "192.0.2.1"),
      at("&streamid=b"),
      "it listens on another address; inputs that share a port listen on the same address",
    ],
  ])("do not share it with %s", (_, mine, other, why) => {
    expect(say(channel(mine), channel(other, sport))).toEqual([`input_url: ${TAKEN}: ${why}`])
  })

  it("do not share it with RTP, or with an output that listens", () => {
    expect(say(channel(at("&streamid=a")), channelConfig({ ...sport, rtp_port: 9000, outputs: [] }))).toEqual([
      `input_url: ${TAKEN}`,
    ])
    const listens = channelConfig({ ...sport, rtp_port: 1, outputs: [outputConfig({ url: at("&streamid=b") })] })
    expect(say(channel(at("&streamid=a")), listens)).toEqual([
      'input_url: UDP port 9000 is already used by output "SRT 1" of channel "Sport"',
    ])
  })

  it("share it within a channel", () => {
    const backup = { backup_rtp_ip: "0.0.0.0", backup_rtp_port: 9000 }
    const both = channel(at("&streamid=a"), { ...backup, backup_input_url: at("&streamid=b") })
    const none = channelConfig({ ...sport, rtp_port: 1, outputs: [] })
    expect(say(both, none)).toEqual([])
    expect(say({ ...both, backup_input_url: at("&streamid=a") }, none)).toEqual([
      expect.stringContaining("backup_input_url: UDP port 9000 is already used by the primary input"),
    ])
  })
})

describe("the ingest port", () => {
  const ingest = { port: 9000, passphrase: SECRET }

  it("is shared by channels without stream ids of their own, and by both legs of one", () => {
    const backup = { backup_rtp_ip: "0.0.0.0", backup_rtp_port: 9000, backup_input_url: at("") }
    expect(say(channel(at(""), backup), channel(at(""), { ...sport, ...backup }), ingest)).toEqual([])
    expect(say(channel(at(`&passphrase=${SECRET}`)), channel(at("&streamid=mine"), sport), ingest)).toEqual([])
  })

  it("is refused to a stream id that is another channel's", () => {
    expect(say(channel(at("&streamid=publish:sport")), channel(at(""), sport), ingest)).toEqual([
      expect.stringContaining("would fit both"),
    ])
  })

  it("is for nothing else", () => {
    const none = channelConfig({ ...sport, rtp_port: 1, outputs: [] })
    const why = "UDP port 9000 is already used by the SRT inputs of all channels (SRT_INGEST_PORT)"
    expect(say(channelConfig({ rtp_port: 9000, outputs: [] }), none, ingest)).toEqual([`rtp_port: ${why}`])
    expect(say(channelConfig({ outputs: [outputConfig({ url: at("") })] }), none, ingest)).toEqual([`url: ${why}`])
  })
})
