/**
 * What AWS bills a running MediaLive channel for: a line for each input and each output, by codec, resolution, bit rate
 * and frame rate (AWS Elemental MediaLive pricing, "On-Demand").
 */
import type { MediaLiveChannel, MediaLiveOutput } from "./model.ts"

export interface PriceLine {
  readonly kind: "input" | "output"
  /** What it is, for a person. */
  readonly name: string
  readonly pipeline: "Standard" | "Single"
  /** `AUDIO` for an output that has nothing else. */
  readonly codec: "AVC" | "HEVC" | "MPEG2" | "AV1" | "AUDIO" | null
  readonly resolution: "SD" | "HD" | "UHD" | null
  readonly mbps: "<10" | "10-20" | ">20" | null
  /** Frames a second; null for inputs and sound, which are not billed by them. */
  readonly fps: "<=30" | "30-60" | ">60" | null
  /** True for pictures of enhanced quality, which have prices of their own. */
  readonly enhanced: boolean
}

/** Lines of a picture by which it is SD, HD or UHD. */
const resolutionOf = (height: number | null): PriceLine["resolution"] =>
  height === null ? null : height < 720 ? "SD" : height <= 1080 ? "HD" : "UHD"
const mbpsOf = (bitrate: number | null): PriceLine["mbps"] =>
  bitrate === null ? null : bitrate < 10e6 ? "<10" : bitrate <= 20e6 ? "10-20" : ">20"
/** Pictures that follow their source are billed as 30 to 60 frames a second (MediaLive User Guide, "Pricing"). */
const fpsOf = (rate: number | null): PriceLine["fps"] =>
  rate === null ? "30-60" : rate <= 30 ? "<=30" : rate <= 60 ? "30-60" : ">60"

const INPUT_MBPS = { 10: "<10", 20: "10-20", 50: ">20" } as const

const outputLine = ({ audio, name, video }: MediaLiveOutput, pipeline: PriceLine["pipeline"]): PriceLine => {
  const line = { kind: "output", name, pipeline } as const
  if (video === null) {
    const codec = audio.length > 0 ? ("AUDIO" as const) : null
    return { ...line, codec, resolution: null, mbps: null, fps: null, enhanced: false }
  }
  return {
    ...line,
    codec: video.codec === "OTHER" ? null : video.codec,
    resolution: resolutionOf(video.height),
    mbps: mbpsOf(video.bitrate),
    fps: fpsOf(video.frameRate),
    // What was stored by an earlier version does not say it.
    enhanced: video.enhanced === true,
  }
}

export const priceLinesOf = (media: MediaLiveChannel): ReadonlyArray<PriceLine> => {
  const pipeline = media.channelClass === "STANDARD" ? "Standard" : "Single"
  const { codec, maximumMbps, resolution } = media.specification
  const inputs = media.inputs.map(
    ({ name }): PriceLine => ({
      kind: "input",
      name,
      pipeline,
      codec,
      resolution,
      mbps: maximumMbps === null ? null : INPUT_MBPS[maximumMbps],
      fps: null,
      enhanced: false,
    }),
  )
  return [...inputs, ...media.outputs.map((output) => outputLine(output, pipeline))]
}

/** A line in words: `output ts: HD AVC, <10 Mbit/s, <=30 fps, Standard`. */
export const describeLine = ({ codec, enhanced, fps, kind, mbps, name, pipeline, resolution }: PriceLine): string => {
  const parts = [
    codec === "AUDIO" ? "sound alone" : `${resolution ?? "?"} ${codec ?? "?"}`,
    enhanced ? "enhanced quality" : null,
    mbps === null ? null : `${mbps} Mbit/s`,
    fps === null ? null : `${fps} fps`,
    pipeline,
  ]
  return `${kind} ${name}: ${parts.filter((part) => part !== null).join(", ")}`
}

/** What a line is billed by and MediaLive does not tell, in words; empty where all is known. */
export const unknownOf = ({ codec, mbps, resolution }: PriceLine): ReadonlyArray<string> => {
  if (codec === "AUDIO") return []
  const facts = [
    ["codec", codec],
    ["resolution", resolution],
    ["bit rate", mbps],
  ] as const
  return facts.filter(([, value]) => value === null).map(([name]) => name)
}
