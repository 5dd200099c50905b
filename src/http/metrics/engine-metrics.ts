/** Metrics of the engines, each with its number. */
import {
  type EngineFigures,
  FAULT_PARTS,
  LOOP_DELAY_BUCKETS,
  type MetricsView,
} from "../../effects/metrics/metrics-model.ts"
import { by, counter, type Family, gauge, label, makeArea, timestamp } from "./exposition.ts"

const loopDelay: Family<EngineFigures> = {
  name: "engine_loop_delay_seconds",
  type: "histogram",
  help: "Longest time between two passes of the packet loop, of every second.",
  labels: ["le"],
  read: ({ loopDelay: { buckets, count, sum } }, put) => {
    for (const [index, bound] of LOOP_DELAY_BUCKETS.entries()) put(buckets[index] ?? 0, `le="${bound}"`, "_bucket")
    put(count, 'le="+Inf"', "_bucket")
    put(sum, "", "_sum")
    put(count, "", "_count")
  },
}

const families: ReadonlyArray<Family<EngineFigures>> = [
  gauge("engine_up", "1 while the engine is connected.", ({ connected }) => connected),
  gauge(
    "engine_channels",
    "Channels that are placed on the engine, which carries 64 at most.",
    ({ channels }) => channels,
  ),
  gauge(
    "engine_outdated",
    "1 while the engine runs other code than is installed, as it does after an upgrade until it is replaced.",
    ({ outdated }) => outdated,
  ),
  counter("engine_restarts_total", "Times the engine was lost.", ({ restarts }) => restarts),
  gauge("engine_start_time_seconds", "When the engine was started, Unix time; 0 while it is away.", ({ startedAt }) =>
    timestamp(startedAt),
  ),
  counter("engine_cpu_seconds_total", "CPU time the engine has used.", ({ cpuSeconds }) => cpuSeconds),
  gauge(
    "engine_resident_memory_bytes",
    "Resident memory of the engine; 0 while it is away.",
    ({ rssBytes }) => rssBytes,
  ),
  loopDelay,
  counter("engine_ticks_total", "Passes of the packet loop.", ({ loopPasses }) => loopPasses),
  counter(
    "engine_event_overflows_total",
    "Events that the packet core could not keep.",
    ({ eventOverflows }) => eventOverflows,
  ),
  by(
    "counter",
    "engine_faults_total",
    "Internal errors of the engine, by what they ended.",
    ["part", FAULT_PARTS],
    ({ faults }, part) => faults[part],
  ),
]

export const engineArea = makeArea<MetricsView, EngineFigures>(
  ["engine"],
  ({ engines }) => engines.map((engine) => [label("engine", String(engine.number)), engine]),
  families,
)
