import { describe, expect, it } from "vitest"
import { CHECK_CODES, type CheckCode, checksOf } from "./checks.ts"
import { draftOf } from "./draft.ts"
import { elsewhere, isAtLeg, matchesOf, type OurChannel } from "./our-legs.ts"
import type { AnswerOptions } from "./testing/answers.ts"
import { ADDRESSES, mediaChannel, ourChannel } from "./testing/ours.ts"
import { valuesFor } from "./values.ts"

const checks = (
  options: AnswerOptions = {},
  ours: Partial<OurChannel> = {},
  taken: ReadonlyArray<number> = [],
  addresses = ADDRESSES,
) => {
  const media = mediaChannel(options)
  return checksOf(media, matchesOf(media, [ourChannel(ours)], addresses), new Set(taken))
}

describe("which output feeds which leg", () => {
  it.each([
    ["rtp://198.51.100.5:5000", "0.0.0.0", true],
    ["udp://198.51.100.5:5000", "0.0.0.0", true],
    ["rtp://198.51.100.5:5001", "0.0.0.0", false],
    ["rtp://192.0.2.1:5000", "0.0.0.0", false],
    ["rtp://10.0.0.5:5000", "10.0.0.5", true],
    ["rtp://198.51.100.5:5000", "10.0.0.5", true],
    ["rtp://239.1.1.1:5000", "239.1.1.1", true],
    ["rtp://[2001:db8:0::5]:5000", "2001:db8::5", true],
    ["srt://198.51.100.5:5000", "0.0.0.0", false],
    ["rtp://Ingest.Example.com:5000", "0.0.0.0", true],
  ])("%s, received on %s: %s", (url, ip, matches) => {
    const [destination] = mediaChannel({ urls: [url] }).destinations[0]?.pipelines ?? []
    if (destination === undefined) throw new Error("no destination")
    const leg = { source: "primary", ip, port: 5000, by: "rtp" } as const
    expect(isAtLeg(destination, leg, [...ADDRESSES, "ingest.example.com"])).toBe(matches)
  })

  it("names pipelines and legs, and where else the channel sends to", () => {
    const others = { spare: ["rtp://192.0.2.9:5000"], package: [] }
    const media = mediaChannel({ others })
    const matches = matchesOf(media, [ourChannel(), ourChannel({ id: "other", legs: [] })], ADDRESSES)
    expect(matches.map(({ channel, destination, leg }) => [destination.pipeline, channel.slug, leg.source])).toEqual([
      [0, "news", "primary"],
      [1, "news", "backup"],
    ])
    expect(elsewhere(media, matches)).toEqual(["rtp://192.0.2.9:5000", "package"])
    expect(elsewhere(media, matches.slice(1))).toContain("rtp://198.51.100.5:5000")
  })
})

const PATH = "encoderSettings.outputGroups[0].outputs[0].outputSettings.udpOutputSettings"
const TS = `${PATH}.containerSettings.m2tsSettings`
const FEC = { includeFec: "COLUMN_AND_ROW", columnDepth: 10, rowLength: 10 }
const TWO = ["rtp://198.51.100.5:5000", "rtp://198.51.100.6:5010"]
/** With a second machine's address, so that nothing is found unless a case brings it. */
const BOTH = [...ADDRESSES, "198.51.100.6"]

/** Each: code, MediaLive, ours, ports that others have, its severity, and the setting that it names. */
const CASES: ReadonlyArray<
  readonly [CheckCode, AnswerOptions, Partial<OurChannel>, ReadonlyArray<number>, "error" | "warning", string | null]
> = [
  ["scte35_off", { m2ts: { scte35Control: "NONE" } }, {}, [], "error", `${TS}.scte35Control`],
  ["scte35_pid_missing", { m2ts: { scte35Pid: "" } }, {}, [], "warning", `${TS}.scte35Pid`],
  ["scte35_pid_other", {}, { scte35Pid: 501 }, [], "error", `${TS}.scte35Pid`],
  ["scte35_not_taken_in", { scte35Pid: null }, {}, [], "warning", "inputAttachments[].inputSettings.scte35Pid"],
  ["fec_off_here", { fec: FEC }, {}, [], "warning", `${PATH}.fecOutputSettings.includeFec`],
  ["fec_ports_taken", { fec: FEC }, { fec: true }, [5004], "error", `${PATH}.fecOutputSettings.includeFec`],
  ["one_destination", { urls: TWO.slice(0, 1) }, {}, [], "warning", "destinations[].settings[].url"],
  ["same_machine", { urls: [] }, {}, [], "warning", "destinations[].settings[].url"],
  [
    "pipeline_elsewhere",
    { urls: [TWO[0] ?? "", "rtp://192.0.2.9:1"] },
    {},
    [],
    "warning",
    "destinations[].settings[].url",
  ],
  [
    "input_loss_drops",
    { inputLossAction: "DROP_PROGRAM" },
    {},
    [],
    "warning",
    "encoderSettings.outputGroups[0].outputGroupSettings.udpGroupSettings.inputLossAction",
  ],
  ["vbr", { m2ts: { rateMode: "VBR" } }, {}, [], "warning", `${TS}.rateMode`],
  [
    "audio_rtmp",
    { audio: "mp2Settings" },
    { hasRtmp: true },
    [],
    "warning",
    "encoderSettings.audioDescriptions[0].codecSettings",
  ],
  [
    "video_rtmp",
    { video: "mpeg2Settings" },
    { hasRtmp: true },
    [],
    "warning",
    "encoderSettings.videoDescriptions[].codecSettings",
  ],
  [
    "private_address",
    { urls: ["rtp://10.0.0.5:5000", TWO[1] ?? ""] },
    {},
    [],
    "error",
    "destinations[].settings[].url",
  ],
  ["sender_not_allowed", {}, { allowedSenders: ["203.0.113.10", "192.0.2.0/24"] }, [], "error", null],
]

describe("checks", () => {
  it("find nothing where both sides fit", () => {
    const allowedSenders = ["203.0.113.0/24"]
    expect(checks({ urls: TWO, fec: FEC }, { fec: true, allowedSenders, scte35Pid: 500 }, [], BOTH)).toEqual([])
    const single = { channelClass: "SINGLE_PIPELINE", urls: TWO.slice(0, 1) } as const
    expect(checks(single, { hasRtmp: true }, [], BOTH)).toEqual([])
    const vpc = { subnetIds: ["subnet-1"] }
    expect(checks({ urls: ["rtp://10.0.0.5:5000", TWO[1] ?? ""], vpc }, {}, [], [...BOTH, "10.0.0.5"])).toEqual([])
  })

  it.each(CASES)("find %s, with the setting's path", (code, options, ours, taken, severity, setting) => {
    const urls = code === "same_machine" ? ["rtp://198.51.100.5:5000", "rtp://198.51.100.5:5010"] : TWO
    const given = options.urls === undefined || options.urls.length === 0 ? { ...options, urls } : options
    const found = checks(given, ours, taken, [...BOTH, "10.0.0.5"])
    expect(found.map((check) => check.code)).toEqual([code])
    expect(found[0]).toMatchObject({ severity, setting, output: "ts" })
    expect(found[0]?.message).toMatch(/\S{3}/)
  })

  it("are all tried", () => expect(CASES.map(([code]) => code)).toEqual([...CHECK_CODES]))

  it("say nothing of RTMP where there is none", () => {
    expect(checks({ urls: TWO, audio: "mp2Settings", video: "mpeg2Settings" }, {}, [], BOTH)).toEqual([])
  })
})

describe("values to type", () => {
  it("are exact, with the path of each setting", () => {
    const values = valuesFor(ourChannel({ fec: true, scte35Pid: 600 }), ADDRESSES)
    expect(values.map(({ name, value }) => [name, value])).toEqual([
      ["Channel class", "STANDARD"],
      ["Destination A", "rtp://198.51.100.5:5000"],
      ["Destination B", "rtp://198.51.100.5:5010"],
      ["Input loss action", "EMIT_PROGRAM"],
      ["SCTE-35 control", "PASSTHROUGH"],
      ["SCTE-35 PID", "600"],
      ["Rate mode", "CBR"],
      ["FEC output settings, include FEC", "COLUMN_AND_ROW"],
    ])
    // What is typed is what the checks then find nothing to say about.
    const [, a, b] = values
    expect(checks({ urls: [a?.value ?? "", b?.value ?? ""], fec: FEC }, { fec: true }).map(({ code }) => code)).toEqual(
      ["same_machine"],
    )
  })

  it("name an address of a leg's own, IPv6 in brackets, and a place to fill in where none is known", () => {
    const legs = [{ source: "primary", ip: "2001:db8::7", port: 5000, by: "rtp" } as const]
    expect(valuesFor(ourChannel({ legs }), [])[1]?.value).toBe("rtp://[2001:db8::7]:5000")
    expect(valuesFor(ourChannel(), [])[1]?.value).toBe("rtp://THIS-MACHINE:5000")
  })
})

describe("a channel from an output", () => {
  const drafted = (options: AnswerOptions, addresses = ADDRESSES) => {
    const media = mediaChannel(options)
    const [output] = media.outputs
    if (output === undefined) throw new Error("no output")
    return draftOf(media, output, addresses)
  }

  it("has legs, FEC, allowed senders, the PID and the name of the channel", () => {
    expect(drafted({ fec: FEC })).toEqual({
      draft: {
        name: "Main Event",
        rtp_ip: "0.0.0.0",
        rtp_port: 5000,
        backup_rtp_ip: "0.0.0.0",
        backup_rtp_port: 5010,
        input: { fec: "auto", allowed_senders: ["203.0.113.10", "203.0.113.11"], scte35_pid: 500 },
      },
      notes: [],
    })
  })

  it("gives legs at one port an address each", () => {
    const urls = ["rtp://198.51.100.5:5000", "rtp://198.51.100.6:5000"]
    expect(drafted({ urls }, ["198.51.100.5", "198.51.100.6"]).draft).toMatchObject({
      rtp_ip: "198.51.100.5",
      backup_rtp_ip: "198.51.100.6",
    })
  })

  it("leaves out what goes to other machines, and says so", () => {
    const other = drafted({ urls: TWO })
    expect(other.draft).not.toHaveProperty("backup_rtp_port")
    expect(other.notes[0]).toContain("Only one of its pipelines")
    expect(drafted({ urls: TWO }, ["192.0.2.1"]).notes[0]).toContain("No destination of this output")
    expect(drafted({ urls: TWO.slice(0, 1) }).notes[0]).toContain("second pipeline has no destination")
  })

  it("listens for SRT, without senders that NAT may hide", () => {
    const { draft } = drafted({ srt: true, urls: ["srt://198.51.100.5:8890", "srt://198.51.100.5:8891"] })
    expect(draft).toMatchObject({
      input_url: "srt://:8890?mode=listener",
      backup_input_url: "srt://:8891?mode=listener",
    })
    expect(draft.input).not.toHaveProperty("allowed_senders")
  })
})
