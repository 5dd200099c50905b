/**
 * What AWS answers about channels, read: `ListChannels`, `DescribeChannel` and `ListAlerts` (MediaLive API reference,
 * paths /prod/channels, /prod/channels/{id}, /prod/channels/{id}/alerts). What is missing or of another type than
 * expected is left out: an answer of a newer version of the API must not break what can still be read.
 */
import { endpointOf, shownUrl } from "./endpoint-of.ts"
import {
  type ChannelClass,
  type Destination,
  type DestinationGroup,
  type InputSpecification,
  MEDIALIVE_STATES,
  type MediaLiveAlert,
  type MediaLiveAudio,
  type MediaLiveAudioCodec,
  type MediaLiveChannel,
  type MediaLiveFec,
  type MediaLiveOutput,
  type MediaLiveState,
  type MediaLiveSummary,
  type MediaLiveTs,
  type MediaLiveVideo,
} from "./model.ts"

type Json = Readonly<Record<string, unknown>>
const object = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {}
const list = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])
const text = (value: unknown): string => (typeof value === "string" ? value : "")
const number = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null)
const oneOf = <const A extends string>(value: unknown, known: ReadonlyArray<A>): A | null =>
  known.find((one) => one === value) ?? null
/** PIDs are numbers in one place and text in another, decimal or hexadecimal. */
const pid = (value: unknown): number | null => {
  const given = typeof value === "string" && value.trim() !== "" ? Number(value) : number(value)
  return given !== null && Number.isInteger(given) && given >= 0 && given <= 8191 ? given : null
}

const stateOf = (value: unknown): MediaLiveState => oneOf(value, MEDIALIVE_STATES) ?? "UNKNOWN"
const classOf = (value: unknown): ChannelClass => oneOf(value, ["SINGLE_PIPELINE"]) ?? "STANDARD"

const destinationsOf = (value: unknown): ReadonlyArray<DestinationGroup> =>
  list(value).map((one) => {
    const { id, settings, srtSettings } = object(one)
    const urls = [list(settings), list(srtSettings)].find((given) => given.length > 0) ?? []
    const pipelines = urls.flatMap((setting, pipeline): ReadonlyArray<Destination> => {
      const url = text(object(setting)["url"])
      return url === "" ? [] : [{ pipeline, url: shownUrl(url), ...endpointOf(url) }]
    })
    return { id: text(id), pipelines }
  })

const MBPS = { MAX_10_MBPS: 10, MAX_20_MBPS: 20, MAX_50_MBPS: 50 } as const
const specificationOf = (value: unknown): InputSpecification => {
  const { codec, maximumBitrate, resolution } = object(value)
  const mbps = oneOf(maximumBitrate, ["MAX_10_MBPS", "MAX_20_MBPS", "MAX_50_MBPS"])
  return {
    codec: oneOf(codec, ["AVC", "HEVC", "MPEG2"]),
    resolution: oneOf(resolution, ["SD", "HD", "UHD"]),
    maximumMbps: mbps === null ? null : MBPS[mbps],
  }
}

/** What the list, and the description as well, tells of a channel; null for what has no id. */
const summaryOf = (value: unknown): MediaLiveSummary | null => {
  const channel = object(value)
  const id = text(channel["id"])
  if (id === "") return null
  return {
    id,
    arn: text(channel["arn"]),
    name: text(channel["name"]) || id,
    state: stateOf(channel["state"]),
    channelClass: classOf(channel["channelClass"]),
    pipelinesRunning: number(channel["pipelinesRunningCount"]) ?? 0,
    destinations: destinationsOf(channel["destinations"]),
    egressIps: list(channel["egressEndpoints"])
      .map((one) => text(object(one)["sourceIp"]))
      .filter((ip) => ip !== ""),
    inVpc: Object.keys(object(channel["vpc"])).length > 0,
    inputs: list(channel["inputAttachments"]).map((one) => {
      const { inputAttachmentName, inputId, inputSettings } = object(one)
      return { name: text(inputAttachmentName) || text(inputId), scte35Pid: pid(object(inputSettings)["scte35Pid"]) }
    }),
    specification: specificationOf(channel["inputSpecification"]),
  }
}

export interface ChannelList {
  readonly channels: ReadonlyArray<MediaLiveSummary>
  /** Null on the last page. */
  readonly next: string | null
}

export const readChannelList = (answer: unknown): ChannelList => {
  const { channels, nextToken } = object(answer)
  return { channels: list(channels).flatMap((one) => summaryOf(one) ?? []), next: text(nextToken) || null }
}

const VIDEO = { h264Settings: "AVC", h265Settings: "HEVC", mpeg2Settings: "MPEG2", av1Settings: "AV1" } as const
const videoOf = (value: unknown): MediaLiveVideo => {
  const { codecSettings, height, width } = object(value)
  const settings = object(codecSettings)
  const name = oneOf(Object.keys(settings)[0], ["h264Settings", "h265Settings", "mpeg2Settings", "av1Settings"])
  const codec = object(name === null ? null : settings[name])
  const [numerator, denominator] = [number(codec["framerateNumerator"]), number(codec["framerateDenominator"])]
  // Numbers of an earlier setting may be left beside this one.
  const follows = codec["framerateControl"] === "INITIALIZE_FROM_SOURCE"
  return {
    codec: name === null ? "OTHER" : VIDEO[name],
    width: number(width),
    height: number(height),
    bitrate: number(codec["bitrate"]) ?? number(codec["maxBitrate"]),
    frameRate: follows || numerator === null || !denominator ? null : numerator / denominator,
    enhanced: codec["qualityLevel"] === "ENHANCED_QUALITY",
  }
}

const AUDIO: ReadonlyArray<MediaLiveAudioCodec> = ["aac", "ac3", "eac3", "eac3Atmos", "mp2", "passThrough", "wav"]
const audioCodecOf = (value: unknown): MediaLiveAudioCodec => {
  const [name = ""] = Object.keys(object(object(value)["codecSettings"]))
  return AUDIO.find((codec) => name === `${codec}Settings`) ?? "other"
}

const tsOf = (settings: Json, path: string): MediaLiveTs | null => {
  const container = object(settings["containerSettings"])
  if (container["m2tsSettings"] === undefined) return null
  const m2ts = object(container["m2tsSettings"])
  return {
    path: `${path}.containerSettings.m2tsSettings`,
    // MediaLive's default removes the cues, and so does leaving it out.
    scte35Control: oneOf(m2ts["scte35Control"], ["PASSTHROUGH"]) ?? "NONE",
    scte35Pid: pid(m2ts["scte35Pid"]),
    rateMode: oneOf(m2ts["rateMode"], ["VBR"]) ?? "CBR",
    bitrate: number(m2ts["bitrate"]),
  }
}

const fecOf = (value: unknown): MediaLiveFec | null => {
  const { columnDepth, includeFec, rowLength } = object(value)
  const include = oneOf(includeFec, ["COLUMN", "COLUMN_AND_ROW"])
  return include === null ? null : { include, columnDepth: number(columnDepth), rowLength: number(rowLength) }
}

interface Encoder {
  readonly audio: ReadonlyMap<string, MediaLiveAudio>
  readonly video: ReadonlyMap<string, MediaLiveVideo>
  readonly destinations: ReadonlyMap<string, ReadonlyArray<Destination>>
}

const KINDS = [
  ["udp", "udpOutputSettings", "udpGroupSettings"],
  ["srt", "srtOutputSettings", "srtGroupSettings"],
] as const

const outputOf = (value: unknown, group: Json, groupAt: string, n: number, encoder: Encoder): MediaLiveOutput => {
  const output = object(value)
  const settings = object(output["outputSettings"])
  const [kind, key, groupKey] = KINDS.find(([, name]) => settings[name] !== undefined) ?? ["other", "", ""]
  const own = object(settings[key])
  const path = `${groupAt}.outputs[${n}].outputSettings${key === "" ? "" : `.${key}`}`
  const ref = text(object(own["destination"])["destinationRefId"])
  return {
    group: text(group["name"]),
    name: text(output["outputName"]) || `output ${n + 1}`,
    kind,
    path,
    groupPath: `${groupAt}.outputGroupSettings${groupKey === "" ? "" : `.${groupKey}`}`,
    destinations: encoder.destinations.get(ref) ?? [],
    ts: kind === "other" ? null : tsOf(own, path),
    fec: fecOf(own["fecOutputSettings"]),
    bufferMs: number(own["bufferMsec"]),
    inputLossAction: text(object(object(group["outputGroupSettings"])[groupKey])["inputLossAction"]) || null,
    video: encoder.video.get(text(output["videoDescriptionName"])) ?? null,
    audio: list(output["audioDescriptionNames"]).flatMap((name) => encoder.audio.get(text(name)) ?? []),
  }
}

/** The channel of `DescribeChannel`, or of the answers to `StartChannel` and `StopChannel`; null for what is none. */
export const readChannel = (answer: unknown): MediaLiveChannel | null => {
  const summary = summaryOf(answer)
  if (summary === null) return null
  const channel = object(answer)
  const settings = object(channel["encoderSettings"])
  const encoder: Encoder = {
    audio: new Map(
      list(settings["audioDescriptions"]).map((one, n) => [
        text(object(one)["name"]),
        { codec: audioCodecOf(one), path: `encoderSettings.audioDescriptions[${n}].codecSettings` },
      ]),
    ),
    video: new Map(list(settings["videoDescriptions"]).map((one) => [text(object(one)["name"]), videoOf(one)])),
    destinations: new Map(summary.destinations.map(({ id, pipelines }) => [id, pipelines])),
  }
  const outputs = list(settings["outputGroups"]).flatMap((group, n) =>
    list(object(group)["outputs"]).map((output, at) =>
      outputOf(output, object(group), `encoderSettings.outputGroups[${n}]`, at, encoder),
    ),
  )
  const pipelines = list(channel["pipelineDetails"]).flatMap((one) => {
    const id = Number(text(object(one)["pipelineId"]) || Number.NaN)
    return Number.isInteger(id) ? [id] : []
  })
  return { ...summary, outputs, pipelines }
}

/** The alerts that are set. */
export const readAlerts = (answer: unknown): ReadonlyArray<MediaLiveAlert> =>
  list(object(answer)["alerts"]).flatMap((one): ReadonlyArray<MediaLiveAlert> => {
    const alert = object(one)
    if (alert["state"] !== "SET") return []
    const pipeline = text(alert["pipelineId"])
    return [
      {
        id: text(alert["id"]),
        type: text(alert["alertType"]),
        pipeline: pipeline === "0" || pipeline === "1" ? Number(pipeline) : null,
        message: text(alert["message"]),
        since: text(alert["setTimestamp"]) || null,
      },
    ]
  })
