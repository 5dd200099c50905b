/** Cues as CSV. */
import type { Zone } from "../../core/schedule/local-time.ts"
import type { ChannelCueView, CueProof, CueView } from "../../effects/model/cue.ts"
import { type CsvColumn, csvOf } from "./csv.ts"
import { localColumns } from "./local-columns.ts"

const proofText = ({ acknowledged_ms, delay_ms, output, reason, status }: CueProof): string => {
  const arrived = acknowledged_ms === undefined ? "" : `, acknowledged after ${Math.round(acknowledged_ms)} ms`
  if (status === "sent") return `${output}: sent after ${Math.round(delay_ms ?? 0)} ms${arrived}`
  if (status === "pending") return `${output}: pending`
  if (status === "no_cues") return `${output}: carries no cues`
  return status === "no_receiver" ? `${output}: no receiver` : `${output}: missed (${reason ?? "no reason is known"})`
}

const hexByte = (value: number) => `0x${value.toString(16).padStart(2, "0")}`
const having = ({ outputs }: CueView, status: CueProof["status"]) =>
  outputs.filter((proof) => proof.status === status).length

/** Columns of one channel's cues; the last ones have the times by the clock of a zone. */
export const cueColumns = (zone: Zone): ReadonlyArray<CsvColumn<CueView>> => [
  ["id", ({ id }) => id],
  ["at", ({ at }) => at],
  ["last_at", ({ last_at }) => last_at],
  ["source", ({ source }) => source],
  ["pid", ({ pid }) => pid],
  ["kind", ({ kind }) => kind],
  ["command", ({ command }) => command],
  ["event_id", ({ event_id }) => event_id],
  ["event_ids", ({ event_ids }) => event_ids.join(" ")],
  ["segmentation_type_ids", (cue) => cue.segmentation_type_ids.map(hexByte).join(" ")],
  ["upids", ({ upids }) => upids.join("; ")],
  ["pts", ({ pts }) => pts],
  ["preroll_s", ({ preroll_s }) => preroll_s],
  ["duration_s", ({ duration_s }) => duration_s],
  ["description", ({ description }) => description],
  ["crc_ok", ({ crc_ok }) => crc_ok],
  ["errors", ({ errors }) => errors.join("; ")],
  ["repeats", ({ repeats }) => repeats],
  ["manual", ({ manual }) => manual],
  ["outputs_sent", (cue) => having(cue, "sent")],
  ["outputs_missed", (cue) => having(cue, "missed")],
  ["outputs", ({ outputs }) => outputs.map(proofText).join("; ")],
  ["base64", ({ base64 }) => base64],
  ["hex", ({ hex }) => hex],
  ...localColumns<CueView>(zone, [
    ["at", ({ at }) => at],
    ["last_at", ({ last_at }) => last_at],
  ]),
]

/** CSV of one channel's cues: a header and a line for each cue. */
export const cuesAsCsv = (cues: ReadonlyArray<CueView>, zone: Zone): string => csvOf(cueColumns(zone), cues)

/** Columns of several channels' cues: the channel comes first. */
export const channelCueColumns = (zone: Zone): ReadonlyArray<CsvColumn<ChannelCueView>> => [
  ["channel", ({ channel }) => channel.slug],
  ...cueColumns(zone),
]
