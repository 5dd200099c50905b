/** Channels: what there is, changes, starting, stopping, switching, events. */
import { EVENT_KINDS, EVENT_SEVERITIES } from "../../../effects/model/event.ts"
import { DEFAULT_LIMIT, MAX_LIMIT } from "../../request/event-query.ts"
import type { ProblemKind } from "../../request/problem.ts"
import type { Answer, Operation, Parameter } from "./operation.ts"

const channel = (description: string): Answer => ({ description, schema: "Channel", headers: ["ETag"] })
const WRITES: ReadonlyArray<ProblemKind> = ["not-found", "store-unavailable"]

export const time = (name: string, description: string): Parameter => ({
  name,
  description: `${description}; a time with its offset (RFC 3339)`,
  schema: { type: "string", format: "date-time" },
  example: "2026-01-02T03:04:05Z",
})
export const limit = (highest: number, description: string): Parameter => ({
  name: "limit",
  description,
  schema: { type: "integer", minimum: 1, maximum: highest, default: DEFAULT_LIMIT },
})
export const before = (what: string): Parameter => ({
  name: "before",
  description: `Only ${what} with a lower id: to read on, the id of the last one`,
  schema: { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
})

export const EVENT_PARAMETERS: ReadonlyArray<Parameter> = [
  limit(MAX_LIMIT, "How many"),
  before("events"),
  time("since", "Only events at or after this time"),
  time("until", "Only events before this time"),
  {
    name: "kind",
    description: `Only these kinds, separated by commas: ${EVENT_KINDS.join(", ")}`,
    schema: { type: "string", pattern: `^ *(${EVENT_KINDS.join("|")}) *(, *(${EVENT_KINDS.join("|")}) *)*$` },
    example: "switched,redundancy_lost",
  },
  {
    name: "severity",
    description: `Only these, separated by commas: ${EVENT_SEVERITIES.join(", ")}`,
    schema: { type: "string", pattern: `^ *(${EVENT_SEVERITIES.join("|")}) *(, *(${EVENT_SEVERITIES.join("|")}) *)*$` },
    example: "warning,critical",
  },
]

export const channelOperations: ReadonlyArray<Operation> = [
  {
    method: "get",
    path: "/api/channels",
    id: "listChannels",
    tag: "Channels",
    summary: "List the channels",
    answers: { 200: { description: "All channels, by number", schema: "Channels", headers: ["ETag"] } },
  },
  {
    method: "post",
    path: "/api/channels",
    id: "createChannel",
    tag: "Channels",
    summary: "Create a channel",
    body: "ChannelInput",
    idempotent: true,
    answers: { 201: { ...channel("The channel"), headers: ["ETag", "Location", "Idempotency-Replayed"] } },
    problems: ["invalid-input", "conflict", "store-unavailable"],
  },
  {
    method: "get",
    path: "/api/channels/{id}",
    id: "getChannel",
    tag: "Channels",
    summary: "Show a channel",
    answers: { 200: channel("The channel") },
    problems: ["not-found"],
  },
  {
    method: "put",
    path: "/api/channels/{id}",
    id: "updateChannel",
    tag: "Channels",
    summary: "Change a channel",
    description:
      "What is left out stays as it is. Outputs have requests of their own, and notice nothing unless the input itself changes.",
    body: "ChannelUpdate",
    conditional: true,
    answers: { 200: channel("The channel as it is now") },
    problems: ["invalid-input", "conflict", ...WRITES],
  },
  {
    method: "delete",
    path: "/api/channels/{id}",
    id: "deleteChannel",
    tag: "Channels",
    summary: "Delete a channel",
    description: "A running channel is stopped first. Its outputs, events and cues go with it.",
    conditional: true,
    answers: { 204: { description: "It is gone" } },
    problems: WRITES,
  },
  {
    method: "post",
    path: "/api/channels/{id}/start",
    id: "startChannel",
    tag: "Channels",
    summary: "Start a channel",
    description: "Also after a restart of the service, until it is stopped. Starting one that runs changes nothing.",
    answers: { 200: channel("The channel, starting") },
    problems: [...WRITES, "engine-unavailable"],
  },
  {
    method: "post",
    path: "/api/channels/{id}/stop",
    id: "stopChannel",
    tag: "Channels",
    summary: "Stop a channel",
    answers: { 200: channel("The channel, stopped") },
    problems: WRITES,
  },
  {
    method: "post",
    path: "/api/channels/{id}/switch",
    id: "switchSource",
    tag: "Channels",
    summary: "Switch to the primary or the backup",
    description: "A source on which nothing usable arrives is refused with 409 unless `force` is true.",
    body: "SwitchInput",
    answers: { 200: channel("The channel; `input.pending_source` names the source until it takes over") },
    problems: ["invalid-input", "not-found", "conflict", "engine-unavailable"],
  },
  {
    method: "get",
    path: "/api/channels/{id}/events",
    id: "listEvents",
    tag: "Channels",
    summary: "What happened to a channel, newest first",
    query: EVENT_PARAMETERS,
    answers: { 200: { description: "Events", schema: "ChannelEvents" } },
    problems: ["invalid-input", "not-found", "store-unavailable"],
  },
]
