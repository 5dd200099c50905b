/** Cues as CSV (RFC 4180), safe to open in a spreadsheet. */
import type { CueProof, CueView } from "../effects/cue-model.ts"

type Cell = string | number | boolean | null

/** Spreadsheets run what begins with one of these as a formula; UPIDs and descriptions are what somebody sent us. */
const FORMULA = /^[=+\-@\t\r]/

const cell = (value: Cell): string => {
  if (value === null) return ""
  if (typeof value !== "string") return String(value)
  const safe = FORMULA.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const proofText = ({ delay_ms, output, reason, status }: CueProof): string => {
  if (status === "sent") return `${output}: sent after ${Math.round(delay_ms ?? 0)} ms`
  return status === "pending" ? `${output}: pending` : `${output}: missed (${reason ?? "no reason is known"})`
}

const hexByte = (value: number) => `0x${value.toString(16).padStart(2, "0")}`
const having = ({ outputs }: CueView, status: CueProof["status"]) => outputs.filter((proof) => proof.status === status).length

const COLUMNS: ReadonlyArray<readonly [string, (cue: CueView) => Cell]> = [
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
]

/** A header and a line for each cue; lines end with CR LF. */
export const cuesAsCsv = (cues: ReadonlyArray<CueView>): string => {
  const rows = [COLUMNS.map(([name]) => name), ...cues.map((cue) => COLUMNS.map(([, of]) => cell(of(cue))))]
  return rows.map((row) => `${row.join(",")}\r\n`).join("")
}
