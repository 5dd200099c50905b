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
  readonly codec: "AVC" | "HEVC" | "MPEG2" | "AV1" | null
  readonly resolution: "SD" | "HD" | "UHD" | null
  readonly mbps: "<10" | "10-20" | ">20" | null
  /** Frames a second; null for inputs, which are not billed by them. */
  readonly fps: "<=30" | "30-60" | ">60" | null
}

/** Lines of a picture by which it is SD, HD or UHD. */
const resolutionOf = (height: number | null): PriceLine["resolution"] =>
  height === null ? null : height < 720 ? "SD" : height <= 1080 ? "HD" : "UHD"
const mbpsOf = (bitrate: number | null): PriceLine["mbps"] =>
  bitrate === null ? null : bitrate < 10e6 ? "<10" : bitrate <= 20e6 ? "10-20" : ">20"
const fpsOf = (rate: number | null): PriceLine["fps"] =>
  rate === null ? null : rate <= 30 ? "<=30" : rate <= 60 ? "30-60" : ">60"

const INPUT_MBPS = { 10: "<10", 20: "10-20", 50: ">20" } as const

const outputLine = ({ name, video }: MediaLiveOutput, pipeline: PriceLine["pipeline"]): PriceLine => ({
  kind: "output",
  name,
  pipeline,
  codec: video === null || video.codec === "OTHER" ? null : video.codec,
  resolution: resolutionOf(video?.height ?? null),
  mbps: mbpsOf(video?.bitrate ?? null),
  fps: fpsOf(video?.frameRate ?? null),
})

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
    }),
  )
  return [...inputs, ...media.outputs.map((output) => outputLine(output, pipeline))]
}

/** A line in words: `output ts: HD AVC, <10 Mbit/s, <=30 fps, Standard`. */
export const describeLine = ({ codec, fps, kind, mbps, name, pipeline, resolution }: PriceLine): string => {
  const parts = [
    `${resolution ?? "?"} ${codec ?? "?"}`,
    mbps === null ? null : `${mbps} Mbit/s`,
    fps === null ? null : `${fps} fps`,
    pipeline,
  ]
  return `${kind} ${name}: ${parts.filter((part) => part !== null).join(", ")}`
}
