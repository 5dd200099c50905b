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

/** Counters of a leg that are shown as they are: name in the leg, name of the metric, help. */
const LEG_COUNTERS = [
  ["bytes", "input_received_bytes_total", "UDP payload bytes received."],
  ["cc_errors", "input_continuity_errors_total", "TS continuity counter errors."],
  ["rtp_reordered", "input_rtp_reordered_packets_total", "RTP packets that arrived out of order."],
  ["rtp_late", "input_rtp_late_packets_total", "RTP packets dropped because they came after their place was given up."],
  ["rtp_unrecovered", "input_rtp_unrecovered_packets_total", "RTP packets that neither the network, reordering nor FEC brought."],
  ["fec_packets", "input_fec_received_packets_total", "SMPTE 2022-1 FEC packets received, column and row."],
  ["fec_bad", "input_fec_invalid_packets_total", "Datagrams on the FEC ports that are no usable FEC packets."],
  ["fec_recovered", "input_fec_recovered_packets_total", "RTP packets rebuilt from FEC."],
  ["not_allowed", "input_not_allowed_packets_total", "Datagrams dropped because input.allowed_senders does not list their sender."],
  ["foreign", "input_foreign_packets_total", "Datagrams of a second sender, dropped while the first one is alive."],
  ["merge_used", "input_merge_used_packets_total", "TS packets that this source brought to a merged stream first or alone."],
] as const

/** Checks of TR 101 290 (5.2.1, 5.2.2) by the counter of a leg that holds their errors. */
const TR101290_CHECKS = [
  ["sync_losses", "TS_sync_loss"],
  ["sync_byte_errors", "Sync_byte_error"],
  ["pat_errors", "PAT_error"],
  ["cc_errors", "Continuity_count_error"],
  ["pmt_errors", "PMT_error"],
  ["pid_errors", "PID_error"],
  ["tei", "Transport_error"],
  ["crc_errors", "CRC_error"],
  ["pcr_repetition_errors", "PCR_repetition_error"],
  ["pcr_discontinuity_errors", "PCR_discontinuity_indicator_error"],
  ["pts_errors", "PTS_error"],
  ["cat_errors", "CAT_error"],
] as const

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
  const lost = counter("input_rtp_lost_packets_total", "RTP packets that never arrived.", "channel", "source")
  const ofLeg = LEG_COUNTERS.map(([field, name, help]) => ({ field, metric: counter(name, help, "channel", "source") }))
  const kernelDrops = counter(
    "input_kernel_dropped_packets_total",
    "Datagrams the kernel dropped: receive buffer full.",
    "channel",
    "source",
  )
  const tr101290 = counter(
    "input_tr101290_errors_total",
    "Errors by check of ETSI TR 101 290, priority 1 and 2.",
    "channel",
    "source",
    "check",
  )
  const redundant = gauge(
    "input_redundant",
    "1 when the other source could take over, 0 when it could not. Without a backup: absent.",
    "channel",
  )
  const merged = gauge("input_merged", "1 while both sources are merged into one stream. Without a backup: absent.", "channel")
  const sections = counter("scte35_sections_total", "SCTE-35 sections of the stream, repetitions and splice_null included.", "channel")
  const cues = counter("scte35_cues_total", "SCTE-35 cues: sections but for splice_null and repetitions.", "channel")
  const damaged = counter("scte35_crc_errors_total", "SCTE-35 sections with a wrong CRC-32.", "channel")
  const inBreak = gauge("scte35_in_break", "1 while the channel is in an ad break.", "channel")
  const cuesSent = counter("output_scte35_cues_sent_total", "SCTE-35 cues that left by the output.", "channel", "output")
  const cuesMissed = counter("output_scte35_cues_missed_total", "SCTE-35 cues that did not leave by the output.", "channel", "output")
  const switches = counter("input_switches_total", "Times the channel changed from one source to the other.", "channel")

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
      lost.inc(labels, losses.get(key) ?? 0)
      for (const { field, metric } of ofLeg) metric.inc(labels, count(leg.counters[field]))
      kernelDrops.inc(labels, count(leg.kernel_drops))
      for (const [field, check] of TR101290_CHECKS) tr101290.inc({ ...labels, check }, count(leg.counters[field]))
    }
    for (const channel of channels) {
      const { merge, redundancy, switches: switched } = channel.input
      running.set({ channel: channel.slug }, channel.status === "running" ? 1 : 0)
      switches.inc({ channel: channel.slug }, count(switched))
      sections.inc({ channel: channel.slug }, count(channel.scte35.sections))
      cues.inc({ channel: channel.slug }, count(channel.scte35.cues))
      damaged.inc({ channel: channel.slug }, count(channel.scte35.crc_errors))
      inBreak.set({ channel: channel.slug }, channel.scte35.state === "in_break" ? 1 : 0)
      if (redundancy !== "none") {
        redundant.set({ channel: channel.slug }, redundancy === "ok" ? 1 : 0)
        merged.set({ channel: channel.slug }, merge === "off" ? 0 : 1)
      }
      for (const output of channel.outputs) {
        const labels = { channel: channel.slug, output: output.slug }
        outputUp.set(labels, output.status === "connected" ? 1 : 0)
        sent.inc(labels, count(output.bytes_sent))
        dropped.inc(labels, count(output.packets_dropped))
        cuesSent.inc(labels, count(output.cues_sent))
        cuesMissed.inc(labels, count(output.cues_missed))
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
