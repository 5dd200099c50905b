/**
 * SCTE-35 cues as RTMP data messages, in the shapes that receivers are known to read: Elemental's onCuePoint, Adobe
 * Primetime's onAdCue, YouTube's onCuePoint, and the whole section in base64.
 *
 * Every message goes out when its cue comes, ahead of the splice, as the section does in the transport stream; the
 * splice time is inside.
 */

import { difference33 } from "../es/unwrap.ts"
import { type AmfValue, amfObject } from "../rtmp/amf0.ts"
import { encodeAmf0 } from "../rtmp/amf0-encode.ts"
import { type CueAction, type CueReading, readCue } from "../scte35/cue-key.ts"
import type { ActiveSegmentation } from "../scte35/descriptor-fields.ts"
import type { SpliceInfoSection } from "../scte35/section-fields.ts"
import { PTS_MODULUS } from "../scte35/timing.ts"

export type CuePointStyle = "elemental" | "primetime" | "youtube" | "bin64"

/** When the cue comes, as the output sees it. */
export interface CueMoment {
  /** Time of the message on the output's timeline, ms. */
  readonly nowMs: number
  /** System time clock of the stream at the section, 90 kHz modulo 2^33; null when not known. */
  readonly clock90k: number | null
  /** Time on the output's timeline, ms, of a PTS (33 bits); null when not known. */
  readonly timeOf: (pts90k: number) => number | null
}

export interface CuePoint {
  /** The message's name and its object. */
  readonly values: ReadonlyArray<AmfValue>
  /** The message's own time, ms. */
  readonly timestampMs: number
  /** When the cue applies, ms on the same timeline; that of the message for a cue that applies at once. */
  readonly mediaTimeMs: number
}

/** A cue with what all styles need of it. */
interface Cue {
  readonly section: SpliceInfoSection
  readonly action: CueAction
  readonly mediaTimeMs: number
  /** From the message to the splice, ms, not negative. */
  readonly preRollMs: number
}

const MS_PER_SECOND = 1000

/** Break duration in ms, 0 when it is not announced. */
const durationMs = ({ duration90k }: CueAction): number => Math.round((duration90k ?? 0) / 90)

const segmentOf = ({ section, action }: Cue): ActiveSegmentation | null => {
  for (const one of section.descriptors ?? []) {
    if (one.name !== "segmentation_descriptor" || one.segmentation_event_cancel_indicator) continue
    if (one.segmentation_event_id === action.eventId) return one
  }
  return null
}

/** What follows the network of the break: of a splice_insert as it stands, of a segment what stands for it. */
const availOf = (
  cue: Cue,
): { immediate: boolean; unique_program_id: number; avail_num: number; avail_expected: number } => {
  const { command } = cue.section
  if (command?.name === "splice_insert" && !command.splice_event_cancel_indicator) {
    const { splice_immediate_flag: immediate, unique_program_id, avail_num, avails_expected: avail_expected } = command
    return { immediate, unique_program_id, avail_num, avail_expected }
  }
  const segment = segmentOf(cue)
  const immediate = command?.name === "time_signal" && command.pts_time === null
  return {
    immediate,
    unique_program_id: 0,
    avail_num: segment?.segment_num ?? 0,
    avail_expected: segment?.segments_expected ?? 0,
  }
}

/** Times in ms, as the one known reader adds break_duration to a message's time. */
const elemental = (cue: Cue): ReadonlyArray<AmfValue> | null => {
  const { action, section } = cue
  if (action.kind !== "out" && action.kind !== "in" && action.kind !== "cancel") return null
  const { immediate, unique_program_id, avail_num, avail_expected } = availOf(cue)
  const parameters = amfObject({
    messageType: section.command?.name ?? "",
    splice_command_type: section.splice_command_type,
    splice_event_id: action.eventId ?? 0,
    splice_event_cancel_indicator: action.kind === "cancel",
    out_of_network_indicator: action.kind === "out",
    splice_immediate: immediate,
    pre_roll_time: cue.preRollMs,
    break_duration: durationMs(action),
    unique_program_id,
    avail_num,
    avail_expected,
  })
  return ["onCuePoint", amfObject({ type: "scte35", parameters })]
}

/** SCTE-35 mode; duration 0 says that it is not known. */
const primetime = ({ section, action, mediaTimeMs }: Cue): ReadonlyArray<AmfValue> => [
  "onAdCue",
  amfObject({
    cue: section.base64,
    type: "scte35",
    id: String(action.eventId ?? 0),
    duration: durationMs(action) / MS_PER_SECOND,
    time: mediaTimeMs / MS_PER_SECOND,
  }),
]

const youtube = ({ action, preRollMs }: Cue): ReadonlyArray<AmfValue> | null =>
  action.kind !== "out" && action.kind !== "in"
    ? null
    : [
        "onCuePoint",
        amfObject({
          type: "com.youtube.cuepoint",
          version: "0.1",
          pre_roll_time_sec: preRollMs / MS_PER_SECOND,
          cue_point_start: action.kind === "out",
          break_duration_sec: action.kind === "out" ? durationMs(action) / MS_PER_SECOND : 0,
          splice_event_id: action.eventId ?? 0,
        }),
      ]

const bin64 = ({ section, mediaTimeMs }: Cue): ReadonlyArray<AmfValue> => [
  "onCuePoint",
  amfObject({ name: "scte35-bin64", type: "event", data: section.base64, time: mediaTimeMs / MS_PER_SECOND }),
]

const STYLES: Readonly<Record<CuePointStyle, (cue: Cue) => ReadonlyArray<AmfValue> | null>> = {
  elemental,
  primetime,
  youtube,
  bin64,
}

/** Ms from the message to the splice; negative when it is over. */
const aheadOf = (pts: number | null, { nowMs, clock90k, timeOf }: CueMoment): number => {
  if (pts === null) return 0
  const time = timeOf(pts)
  if (time !== null) return time - nowMs
  return clock90k === null ? 0 : Math.round(difference33(pts, clock90k) / 90)
}

const speaks = (style: CuePointStyle, { kind }: CueReading, { command }: SpliceInfoSection): boolean =>
  kind !== "null" && (style === "bin64" || command?.name === "splice_insert" || command?.name === "time_signal")

/**
 * The message for a section; null where the style has nothing to say: for heartbeats (splice_null,
 * bandwidth_reservation) and sections with errors always, for all but breaks with `elemental` (outs, ins and cancels)
 * and `youtube` (outs and ins), for commands other than splice_insert and time_signal with `primetime`. `bin64` hands
 * on everything else, encrypted sections too.
 */
export const cuePointOf = (style: CuePointStyle, section: SpliceInfoSection, moment: CueMoment): CuePoint | null => {
  if (section.errors.length > 0) return null
  const reading = readCue(section, 0)
  const action = reading.actions.find(({ kind }) => kind === reading.kind)
  if (action === undefined || !speaks(style, reading, section)) return null
  const pts = reading.pts === null ? null : (reading.pts + action.offset90k) % PTS_MODULUS
  const ahead = aheadOf(pts, moment)
  const cue = { section, action, mediaTimeMs: moment.nowMs + ahead, preRollMs: Math.max(0, ahead) }
  const values = STYLES[style](cue)
  return values === null ? null : { values, timestampMs: moment.nowMs, mediaTimeMs: cue.mediaTimeMs }
}

/** Body of the data message (type 18) for a section, to be sent at `moment.nowMs`; null as with cuePointOf. */
export const cuePoint = (style: CuePointStyle, section: SpliceInfoSection, moment: CueMoment): Uint8Array | null => {
  const point = cuePointOf(style, section, moment)
  return point === null ? null : encodeAmf0(...point.values)
}
