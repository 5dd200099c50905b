/**
 * Dashboard of the objective that outputs which should send are up 99.9 % of the time: how much budget is left, and how
 * fast it is used.
 */
import { board } from "./board.ts"
import { bars, figure, graph, listing, states } from "./panels.ts"
import { CHANNELS, OUTPUTS, of } from "./query.ts"
import { channels, outputsOf } from "./variables.ts"
import { IS_UP } from "./words.ts"

/** Error budget as a share of time, as in prometheus/rules. */
const BUDGET = 0.001
const slo = (name: string) => of(`channel_output:distributor_output_${name}`, CHANNELS, OUTPUTS)
/** Burn rate, relative to what the objective allows: at 1 the budget is used up at the end of the month. */
const burn = (window: string) => `${slo(`down:ratio${window}`)} / ${BUDGET}`
/**
 * Share of the month's budget that is left, from averages over 6 h, since a month of samples of 400 outputs is too much
 * to read.
 */
const left = `1 - avg_over_time(${slo("down:ratio6h")}[30d]) / ${BUDGET}`
const byChannel = (how: string, expr: string) => `${how} by (job, instance, channel) (${expr})`

const small = { width: 6, height: 4 } as const
const half = { width: 12, height: 9 } as const
const LOW = [
  [0, "yellow"],
  [0.25, "green"],
] as const
const OUTPUT = "{{channel}} / {{output}}"

const now = [
  figure({
    ...small,
    id: 1,
    title: "Outputs within the objective",
    description: "Part of the outputs that were up for 99.9 % of the last 30 days, of the time they were to send.",
    unit: "percentunit",
    queries: [{ expr: `avg(${left} >= bool 0)`, legend: "within" }],
  }),
  figure({
    ...small,
    id: 2,
    title: "Least budget left",
    description: "Error budget of 30 days that the worst output has left; below zero it has broken the objective.",
    unit: "percentunit",
    limits: LOW,
    queries: [{ expr: `min(${left})`, legend: "least" }],
  }),
  figure({
    ...small,
    id: 3,
    title: "Fastest burn, 1 h",
    description:
      "How many times faster than allowed the worst output uses its budget up. From 14.4 on somebody is woken.",
    unit: "short",
    limits: [
      [1, "yellow"],
      [14.4, "red"],
    ],
    queries: [{ expr: `max(${burn("1h")})`, legend: "1 h" }],
  }),
  figure({
    ...small,
    id: 4,
    title: "Up, in the time shown",
    description: "Of all outputs, of the time they were to send.",
    unit: "percentunit",
    decimals: 3,
    queries: [{ expr: `avg(avg_over_time(${slo("up:desired")}[$__range]))`, legend: "up" }],
  }),
]

const budget = [
  bars({
    ...half,
    id: 10,
    title: "Budget left, by channel",
    description: "Mean over the outputs of the channel, lowest first: the ten worst.",
    unit: "percentunit",
    max: 1,
    about: "channel",
    limits: LOW,
    queries: [{ expr: `bottomk(10, ${byChannel("avg", left)})`, legend: "{{channel}}" }],
  }),
  listing({
    ...half,
    id: 11,
    title: "Budget left, by output",
    description: "Part of the error budget of 30 days that is left.",
    unit: "percentunit",
    about: "output",
    limits: LOW,
    columns: { channel: "Channel", output: "Output", Value: "Budget left" },
    queries: [{ expr: `sort(${left})`, legend: OUTPUT }],
  }),
]

const burning = (id: number, long: string, short: string, limit: number, what: string) =>
  graph({
    width: 8,
    height: 9,
    id,
    title: `Burn rate, ${long} and ${short}`,
    description: `How many times faster than allowed the budget is used up. The alert fires while both windows are above ${limit}: ${what}.`,
    unit: "short",
    about: "output",
    limits: [[limit, "red"]],
    queries: [
      { expr: burn(long), legend: `${OUTPUT} ${long}` },
      { expr: burn(short), legend: `${OUTPUT} ${short}` },
    ],
  })

const rates = [
  burning(20, "1h", "5m", 14.4, "2 % of the budget in an hour"),
  burning(21, "6h", "30m", 6, "5 % of it in six hours"),
  burning(22, "3d", "6h", 1, "10 % of it in three days"),
  graph({
    ...half,
    id: 23,
    title: "Burn rate by channel, 1 h",
    description: "Mean over the outputs of the channel.",
    unit: "short",
    about: "channel",
    queries: [{ expr: byChannel("avg", burn("1h")), legend: "{{channel}}" }],
  }),
  states({
    ...half,
    id: 24,
    title: "What counts",
    description:
      "Outputs while they were to send: up or down. Gaps are times in which they were not to; they cost nothing.",
    unit: "none",
    about: "output",
    words: IS_UP,
    queries: [{ expr: slo("up:desired"), legend: OUTPUT }],
  }),
]

export const slos = () =>
  board({
    board: "slo",
    title: "SLO",
    description:
      "Outputs that are to send are to be up for 99.9 % of the time: the budget that is left, and how fast it goes.",
    from: "now-24h",
    productPath: "/",
    variables: [channels(), outputsOf(CHANNELS)],
    annotations: [],
    sections: [
      { title: "30 days", panels: now },
      { title: "Error budget", panels: budget },
      { title: "Burn rates", panels: rates },
    ],
  })
