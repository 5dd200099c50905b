/** Cues for tests. */
import {
  type BuiltCue,
  type SpliceInsertOptions,
  spliceInsert,
  spliceNull,
  timeSignal,
} from "../../core/scte35/build-cue.ts"
import type { Event } from "../../engine/protocol/messages.ts"
import type { NewCue } from "../model/cue.ts"

const base64Of = (built: BuiltCue): string => {
  if (!built.ok) throw new Error(built.problems.join("; "))
  return built.section.base64
}

/** Times in seconds on the stream's clock. */
export const outCue = (
  event: number,
  atS: number,
  durationS?: number,
  over: Partial<SpliceInsertOptions> = {},
): string =>
  base64Of(
    spliceInsert({
      splice_event_id: event,
      out_of_network_indicator: true,
      pts_time: atS * 90_000,
      break_duration_seconds: durationS,
      ...over,
    }),
  )
export const inCue = (event: number, atS: number): string =>
  base64Of(spliceInsert({ splice_event_id: event, out_of_network_indicator: false, pts_time: atS * 90_000 }))
export const nullCue = (): string => base64Of(spliceNull())
export const segmentCue = (event: number, type: number, upid: string, durationS?: number): string =>
  base64Of(
    timeSignal({
      pts_time: 900_000,
      segmentation: [
        {
          segmentation_event_id: event,
          segmentation_type_id: type,
          segmentation_upid_type: 9,
          upid_text: upid,
          segmentation_duration_seconds: durationS,
        },
      ],
    }),
  )
/** The section with one bit of its CRC-32 wrong. */
export const damagedCue = (base64: string): string => {
  const bytes = Buffer.from(base64, "base64")
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  return bytes.toString("base64")
}

type Scte35Event = Extract<Event, { readonly event: "scte35" }>

export const scte35Event = (cue: number, section_base64: string, over: Partial<Scte35Event> = {}): Scte35Event => ({
  event: "scte35",
  channel_id: "ch-1",
  leg: "primary",
  pid: 500,
  cue,
  at: 0,
  clock_90k: 0,
  crc_ok: true,
  section_base64,
  ...over,
})

export const newCue = (over: Partial<NewCue> = {}): NewCue => ({
  channelId: "a",
  at: 1000,
  last_at: 1000,
  pid: 500,
  source: "primary",
  cue: 1,
  kind: "out",
  command: "splice_insert",
  event_id: 7,
  event_ids: [7],
  segmentation_type_ids: [],
  upids: [],
  pts: 900_000,
  preroll_s: 4.5,
  duration_s: 30,
  description: "a cue",
  base64: "/A==",
  crc_ok: true,
  errors: [],
  repeats: 0,
  manual: false,
  outputs: [],
  ...over,
})
