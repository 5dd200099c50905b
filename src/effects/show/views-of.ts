/**
 * The API's views, computed on demand from configuration, runtime state and the engine's last two messages of figures.
 * Pure.
 */

import { formatEndpoint } from "../../core/net/address.ts"
import { describeOutput } from "../../core/output/describe-output.ts"
import { maskSecrets } from "../../core/output/output-url.ts"
import { maskedSettings } from "../../core/output/shown-settings.ts"
import { shownStreamId } from "../../core/srt/stream-id.ts"
import type { ChannelStats, LegStats, OutputStats } from "../../engine/protocol/messages.ts"
import { alarmsOf } from "../channel/runtime/alarms.ts"
import type { ChannelRuntime, OutputRuntime } from "../channel/runtime/channel-runtime.ts"
import { scte35Alarms, scte35View, withPidByHand } from "../channel/runtime/scte35-runtime.ts"
import { channelStatus, isCarrying, scte35PidsOf } from "../channel/status.ts"
import { hideSecrets } from "../config/hide-secrets.ts"
import type { Ingest } from "../config/ingest.ts"
import { policyOf, watchSettingsOf } from "../config/input-policy.ts"
import { shownAddresses } from "../config/leg-address.ts"
import { MASK } from "../config/output-input.ts"
import { readBackupOf, readOutput } from "../config/output-place.ts"
import { presetWarnings } from "../config/preset-warnings.ts"
import type { Twin } from "../config/twins.ts"
import { activeLeg } from "../engine/active-leg.ts"
import { type EngineState, engineOf } from "../engine/engine-state.ts"
import type {
  ChannelConfig,
  ChannelView,
  OutputConfig,
  OutputLifecycle,
  OutputStatus,
  OutputView,
  SourceName,
} from "../model/channel.ts"
import type { Alarm } from "../model/event.ts"
import { bitRate, inputState, legView } from "./leg-view.ts"
import { srtLegOf } from "./srt-leg-view.ts"
import { type ChannelTotals, NOTHING_COUNTED } from "./totals.ts"
import { worstView } from "./worst-of.ts"

/** What an output would be, if it were stored. */
export interface OutputPreview {
  /** One line for people, as in `SRT caller to 192.0.2.7:9000, latency 2000 ms`. */
  readonly understood: string
  /** Masked. */
  readonly output: OutputView
  /** Outputs that there are and that send to the same place. */
  readonly twins: ReadonlyArray<Twin>
}

export interface ViewInput {
  readonly engine: EngineState
  /** State of the started channel; null when it is stopped. */
  readonly runtime: ChannelRuntime | null
  /** True while a stopped channel is being closed. */
  readonly stopping?: boolean
  readonly nowMs: number
  readonly monotonicMs: number
  /** What SRT inputs have of the ingest port; null, or left out, without one. */
  readonly ingest?: Ingest | null
  /** Totals of the channel; zero when left out. */
  readonly totals?: ChannelTotals
}

const secondsBetween = ({ previous, stats }: Pick<EngineState, "previous" | "stats">) =>
  previous === null || stats === null ? 1 : (stats.at - previous.at) / 1000
const secondsSince = (at: number | null | undefined, nowMs: number) =>
  at == null ? 0 : Math.max(0, (nowMs - at) / 1000)

const channelIn = (stats: EngineState["stats"], id: string): ChannelStats | undefined =>
  stats?.channels.find((c) => c.id === id)

const outputStatus = (
  config: OutputConfig,
  channel: ChannelRuntime | null,
  output: OutputRuntime | undefined,
): OutputStatus => (channel === null || !config.enabled ? "stopped" : (output?.status ?? "connecting"))

const LIFECYCLE: Readonly<Record<OutputStatus, OutputLifecycle>> = {
  stopped: "ready",
  connecting: "starting",
  connected: "streaming",
  retrying: "error",
  error: "error",
}

/** What an output's URL says, as far as it is shown: its options, and warnings about unknown or unusual ones. */
const urlParts = (config: OutputConfig) => {
  const parsed = readOutput(config)
  if (!parsed.ok) return { options: {}, warnings: parsed.errors.map((e) => e.message) }
  const backup = readBackupOf(config)
  const ofBackup = backup === null ? [] : backup.ok ? backup.warnings : backup.errors
  return {
    options: parsed.options,
    warnings: [
      ...parsed.ignored.map((key) => `ignored: ${key} is not known`),
      ...parsed.warnings,
      ...ofBackup.map((warning) => `backup_url: ${warning}`),
    ],
  }
}

const understoodOf = (config: OutputConfig): string => {
  const parsed = readOutput(config)
  if (!parsed.ok) return ""
  const backup = readBackupOf(config)
  return backup?.ok === true
    ? `${describeOutput(parsed)}, with the backup receiver ${formatEndpoint(backup.target.host, backup.target.port)}`
    : describeOutput(parsed)
}

/** Preview of an output as it would be shown if it were stored. */
export const outputPreview = (
  config: OutputConfig,
  moment: Omit<ViewInput, "runtime">,
  twins: OutputPreview["twins"] = [],
): OutputPreview => {
  const output = outputView(config, { ...moment, runtime: null }, undefined, undefined)
  return { understood: understoodOf(config), output, twins }
}

const hidden = (config: OutputConfig) => {
  const hide = hideSecrets(config)
  return (text: string | null) => (text === null ? null : hide(text))
}

const backupView = (
  { backup, carrier, main }: NonNullable<OutputStats["backup"]>,
  hide: (text: string | null) => string | null,
): OutputView["backup"] => {
  const standing = ({ address, error, rtt_ms, state }: typeof main) => ({
    state,
    address,
    rtt_ms,
    last_error: hide(error),
  })
  return { carried_by: carrier, main: standing(main), backup: standing(backup) }
}

/** `before` are the figures of a second ago; `leg` is the one in use. */
export const outputView = (
  config: OutputConfig,
  { monotonicMs: _, ...input }: ViewInput,
  stats: OutputStats | undefined,
  before: OutputStats | undefined,
  leg?: LegStats | undefined,
): OutputView => {
  const { engine, nowMs, runtime, stopping = false, totals = NOTHING_COUNTED } = input
  const record = runtime?.outputs.get(config.id)
  const status = outputStatus(config, runtime, record)
  const live = stats !== undefined && status !== "stopped" && stats.session === record?.session ? stats : undefined
  const same = live !== undefined && before?.session === live.session ? before : undefined
  const url = urlParts(config)
  const told = [live?.last_send_error ?? null, ...(live?.warnings ?? [])]
  // This is seldom needed; parsing it every second would cost more than the rest of the view.
  const [sendError = null, ...warnings] = told.some((text) => text !== null) ? told.map(hidden(config)) : told
  return {
    id: config.id,
    number: config.number,
    slug: config.slug,
    name: config.name,
    protocol: config.protocol,
    url: maskSecrets(config.url),
    stream_key: config.stream_key === null ? null : MASK,
    settings: maskedSettings(config.settings),
    preset: config.preset,
    enabled: config.enabled,
    status,
    lifecycle: record?.stopping === true || (stopping && config.enabled) ? "stopping" : LIFECYCLE[status],
    carrying: isCarrying(status, leg),
    uptime: status === "connected" ? secondsSince(live?.connected_at, nowMs) : 0,
    error_count: record?.errorCount ?? 0,
    reconnects: record?.reconnects ?? 0,
    last_error: record?.lastError ?? sendError,
    next_retry_at: record?.nextRetryAt == null ? null : new Date(record.nextRetryAt).toISOString(),
    bitrate: live === undefined ? 0 : bitRate(live.bytes_sent, same?.bytes_sent, secondsBetween(engine)),
    ...totals.output(config.id),
    options: url.options,
    warnings: [
      ...url.warnings,
      ...(status === "stopped" ? [] : presetWarnings(config.preset, config.settings, leg)),
      ...warnings.flatMap((warning) => warning ?? []),
      ...(sendError === null ? [] : [`sending failed: ${sendError}`]),
    ],
    srt: live?.srt ?? null,
    srt_stack: live?.srt_stack ?? null,
    needs_libsrt: live?.needs_libsrt ?? [],
    backup: live?.backup === undefined ? null : backupView(live.backup, hidden(config)),
    receivers: (live?.receivers ?? []).map((r) => ({
      peer: r.peer,
      stream_id: shownStreamId(r.stream_id),
      uptime: secondsSince(r.connected_at, nowMs),
      bytes_sent: r.bytes_sent,
      packets_dropped: r.packets_dropped,
      rtt_ms: r.srt?.rtt_ms ?? null,
    })),
    created_at: config.created_at,
  }
}

/** The alarms of a channel; none when it is stopped. */
export const channelAlarms = (config: ChannelConfig, input: ViewInput): ReadonlyArray<Alarm> => {
  const { engine, monotonicMs, nowMs, runtime } = input
  if (runtime === null) return []
  const stats = channelIn(engine.stats, config.id)
  const { lastInputMs, legsDiffer, noted } = runtime
  const ofInput = alarmsOf({
    ...channelStatus(config, runtime, stats, monotonicMs),
    config,
    stats,
    lastInputMs,
    legsDiffer,
    ingest: input.ingest,
    noted,
    nowMs,
    monotonicMs,
  })
  // SCTE-35 alarms are all warnings, so the gravest stay first.
  return [...ofInput, ...scte35Alarms(runtime.scte35, monotonicMs)]
}

export const channelView = (config: ChannelConfig, all: ViewInput): ChannelView => {
  // Rates are taken between two messages of the engine that carries the channel.
  const engine = engineOf(all.engine, config.id)
  const input: ViewInput = { ...all, engine }
  const { nowMs, runtime, totals = NOTHING_COUNTED } = input
  const stats = runtime === null ? undefined : channelIn(engine.stats, config.id)
  const before = runtime === null ? undefined : channelIn(engine.previous, config.id)
  const seconds = secondsBetween(engine)
  const legOf = (from: ChannelStats | undefined, name: SourceName) => from?.legs.find((leg) => leg.name === name)
  const leg = (name: SourceName, ip: string, port: number) =>
    legView(
      { name, ip, port, srt: srtLegOf(config, name, input.ingest ?? null, legOf(stats, name), nowMs) },
      runtime,
      legOf(stats, name),
      legOf(before, name),
      seconds,
      totals.leg(name),
    )
  const legs = [leg("primary", config.rtp_ip, config.rtp_port)]
  if (config.backup_rtp_ip !== null && config.backup_rtp_port !== null)
    legs.push(leg("backup", config.backup_rtp_ip, config.backup_rtp_port))
  const outputIn = (from: ChannelStats | undefined, id: string) => from?.outputs.find((output) => output.id === id)
  const state = channelStatus(config, runtime, stats, input.monotonicMs)
  const view = {
    id: config.id,
    number: config.number,
    slug: config.slug,
    name: config.name,
    ...shownAddresses(config),
    tags: config.tags,
    autostart: config.autostart,
    auto_run: config.auto_run,
    input: {
      ...config.input,
      ...policyOf(config.input),
      ...watchSettingsOf(config.input),
      ...inputState(stats),
      merge_lost: totals.merge_lost,
      merge_mismatches: totals.merge_mismatches,
      legs,
    },
    ...state,
    lifecycle: state.status !== "stopped" ? state.status : input.stopping === true ? "stopping" : "idle",
    uptime: secondsSince(stats?.started_at, nowMs),
    created_at: config.created_at,
    active_source: stats?.active_source ?? runtime?.source ?? "primary",
    alarms: channelAlarms(config, input),
    scte35: scte35View(
      runtime?.scte35 ?? null,
      withPidByHand(config.input.scte35_pid, scte35PidsOf(activeLeg(stats))),
      input.monotonicMs,
    ),
    outputs: config.outputs.map((output) =>
      outputView(output, input, outputIn(stats, output.id), outputIn(before, output.id), activeLeg(stats)),
    ),
  } satisfies Omit<ChannelView, "worst">
  return { ...view, worst: worstView(view) }
}
