/** SCTE-35: decoding, cues with their proofs, insertion. */
import { CUE_COMMANDS, CUE_KINDS, CUE_OUTCOMES } from "../../../effects/model/cue.ts"
import { MAX_CSV_LIMIT } from "../../request/cue-query.ts"
import { MAX_LIMIT } from "../../request/event-query.ts"
import { before, limit, time } from "./channels.ts"
import type { Operation, Parameter } from "./operation.ts"

const TYPES = [...CUE_KINDS, ...CUE_COMMANDS]
const TYPE = `(${TYPES.join("|")}|\\d{1,3}|0[xX][0-9a-fA-F]{1,2})`

export const CUE_PARAMETERS: ReadonlyArray<Parameter> = [
  limit(MAX_CSV_LIMIT, `How many; ${MAX_LIMIT} at most unless format is csv, which holds all without it`),
  before("cues"),
  time("since", "Only cues at or after this time"),
  time("until", "Only cues before this time"),
  {
    name: "type",
    description: `Only these, separated by commas: ${TYPES.join(", ")}, or a segmentation_type_id in decimal or hexadecimal`,
    schema: { type: "string", pattern: `^ *${TYPE} *(, *${TYPE} *)*$` },
    example: "splice_insert,0x34",
  },
  {
    name: "event_id",
    description: "Only cues with this event id, in decimal or hexadecimal",
    schema: { type: "string", pattern: "^(\\d{1,10}|0[xX][0-9a-fA-F]{1,8})$" },
    example: "0x4711",
  },
  {
    name: "upid",
    description: "Only cues with this text in a UPID; case does not matter",
    schema: { type: "string", minLength: 1, maxLength: 256 },
  },
  {
    name: "outcome",
    description: "`missed`: only cues that did not leave by some output",
    schema: { type: "string", enum: [...CUE_OUTCOMES] },
  },
  {
    name: "format",
    description: "CSV has a header line, and no `section`",
    schema: { type: "string", enum: ["json", "csv"], default: "json" },
  },
]

export const scte35Operations: ReadonlyArray<Operation> = [
  {
    method: "post",
    path: "/api/scte35/decode",
    id: "decodeCue",
    tag: "SCTE-35",
    summary: "Decode a cue",
    description: "A section that decodes but is wrong is a 200 with its `errors`; text that holds no section is a 400.",
    body: "DecodeInput",
    answers: { 200: { description: "All fields, in the names of SCTE 35", schema: "SpliceInfoSection" } },
    problems: ["invalid-input"],
  },
  {
    method: "get",
    path: "/api/channels/{id}/cues",
    id: "listCues",
    tag: "SCTE-35",
    summary: "The cues of a channel, newest first, with the proof for each output",
    query: CUE_PARAMETERS,
    answers: { 200: { description: "Cues", schema: "Cues", content: { "text/csv": { type: "string" } } } },
    problems: ["invalid-input", "not-found", "store-unavailable"],
  },
  {
    method: "post",
    path: "/api/channels/{id}/cues",
    id: "insertCue",
    tag: "SCTE-35",
    summary: "Insert a cue into the stream",
    description:
      "Off until `input.manual_cues` is true. The body has either `cue` or `command` with its fields. 503 leaves open whether the cue goes out.",
    body: "CueInput",
    idempotent: true,
    answers: { 202: { description: "It is on its way", schema: "CueAnswer", headers: ["Idempotency-Replayed"] } },
    problems: ["invalid-input", "not-found", "conflict", "engine-unavailable"],
  },
]
