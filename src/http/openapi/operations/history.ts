/** What a channel did over time, what was sent of its cues, and what outputs sent by month. */

import { SPANS } from "../../request/span-query.ts"
import { DEFAULT_WINDOW, WINDOW_NAMES } from "../../routes/history.ts"
import type { Operation, Parameter } from "./operation.ts"

const ZONE: Parameter = {
  name: "zone",
  description:
    "Zone of the IANA database by which days and nights are counted; that of the channel's schedule, or else TIME_ZONE",
  schema: { type: "string", maxLength: 64 },
  example: "Europe/Berlin",
}
const OUTPUT: Parameter = {
  name: "output",
  description: "Only this output: its slug",
  schema: { type: "string", pattern: "^[a-z0-9-]{1,100}$" },
  example: "cdn",
}
const FORMAT: Parameter = {
  name: "format",
  description: "CSV has a header line",
  schema: { type: "string", enum: ["json", "csv"], default: "json" },
}

export const historyOperations: ReadonlyArray<Operation> = [
  {
    method: "get",
    path: "/api/channels/{id}/history",
    id: "getHistory",
    tag: "Channels",
    summary: "Figures of a channel and its outputs over time",
    description:
      "Kept in memory: they begin anew with the service. A value is null where there was nothing to measure.",
    query: [
      {
        name: "window",
        description: "The last 5 minutes by the second, the last hour by 10 s, or the last day by 2 minutes",
        schema: { type: "string", enum: [...WINDOW_NAMES], default: DEFAULT_WINDOW },
      },
    ],
    answers: { 200: { description: "The figures, oldest first", schema: "History" } },
    problems: ["invalid-input", "not-found"],
  },
  {
    method: "get",
    path: "/api/channels/{id}/figures",
    id: "getFigures",
    tag: "Channels",
    summary: "Stored figures of a channel and its outputs over any time up to 400 days",
    description:
      "Kept by the minute for 48 hours, by the quarter hour for 30 days, by the hour for 400 days. A series has 750 points at most; their step follows from the time.",
    query: [
      {
        name: "span",
        description: "A time by its name: `night` is from 18:00 of the day before until now",
        schema: { type: "string", enum: [...SPANS], default: "24h" },
      },
      {
        name: "since",
        description: "Begin, instead of `span`; a day before `until` when left out",
        schema: { type: "string", format: "date-time" },
      },
      {
        name: "until",
        description: "End, instead of `span`; now when left out",
        schema: { type: "string", format: "date-time" },
      },
      ZONE,
      OUTPUT,
      {
        name: "show",
        description: "Means something on the page alone",
        schema: { type: "string", enum: ["all", "misses"], default: "all" },
      },
    ],
    answers: { 200: { description: "The figures, oldest first", schema: "Figures" } },
    problems: ["invalid-input", "not-found", "store-unavailable"],
  },
  {
    method: "get",
    path: "/api/channels/{id}/as-run",
    id: "getAsRun",
    tag: "SCTE-35",
    summary: "Which cue was sent when by which output, of a day or a whole month",
    description: "A line for each cue and output, oldest first, without a limit.",
    query: [
      {
        name: "day",
        description: "A day of the zone; yesterday when neither this nor `month` is given",
        schema: { type: "string", pattern: "^\\d{4}-\\d{2}-\\d{2}$" },
        example: "2026-11-24",
      },
      {
        name: "month",
        description: "A whole month instead of a day",
        schema: { type: "string", pattern: "^\\d{4}-\\d{2}$" },
        example: "2026-11",
      },
      ZONE,
      OUTPUT,
      FORMAT,
    ],
    answers: { 200: { description: "The report", schema: "AsRun", content: { "text/csv": { type: "string" } } } },
    problems: ["invalid-input", "not-found", "store-unavailable"],
  },
  {
    method: "get",
    path: "/api/egress",
    id: "getEgress",
    tag: "Channels",
    summary: "What each output sent in a month, with the price of a GB that is set",
    description: "Months are those of UTC. Kept for 36 months, also of outputs and channels that are gone.",
    query: [
      {
        name: "month",
        description: "The month; that of now when left out",
        schema: { type: "string", pattern: "^\\d{4}-\\d{2}$" },
        example: "2026-11",
      },
      FORMAT,
    ],
    answers: { 200: { description: "What was sent", schema: "Egress", content: { "text/csv": { type: "string" } } } },
    problems: ["invalid-input", "store-unavailable"],
  },
]
