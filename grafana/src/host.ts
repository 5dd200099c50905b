/** Dashboard of the machine and the product's processes on it. */
import { engineRestarts } from "./annotations.ts"
import { board } from "./board.ts"
import { hostMachine } from "./host-machine.ts"
import { figure, graph, listing } from "./panels.ts"
import { increase, of, rate } from "./query.ts"
import { hosts } from "./variables.ts"
import { IS_UP } from "./words.ts"

const third = { width: 8, height: 8 } as const
const INSTANCE = "{{instance}}"
/** An engine by its number, which is 1 where there is only one. */
const ENGINE = "{{instance}} engine {{engine}}"
const quantile = (part: string, histogram: string, more = "") =>
  `histogram_quantile(${part}, sum by (job, instance, ${more}le) (${rate(of(`${histogram}_bucket`))}))`

const processes = [
  figure({
    width: 4,
    height: 4,
    id: 1,
    title: "Engine",
    description: "Whether each engine is connected; without it no packet of its channels is carried.",
    unit: "none",
    words: IS_UP,
    queries: [{ expr: of("distributor_engine_up"), legend: ENGINE }],
  }),
  figure({
    width: 4,
    height: 4,
    id: 2,
    title: "Store",
    description: "Whether the store answers; without it nothing can be changed or recorded.",
    unit: "none",
    words: IS_UP,
    queries: [{ expr: of("distributor_store_up"), legend: INSTANCE }],
  }),
  figure({
    width: 4,
    height: 4,
    id: 3,
    title: "Engine runs for",
    description: "Time since each engine was started.",
    unit: "s",
    decimals: 0,
    nothing: "not running",
    queries: [{ expr: `time() - (${of("distributor_engine_start_time_seconds")} > 0)`, legend: ENGINE }],
  }),
  listing({
    width: 12,
    height: 4,
    id: 4,
    title: "Versions",
    description: "Of the product and of what runs it.",
    unit: "none",
    columns: { instance: "Instance", version: "Version", runtime: "Runtime", runtime_version: "Its version" },
    queries: [{ expr: of("distributor_build_info"), legend: INSTANCE }],
  }),
  graph({
    ...third,
    id: 10,
    title: "CPU of the product",
    description:
      "Of the engines, which carry the packets, and of the control plane, in cores. An engine has one core at most.",
    unit: "percentunit",
    queries: [
      { expr: rate(of("distributor_engine_cpu_seconds_total")), legend: ENGINE },
      { expr: rate(of("process_cpu_seconds_total")), legend: `${INSTANCE} control plane` },
    ],
  }),
  graph({
    ...third,
    id: 11,
    title: "Memory of the product",
    description: "Resident memory of all processes.",
    unit: "bytes",
    queries: [
      { expr: of("distributor_engine_resident_memory_bytes"), legend: ENGINE },
      { expr: of("process_resident_memory_bytes"), legend: `${INSTANCE} control plane` },
    ],
  }),
  graph({
    ...third,
    id: 12,
    title: "Packets received by the engines",
    description: "Datagrams a second, of all sources.",
    unit: "pps",
    queries: [{ expr: rate(of("distributor_engine_received_packets_total")), legend: INSTANCE }],
  }),
  graph({
    ...third,
    id: 13,
    title: "Delay of the packet loop",
    description:
      "Longest time between two passes in a second: half of the seconds, and all but one of a hundred, stayed below. Alarm from 0.1 s.",
    unit: "s",
    limits: [[0.1, "red"]],
    queries: [
      { expr: quantile("0.5", "distributor_engine_loop_delay_seconds", "engine, "), legend: `${ENGINE} half` },
      { expr: quantile("0.99", "distributor_engine_loop_delay_seconds", "engine, "), legend: `${ENGINE} 99 of 100` },
    ],
  }),
  graph({
    ...third,
    id: 14,
    title: "Delay of the control plane",
    description: "How late its timers fire: all but one of a hundred. Alarm from 0.25 s. Streams do not depend on it.",
    unit: "s",
    limits: [[0.25, "red"]],
    queries: [{ expr: quantile("0.99", "distributor_event_loop_delay_seconds"), legend: INSTANCE }],
  }),
  graph({
    ...third,
    id: 15,
    title: "What went wrong",
    description:
      "Losses of the engine, writes that the store refused, records given up, events that the packet core could not keep, and internal errors of the engine.",
    unit: "short",
    style: "bars",
    queries: [
      { expr: increase(of("distributor_engine_restarts_total")), legend: `${ENGINE} lost` },
      { expr: increase(of("distributor_store_errors_total")), legend: `${INSTANCE} store: {{record}}` },
      { expr: increase(of("distributor_store_dropped_records_total")), legend: `${INSTANCE} given up: {{record}}` },
      { expr: increase(of("distributor_engine_event_overflows_total")), legend: `${ENGINE} events` },
      { expr: increase(of("distributor_engine_faults_total")), legend: `${ENGINE} internal error: {{part}}` },
    ],
  }),
]

export const host = () =>
  board({
    board: "host",
    title: "Host",
    description: "The machine, by node-exporter, and the two processes of the product on it.",
    from: "now-1h",
    productPath: "/",
    variables: hosts(),
    annotations: [engineRestarts()],
    sections: [{ title: "The product", panels: processes }, ...hostMachine],
  })
