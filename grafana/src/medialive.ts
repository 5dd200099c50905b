/** Dashboard of AWS MediaLive beside our channels: both sides of the wire, what runs for nobody, and what AWS says. */
import { board } from "./board.ts"
import { bars, figure, graph, listing, states } from "./panels.ts"
import { increase, inRange, MEDIALIVES, of, sumBy, top } from "./query.ts"
import { mediaLives } from "./variables.ts"
import { AT_MEDIALIVE, FROM_MEDIALIVE, IS_UP, WANTED_AT_MEDIALIVE } from "./words.ts"

const small = { width: 4, height: 4 } as const
const half = { width: 12, height: 9 } as const
const RED_FROM_ONE = [[1, "red"]] as const
/** What names a channel of MediaLive on one of our machines. */
const SAME = "on (job, instance, medialive)"

const medialive = (metric: string, ...matchers: ReadonlyArray<string>) =>
  of(`distributor_medialive_${metric}`, MEDIALIVES, ...matchers)
const inState = (state: string) => medialive("state", `state="${state}"`)
const named = (expr: string) => `(${expr}) * ${SAME} group_left (name) ${medialive("info")}`
/** What is said of channels, where they stream; 0 where they do not. */
const whereStreaming = (expr: string) => `(${expr}) * ${SAME} ${inState("streaming")}`
const NAME = "{{name}} ({{medialive}})"

const now = [
  figure({
    ...small,
    id: 1,
    title: "AWS",
    description: "Whether AWS answers. Streams do not depend on it.",
    unit: "none",
    words: IS_UP,
    nothing: "not connected",
    queries: [{ expr: of("distributor_medialive_up"), legend: "{{instance}}" }],
  }),
  figure({
    ...small,
    id: 2,
    title: "Last answer",
    description: "Age of what is shown of MediaLive. It is listed every 10 s; from 45 s on it counts as old.",
    unit: "s",
    decimals: 0,
    limits: [
      [45, "yellow"],
      [300, "red"],
    ],
    nothing: "none yet",
    queries: [
      {
        expr: `time() - (${of("distributor_medialive_last_answer_timestamp_seconds")} > 0)`,
        legend: "{{instance}}",
      },
    ],
  }),
  figure({
    ...small,
    id: 3,
    title: "Streaming",
    description: "Channels of MediaLive that run, and that AWS bills.",
    unit: "none",
    queries: [{ expr: `sum(${inState("streaming")})`, legend: "streaming" }],
  }),
  figure({
    ...small,
    id: 4,
    title: "Pipelines down",
    description: "Pipelines of streaming channels that do not run.",
    unit: "none",
    limits: RED_FROM_ONE,
    queries: [
      {
        expr: `sum(${whereStreaming(`${medialive("pipelines")} - ${medialive("pipelines_running")}`)})`,
        legend: "down",
      },
    ],
  }),
  figure({
    ...small,
    id: 5,
    title: "Alerts of MediaLive",
    description: "Alerts that are set at MediaLive, of all channels.",
    unit: "none",
    limits: RED_FROM_ONE,
    queries: [{ expr: `sum(${medialive("active_alerts")})`, legend: "set" }],
  }),
  figure({
    ...small,
    id: 6,
    title: "List price of what streams",
    description:
      "An estimate by list prices, in USD an hour, and no bill. Inputs and outputs without a price are left out.",
    unit: "currencyUSD",
    decimals: 2,
    nothing: "not known",
    queries: [{ expr: `sum(${whereStreaming(medialive("list_price_dollars_per_hour"))})`, legend: "an hour" }],
  }),
]

const channels = [
  states({
    ...half,
    id: 10,
    title: "Channels of MediaLive",
    description: "Their states as those of destinations: ready, starting, streaming, stopping, error.",
    unit: "none",
    words: AT_MEDIALIVE,
    queries: [
      {
        expr: named(
          ["starting", "streaming", "stopping", "error"]
            .map((state, n) => `${n + 1} * ${inState(state)}`)
            .join(" + ignoring (state) "),
        ),
        legend: NAME,
      },
    ],
  }),
  states({
    ...half,
    id: 11,
    title: "At the wire",
    description:
      "Sources here that MediaLive sends to: it is idle, it runs and nothing arrives here (look at addresses and security groups), or packets arrive.",
    unit: "none",
    about: "channel",
    words: FROM_MEDIALIVE,
    queries: [
      {
        expr: `${medialive("feeds")} * ${SAME} group_left () ${inState("streaming")} * on (job, instance, channel, source) group_left () (1 + ${of("distributor_input_up")})`,
        legend: "{{channel}} {{source}}, pipeline {{pipeline}} of {{medialive}}",
      },
    ],
  }),
  listing({
    ...half,
    id: 12,
    title: "What feeds what",
    description: "Outputs of MediaLive that send to a source here, by pipeline.",
    unit: "none",
    about: "channel",
    columns: {
      name: "MediaLive",
      medialive: "Id",
      pipeline: "Pipeline",
      channel: "Channel",
      source: "Source",
    },
    queries: [{ expr: named(medialive("feeds")), legend: NAME }],
  }),
  graph({
    ...half,
    id: 13,
    title: "Alerts of MediaLive by channel",
    description: "Alerts that are set; what they say stands on the channel's page.",
    unit: "short",
    queries: [{ expr: named(medialive("active_alerts")), legend: NAME }],
  }),
]

const cost = [
  states({
    ...half,
    id: 20,
    title: "Runs for somebody",
    description:
      "Idle, streaming while an output here is on or a schedule asks for it, or streaming for nobody: AWS bills that as well.",
    unit: "none",
    words: WANTED_AT_MEDIALIVE,
    queries: [{ expr: named(whereStreaming(`1 + ${medialive("wanted")}`)), legend: NAME }],
  }),
  bars({
    height: 9,
    width: 6,
    id: 21,
    title: "Time run",
    description: "The ten channels that ran longest in the range shown.",
    unit: "s",
    queries: [
      { expr: top(10, sumBy("medialive", inRange(medialive("running_seconds_total")))), legend: "{{medialive}}" },
    ],
  }),
  graph({
    height: 9,
    width: 6,
    id: 22,
    title: "List price an hour",
    description: "Of each channel while it streams; an estimate by list prices and no bill.",
    unit: "currencyUSD",
    style: "stack",
    queries: [{ expr: named(whereStreaming(medialive("list_price_dollars_per_hour"))), legend: NAME }],
  }),
]

const requests = [
  graph({
    ...half,
    id: 30,
    title: "Requests to AWS",
    description: "By how they ended. All together they are at most one a second, less while AWS throttles.",
    unit: "short",
    style: "bars",
    queries: [{ expr: increase(of("distributor_medialive_requests_total")), legend: "{{instance}} {{outcome}}" }],
  }),
  graph({
    ...half,
    id: 31,
    title: "Age of what is shown",
    description: "Time since AWS listed its channels last. From 45 s on it counts as old.",
    unit: "s",
    limits: [[45, "yellow"]],
    queries: [
      {
        expr: `time() - (${of("distributor_medialive_last_answer_timestamp_seconds")} > 0)`,
        legend: "{{instance}}",
      },
    ],
  }),
]

export const mediaLive = () =>
  board({
    board: "medialive",
    title: "MediaLive",
    description: "AWS MediaLive beside our channels; empty without MEDIALIVE=on.",
    from: "now-6h",
    productPath: "/medialive",
    variables: [mediaLives()],
    annotations: [],
    sections: [
      { title: "Now", panels: now },
      { title: "Both sides of the wire", panels: channels },
      { title: "What it costs", panels: cost },
      { title: "What AWS answers", panels: requests },
    ],
  })
