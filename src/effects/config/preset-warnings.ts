/** What the input of a channel has that a well-known destination does not take. */

import type { OutputSettings } from "../../core/output/output-settings.ts"
import { type PresetName, presetOf } from "../../core/output/presets.ts"
import { AUDIO_CODECS, VIDEO_CODECS } from "../../core/ts/stream-types.ts"
import type { LegStats } from "../../engine/protocol/messages.ts"

/**
 * A bit rate is measured with the TS headers and over one second, so it may be this much above what the encoder was
 * set to.
 */
const TOLERANCE = 1.1

const inMbit = (bitrate: number) => `${(bitrate / 1e6).toFixed(bitrate < 1e6 ? 3 : 1)} Mbit/s`

/** Sentences for the operator, by the PMT and the figures of the leg in use; none while nothing is known of it. */
export const presetWarnings = (
  name: PresetName | null,
  settings: OutputSettings,
  leg: Pick<LegStats, "programmes" | "pids" | "access_point_interval_ms"> | undefined,
): ReadonlyArray<string> => {
  const programme = leg?.programmes[0]
  if (name === null || leg === undefined || programme === undefined) return []
  const { limits, title } = presetOf(name)
  const rateOf = (pid: number) => leg.pids.find((p) => p.pid === pid)?.bitrate ?? 0
  const carried = (codecs: Readonly<Record<number, string>>) =>
    programme.streams.flatMap(({ pid, stream_type }) => {
      const codec = codecs[stream_type]
      return codec === undefined ? [] : [{ codec, bitrate: rateOf(pid) }]
    })
  const video = carried(VIDEO_CODECS)
  const audio = carried(AUDIO_CODECS)
  const check = (what: string, streams: typeof video, codecs: ReadonlyArray<string>, most: number | null) =>
    streams
      .slice(0, 1)
      .flatMap(({ bitrate, codec }) => [
        ...(codecs.includes(codec)
          ? []
          : [`${title} does not take ${codec}: its ${what} must be ${codecs.join(" or ")}`]),
        ...(most === null || bitrate <= most * TOLERANCE
          ? []
          : [`${title} takes ${inMbit(most)} of ${what} at most, the input has ${inMbit(bitrate)}`]),
      ])
  const intervalS = (leg.access_point_interval_ms ?? 0) / 1000
  const mostS = limits.max_keyframe_interval_s
  return [
    ...check("video", video, limits.video_codecs, limits.max_video_bitrate),
    ...check("audio", audio, limits.audio_codecs, limits.max_audio_bitrate),
    ...(limits.needs_audio && audio.length === 0 && settings.audio !== "silence"
      ? [`${title} needs audio and the input has none: set "audio": "silence"`]
      : []),
    ...(mostS !== null && intervalS > mostS * TOLERANCE
      ? [`${title} wants a key frame every ${mostS} s, the input has one every ${intervalS.toFixed(1)} s`]
      : []),
  ]
}
