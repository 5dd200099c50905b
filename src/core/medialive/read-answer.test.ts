import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { propertyRuns } from "../../../test/property-runs.ts"
import { endpointOf, shownUrl } from "./endpoint-of.ts"
import { isBilled, lifecycleOf, pipelinesMissing } from "./lifecycle.ts"
import { MEDIALIVE_STATES } from "./model.ts"
import { readAlerts, readChannel, readChannelList } from "./read-answer.ts"
import { describedAnswer, summaryAnswer } from "./testing/answers.ts"

describe("the answer of DescribeChannel", () => {
  it("gives outputs with their destinations, transport streams, FEC and codecs, each with its path", () => {
    const fec = { includeFec: "COLUMN_AND_ROW", columnDepth: 10, rowLength: 10 }
    const channel = readChannel(describedAnswer({ fec, pipelinesRunningCount: 2, state: "RUNNING" }))
    expect(channel).toMatchObject({
      id: "1001",
      name: "Main Event",
      state: "RUNNING",
      channelClass: "STANDARD",
      pipelinesRunning: 2,
      pipelines: [0, 1],
      egressIps: ["203.0.113.10", "203.0.113.11"],
      inVpc: false,
      inputs: [{ name: "studio", scte35Pid: 500 }],
      specification: { codec: "AVC", resolution: "HD", maximumMbps: 20 },
    })
    expect(channel?.outputs).toEqual([
      {
        group: "distributor",
        name: "ts",
        kind: "udp",
        path: "encoderSettings.outputGroups[0].outputs[0].outputSettings.udpOutputSettings",
        groupPath: "encoderSettings.outputGroups[0].outputGroupSettings.udpGroupSettings",
        destinations: [
          { pipeline: 0, url: "rtp://198.51.100.5:5000", scheme: "rtp", host: "198.51.100.5", port: 5000 },
          { pipeline: 1, url: "rtp://198.51.100.5:5010", scheme: "rtp", host: "198.51.100.5", port: 5010 },
        ],
        ts: {
          path: "encoderSettings.outputGroups[0].outputs[0].outputSettings.udpOutputSettings.containerSettings.m2tsSettings",
          scte35Control: "PASSTHROUGH",
          scte35Pid: 500,
          rateMode: "CBR",
          bitrate: 8_000_000,
        },
        fec: { include: "COLUMN_AND_ROW", columnDepth: 10, rowLength: 10 },
        bufferMs: 1000,
        inputLossAction: "EMIT_PROGRAM",
        video: { codec: "AVC", width: 1920, height: 1080, bitrate: 6_000_000, frameRate: 25, enhanced: false },
        audio: [{ codec: "aac", path: "encoderSettings.audioDescriptions[0].codecSettings" }],
      },
    ])
  })

  it("takes passthrough that is left out for off, and a PID in hexadecimal", () => {
    const channel = readChannel(describedAnswer({ m2ts: { scte35Control: undefined, scte35Pid: "0x1f4" } }))
    expect(channel?.outputs[0]?.ts).toMatchObject({ scte35Control: "NONE", scte35Pid: 500 })
  })

  it("reads SRT outputs and their own destinations", () => {
    const channel = readChannel(describedAnswer({ srt: true, urls: ["srt://198.51.100.5:8890"] }))
    expect(channel?.outputs[0]).toMatchObject({ kind: "srt", destinations: [{ scheme: "srt", port: 8890 }] })
  })

  it("is none without an id, and never throws, whatever comes", () => {
    expect(readChannel({ name: "x" })).toBeNull()
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (destinations, encoderSettings) => {
        for (const answer of [destinations, { ...describedAnswer(), destinations, encoderSettings }]) {
          readChannel(answer)
          readChannelList({ channels: [answer], nextToken: destinations })
          readAlerts({ alerts: destinations })
        }
      }),
      { numRuns: propertyRuns(200) },
    )
  })
})

describe("the answer of ListChannels", () => {
  it("gives channels without outputs, and where the next page begins", () => {
    const answer = { channels: [summaryAnswer({ id: "1" }), summaryAnswer({ id: "2", state: "NEW_STATE" })] }
    expect(readChannelList({ ...answer, nextToken: "20" })).toMatchObject({
      channels: [
        { id: "1", state: "IDLE", destinations: [{ id: "dist", pipelines: [{ port: 5000 }, { port: 5010 }] }] },
        { id: "2", state: "UNKNOWN" },
      ],
      next: "20",
    })
    expect(readChannelList(answer).next).toBeNull()
  })
})

it("the answer of ListAlerts gives alerts that are set, by pipeline", () => {
  const alert = { id: "1", alertType: "No input", message: "none", setTimestamp: "2026-11-24T08:00:00Z" }
  const alerts = [
    { ...alert, state: "SET", pipelineId: "1" },
    { ...alert, id: "2", state: "CLEARED", pipelineId: "0" },
    { ...alert, id: "3", state: "SET" },
  ]
  expect(readAlerts({ alerts })).toEqual([
    { id: "1", type: "No input", pipeline: 1, message: "none", since: "2026-11-24T08:00:00Z" },
    { id: "3", type: "No input", pipeline: null, message: "none", since: "2026-11-24T08:00:00Z" },
  ])
})

it.each([
  ["rtp://198.51.100.5:5000", "rtp", "198.51.100.5", 5000],
  ["RTP://Ingest.Example.com:5000/", "rtp", "ingest.example.com", 5000],
  ["rtp://[2001:db8::1]:5000", "rtp", "2001:db8::1", 5000],
  ["srt://user@192.0.2.1:8890?streamid=x", "srt", "192.0.2.1", 8890],
  ["udp://239.1.1.1", "udp", "239.1.1.1", null],
  ["rtp://h:70000", "rtp", "h", null],
  ["s3ssl://bucket/key", "s3ssl", "bucket", null],
  ["no url", "", "", null],
])("the endpoint of %s", (url, scheme, host, port) => expect(endpointOf(url)).toEqual({ scheme, host, port }))

describe("states", () => {
  it.each([
    ["IDLE", 0, "ready", false],
    ["STARTING", 0, "starting", false],
    ["RUNNING", 2, "streaming", true],
    ["RUNNING", 0, "error", true],
    ["RECOVERING", 1, "error", true],
    ["STOPPING", 2, "stopping", true],
    ["CREATE_FAILED", 0, "error", false],
  ] as const)("%s with %i pipelines is %s", (state, pipelinesRunning, lifecycle, billed) => {
    expect(lifecycleOf({ state, pipelinesRunning })).toBe(lifecycle)
    expect(isBilled(state)).toBe(billed)
  })

  it("of every kind have a word", () => {
    for (const state of MEDIALIVE_STATES) expect(lifecycleOf({ state, pipelinesRunning: 1 })).toMatch(/^[a-z]+$/)
  })

  it.each([
    ["STANDARD", 2, 0],
    ["STANDARD", 1, 1],
    ["SINGLE_PIPELINE", 1, 0],
  ] as const)("a running %s channel with %i pipelines misses %i", (channelClass, pipelinesRunning, missing) => {
    expect(pipelinesMissing({ channelClass, pipelinesRunning, state: "RUNNING" })).toBe(missing)
    expect(pipelinesMissing({ channelClass, pipelinesRunning: 0, state: "IDLE" })).toBe(0)
  })
})

it.each([
  ["rtp://198.51.100.5:5000", "rtp://198.51.100.5:5000"],
  ["rtp://[2001:db8::1]:5000/", "rtp://[2001:db8::1]:5000"],
  ["rtmp://me:password@a.example.com/live/STREAM-KEY", "rtmp://a.example.com/…"],
  ["https://cdn.example.com/in.m3u8?token=T", "https://cdn.example.com/…"],
  ["srt://192.0.2.1:8890?passphrase=P", "srt://192.0.2.1:8890/…"],
  ["STREAM-KEY", "(no URL)"],
])("%s is shown as %s", (url, shown) => expect(shownUrl(url)).toBe(shown))
