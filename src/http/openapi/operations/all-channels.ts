/** What looks across channels. */

import { EVENT_PARAMETERS } from "./channels.ts"
import type { Operation, Parameter } from "./operation.ts"
import { CUE_PARAMETERS } from "./scte35.ts"

const CHANNEL: Parameter = {
  name: "channel",
  description: "Only those of this channel: its UUID, slug or number",
  schema: { type: "string", pattern: "^[a-z0-9-]{1,100}$" },
  example: "main-event",
}

export const allChannelsOperations: ReadonlyArray<Operation> = [
  {
    method: "get",
    path: "/api/events",
    id: "listAllEvents",
    tag: "Channels",
    summary: "What happened to all channels, newest first",
    query: [
      CHANNEL,
      ...EVENT_PARAMETERS,
      {
        name: "format",
        description: "CSV has a header line",
        schema: { type: "string", enum: ["json", "csv"], default: "json" },
      },
    ],
    answers: {
      200: { description: "Events", schema: "EventsOfChannels", content: { "text/csv": { type: "string" } } },
    },
    problems: ["invalid-input", "not-found", "store-unavailable"],
  },
  {
    method: "get",
    path: "/api/cues",
    id: "listAllCues",
    tag: "SCTE-35",
    summary: "The cues of all channels, newest first, with the proof for each output",
    query: [CHANNEL, ...CUE_PARAMETERS],
    answers: { 200: { description: "Cues", schema: "CuesOfChannels", content: { "text/csv": { type: "string" } } } },
    problems: ["invalid-input", "not-found", "store-unavailable"],
  },
]
