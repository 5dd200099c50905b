/** Metrics of this process by prom-client. The only importer of it. */
import { collectDefaultMetrics, Histogram, Registry } from "prom-client"

const EVERY_MS = 100
const TICKS_A_SECOND = 1000 / EVERY_MS
const WORST_OF_S = 10
/**
 * Default metrics that are left out: each runtime measures them differently or not at all; ours are `build_info` and
 * the histogram below. Sizes of heap spaces make Bun walk the whole heap, 100 ms and more with 400 outputs.
 */
const LEFT_OUT = /^nodejs_(eventloop_lag|active_|version_info|heap_space_)/

export interface ProcessMetrics {
  readonly contentType: string
  /** The metrics in Prometheus' text format. */
  readonly render: () => Promise<string>
  /** Worst delay of a timer within the last 10 s, in ms. */
  readonly worstDelayMs: () => number
  /** Names, types and help of the metrics that `render` shows. */
  readonly describe: () => Promise<
    ReadonlyArray<{ readonly name: string; readonly type: string; readonly help: string }>
  >
}

const make = (): ProcessMetrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const { name } of registry.getMetricsAsArray()) if (LEFT_OUT.test(name)) registry.removeSingleMetric(name)
  const delay = new Histogram({
    name: "distributor_event_loop_delay_seconds",
    help: "By how much timers of the control plane fire too late.",
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
    registers: [registry],
  })
  /** Worst delay in each of the last seconds, oldest first. */
  const worst: number[] = []
  let ticks = 0
  let due = performance.now() + EVERY_MS
  setInterval(() => {
    const now = performance.now()
    const late = Math.max(0, now - due)
    delay.observe(late / 1000)
    if (ticks++ % TICKS_A_SECOND === 0) worst.push(0)
    if (worst.length > WORST_OF_S) worst.shift()
    worst[worst.length - 1] = Math.max(late, worst.at(-1) ?? 0)
    due = now + EVERY_MS
  }, EVERY_MS).unref()
  return {
    contentType: registry.contentType,
    worstDelayMs: () => Math.max(0, ...worst),
    render: () => registry.metrics(),
    describe: async () =>
      (await registry.getMetricsAsJSON()).map(({ help, name, type }) => ({ name, type: String(type), help })),
  }
}

let shared: ProcessMetrics | null = null

/** The process's metrics, shared by all apps in it. Measuring begins with the first call. */
export const processMetrics = (): ProcessMetrics => {
  shared ??= make()
  return shared
}
