/** MediaLive beside our channels, and schedules of channels. */
import type { Operation } from "./operation.ts"

const tag = "MediaLive"
const CONNECTION = "/api/medialive/connection"
const CHANNEL = "/api/medialive/channels/{id}"
const VERB = ["not-found", "conflict", "aws-failed", "store-unavailable"] as const

export const scheduleOperations: ReadonlyArray<Operation> = [
  {
    method: "get",
    path: "/api/channels/{id}/schedule",
    id: "getSchedule",
    tag: "Channels",
    summary: "Show the schedule of a channel",
    answers: { 200: { description: "The schedule", schema: "Schedule" } },
    problems: ["not-found"],
  },
  {
    method: "put",
    path: "/api/channels/{id}/schedule",
    id: "setSchedule",
    tag: "Channels",
    summary: "Set the schedule of a channel",
    description:
      "The channel is started and stopped at the beginning and the end of each window, on the clock of `zone`. In between it may be started and stopped by hand.",
    body: "ScheduleInput",
    answers: { 200: { description: "The schedule", schema: "Schedule" } },
    problems: ["not-found", "store-unavailable"],
  },
  {
    method: "delete",
    path: "/api/channels/{id}/schedule",
    id: "deleteSchedule",
    tag: "Channels",
    summary: "Remove the schedule of a channel",
    answers: { 204: { description: "It is removed" } },
    problems: ["not-found", "store-unavailable"],
  },
]

/** Only where `MEDIALIVE=on`. */
export const medialiveOperations: ReadonlyArray<Operation> = [
  {
    method: "get",
    path: "/api/medialive",
    id: "listMediaLive",
    tag,
    summary: "List the channels of MediaLive",
    description:
      "As AWS told last: `stale_s` says when that is too long ago. Those that feed a channel here come first.",
    answers: { 200: { description: "Channels", schema: "MediaLiveChannels" } },
  },
  {
    method: "get",
    path: CHANNEL,
    id: "getMediaLive",
    tag,
    summary: "Show a channel of MediaLive with checks and what its outputs would be here",
    answers: { 200: { description: "The channel", schema: "MediaLiveDetail" } },
    problems: ["not-found"],
  },
  {
    method: "post",
    path: `${CHANNEL}/start`,
    id: "startMediaLive",
    tag,
    summary: "Start a channel of MediaLive",
    description: "It must be `IDLE`. It runs after a minute or more, and costs from then on.",
    answers: { 200: { description: "The channel, on its way", schema: "MediaLiveChannel" } },
    problems: VERB,
  },
  {
    method: "post",
    path: `${CHANNEL}/stop`,
    id: "stopMediaLive",
    tag,
    summary: "Stop a channel of MediaLive",
    description: "It must be `RUNNING`. Whatever it sends ends, to other places too.",
    answers: { 200: { description: "The channel, on its way", schema: "MediaLiveChannel" } },
    problems: VERB,
  },
  {
    method: "put",
    path: `${CHANNEL}/auto`,
    id: "setMediaLiveAuto",
    tag,
    summary: "Say whether a channel of MediaLive is started and stopped by itself",
    description:
      "Started with the first output that it feeds, or with a schedule; stopped `idle_minutes` after the last one, unless it sends elsewhere too.",
    body: "MediaLiveAutoInput",
    answers: { 200: { description: "What it does by itself", schema: "MediaLiveAuto" } },
    problems: ["not-found", "store-unavailable"],
  },
  {
    method: "get",
    path: "/api/channels/{id}/medialive",
    id: "getMediaLiveOfChannel",
    tag,
    summary: "Show MediaLive beside the sources of a channel, and what to type into it",
    answers: { 200: { description: "Both sides of the wire", schema: "MediaLiveOfChannel" } },
    problems: ["not-found"],
  },
  {
    method: "get",
    path: "/api/medialive/costs",
    id: "getMediaLiveCosts",
    tag,
    summary: "Show what a month came to by list prices",
    query: [
      {
        name: "month",
        description: "Month of UTC; this one when it is left out",
        schema: { type: "string", pattern: "^\\d{4}-(0[1-9]|1[0-2])$" },
        example: "2026-11",
      },
      { name: "format", description: "`json` (default) or `csv`", schema: { type: "string", enum: ["json", "csv"] } },
    ],
    answers: {
      200: { description: "Costs", schema: "MediaLiveCosts", content: { "text/csv": { type: "string" } } },
    },
    problems: ["invalid-input", "store-unavailable"],
  },
  {
    method: "get",
    path: CONNECTION,
    id: "getMediaLiveConnection",
    tag,
    summary: "Show the connection to AWS",
    answers: { 200: { description: "The connection, its secret masked", schema: "MediaLiveConnection" } },
  },
  {
    method: "put",
    path: CONNECTION,
    id: "setMediaLiveConnection",
    tag,
    summary: "Change the connection to AWS",
    body: "MediaLiveConnectionInput",
    answers: { 200: { description: "The connection, its secret masked", schema: "MediaLiveConnection" } },
    problems: ["store-unavailable"],
  },
  {
    method: "delete",
    path: CONNECTION,
    id: "deleteMediaLiveConnection",
    tag,
    summary: "Remove the connection to AWS with its keys",
    answers: { 204: { description: "It is removed" } },
    problems: ["store-unavailable"],
  },
  {
    method: "post",
    path: `${CONNECTION}/test`,
    id: "testMediaLiveConnection",
    tag,
    summary: "Try the connection to AWS, permission by permission",
    description: "Starting and stopping are not tried. It may take up to a minute.",
    answers: { 200: { description: "What came of it", schema: "MediaLiveConnectionTest" } },
  },
]
