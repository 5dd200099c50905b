/** Prometheus metrics, read from the channels at scrape time. The only importer of prom-client. */
import { Effect } from "effect"
import type { Hono } from "hono"
import { Counter, Gauge, Registry } from "prom-client"
import type { Health } from "../effects/Distributor.ts"
import type { ChannelView, LegView } from "../effects/model.ts"
import { methods } from "./methods.ts"
import type { AppServices } from "./services.ts"

export interface Metrics {
  /** Takes the figures of this moment and renders them in the text format. */
  readonly render: (health: Health, channels: ReadonlyArray<ChannelView>) => Promise<string>
  readonly contentType: string
}

const count = (value: number | undefined): number => (value !== undefined && Number.isFinite(value) && value > 0 ? value : 0)

/**
 * RTP loss falls again when a late packet arrives, a Prometheus counter must not: a scrape shows the highest value seen since
 * the leg was opened (its datagram count tells).
 */
const makeLossCounter = () => {
  let seen = new Map<string, { readonly datagrams: number; readonly lost: number }>()
  return (legs: ReadonlyArray<{ readonly key: string; readonly leg: LegView }>): ReadonlyMap<string, number> => {
    const now = legs.map(({ key, leg }) => {
      const datagrams = count(leg.counters["datagrams"])
      const lost = count(leg.counters["rtp_lost"])
      const before = seen.get(key)
      const same = before !== undefined && before.datagrams <= datagrams
      return [key, { datagrams, lost: same ? Math.max(before.lost, lost) : lost }] as const
    })
    seen = new Map(now)
    return new Map(now.map(([key, { lost }]) => [key, lost]))
  }
}

export const makeMetrics = (): Metrics => {
  const registry = new Registry()
  const lossOf = makeLossCounter()
  const gauge = (name: string, help: string, ...labelNames: Array<string>) =>
    new Gauge({ name: `distributor_${name}`, help, labelNames, registers: [registry] })
  const counter = (name: string, help: string, ...labelNames: Array<string>) =>
    new Counter({ name: `distributor_${name}`, help, labelNames, registers: [registry] })

  const info = gauge("build_info", "Version of the service; always 1.", "version")
  const up = gauge("up", "1 when the store answers and the engine is connected.")
  const running = gauge("channel_running", "1 when packets of the channel arrive.", "channel")
  const outputUp = gauge("output_up", "1 when the output is connected.", "channel", "output")
  const sent = counter("output_sent_bytes_total", "TS payload bytes handed to the output's receivers.", "channel", "output")
  const dropped = counter("output_dropped_packets_total", "Packets given up because the output could not take them.", "channel", "output")
  const received = counter("input_received_bytes_total", "UDP payload bytes received.", "channel", "source")
  const lost = counter("input_rtp_lost_packets_total", "RTP packets that never arrived.", "channel", "source")
  const continuity = counter("input_continuity_errors_total", "TS continuity counter errors.", "channel", "source")

  const read = (health: Health, channels: ReadonlyArray<ChannelView>) => {
    registry.resetMetrics()
    info.set({ version: health.version }, 1)
    up.set(health.store.ok && health.engine.connected ? 1 : 0)
    const legs = channels.flatMap((channel) =>
      channel.input.legs.map((leg) => ({ key: `${channel.id} ${leg.source}`, channel: channel.slug, leg })),
    )
    const losses = lossOf(legs)
    for (const { key, channel, leg } of legs) {
      const labels = { channel, source: leg.source }
      received.inc(labels, count(leg.counters["bytes"]))
      lost.inc(labels, losses.get(key) ?? 0)
      continuity.inc(labels, count(leg.counters["cc_errors"]))
    }
    for (const channel of channels) {
      running.set({ channel: channel.slug }, channel.status === "running" ? 1 : 0)
      for (const output of channel.outputs) {
        const labels = { channel: channel.slug, output: output.slug }
        outputUp.set(labels, output.status === "connected" ? 1 : 0)
        sent.inc(labels, count(output.bytes_sent))
        dropped.inc(labels, count(output.packets_dropped))
      }
    }
  }

  return {
    contentType: registry.contentType,
    render: (health, channels) => {
      read(health, channels)
      return registry.metrics()
    },
  }
}

export const metricsRoutes = (app: Hono, { distributor, runner }: AppServices): void => {
  const metrics = makeMetrics()
  methods(app, "/metrics", {
    GET: (c) =>
      runner.run(c, Effect.all([distributor.health, distributor.list]), async ([health, channels]) =>
        c.body(await metrics.render(health, channels), 200, { "Content-Type": metrics.contentType }),
      ),
  })
}
