/** Conditions that may have to be told, derived from what the control plane knows anyway. */
import type { ChannelRuntime } from "../channel/runtime/channel-runtime.ts"
import { maskText } from "../config/Logging.ts"
import { type EngineState, engineOf, enginesOf } from "../engine/engine-state.ts"
import type { MediaLiveNotice } from "../medialive/medialive-notice.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { AlarmKind } from "../model/event.ts"
import { channelAlarms } from "../show/views-of.ts"
import type { Happenings } from "./happenings.ts"
import type { NoticeKind } from "./notice-kinds.ts"

export interface Named {
  readonly slug: string
  readonly name: string
}

export interface Condition {
  readonly kind: NoticeKind
  readonly channel: Named | null
  readonly output: Named | null
  readonly message: string
}

/** The state of the service as it is looked at each second. */
export interface Sighting {
  readonly engine: EngineState
  readonly configs: ReadonlyArray<ChannelConfig>
  readonly runtimeOf: (id: string) => ChannelRuntime | null
  /** Why the store does not work as it should; null when it does. */
  readonly storeProblem: string | null
  /** What is wrong with MediaLive; none where it is switched off. */
  readonly medialive?: ReadonlyArray<MediaLiveNotice>
  readonly nowMs: number
  readonly monotonicMs: number
}

/** Longest message, in characters. Messages quote peers; none of our own sentences is this long. */
const MAX_MESSAGE = 500
const OF_ALARM: Readonly<Record<AlarmKind, NoticeKind>> = {
  no_input: "input_lost",
  leg_bad: "input_bad",
  redundancy_lost: "redundancy_lost",
  legs_differ: "legs_differ",
  short_preroll: "short_preroll",
  missing_return: "missing_return",
  overlong_break: "overlong_break",
  scte35_crc: "scte35_crc",
  scte35_silent: "scte35_silent",
}

const named = ({ name, slug }: Named): Named => ({ slug, name })

/** Notes a channel's drop counters. */
const countDrops = (config: ChannelConfig, { engine, monotonicMs }: Sighting, happenings: Happenings) => {
  const stats = engine.stats?.channels.find(({ id }) => id === config.id)
  for (const leg of stats?.legs ?? []) {
    happenings.count(config.id, "kernel_drops", null, `the ${leg.name}`, leg.kernel_drops, monotonicMs)
  }
  for (const { id, packets_dropped } of stats?.outputs ?? []) {
    const output = config.outputs.find((one) => one.id === id)
    if (output !== undefined)
      happenings.count(config.id, "output_drops", output.slug, "this output", packets_dropped, monotonicMs)
  }
}

const ofChannel = (
  config: ChannelConfig,
  runtime: ChannelRuntime,
  at: Sighting,
  happenings: Happenings,
): ReadonlyArray<Condition> => {
  const channel = named(config)
  const found: Condition[] = channelAlarms(config, { ...at, runtime }).map(({ kind, message }) => ({
    kind: OF_ALARM[kind],
    channel,
    output: null,
    message,
  }))
  for (const output of config.outputs) {
    const record = runtime.outputs.get(output.id)
    if (!output.enabled || record === undefined || (record.status !== "retrying" && record.status !== "error")) continue
    found.push({ kind: "output_down", channel, output: named(output), message: record.lastError ?? "not connected" })
  }
  countDrops(config, at, happenings)
  for (const { kind, message, output } of happenings.of(config.id, at.monotonicMs)) {
    const one = output === null ? null : config.outputs.find(({ slug }) => slug === output)
    if (one !== undefined) found.push({ kind, channel, output: one === null ? null : named(one), message })
  }
  return found
}

/** What is wrong with MediaLive, for the channels that it feeds. */
const ofMediaLive = ({ configs, medialive = [] }: Sighting): ReadonlyArray<Condition> =>
  medialive.flatMap(({ channelId, kind, message }) => {
    const config = configs.find(({ id }) => id === channelId)
    return channelId !== null && config === undefined
      ? []
      : [{ kind, channel: config === undefined ? null : named(config), output: null, message }]
  })

/** All conditions that hold now. Without its engine nothing is known about a channel. */
export const conditionsOf = (at: Sighting, happenings: Happenings): ReadonlyArray<Condition> => {
  const { configs, engine, runtimeOf, storeProblem } = at
  const ofService: Condition[] = []
  // One notice for all engines that are away: it is about the service, and each has its name in the reason.
  const away = enginesOf(engine).filter(({ connected }) => !connected)
  if (away.length > 0) {
    const message = away.map(({ problem }) => problem ?? "the reason is not known").join("; ")
    ofService.push({ kind: "engine_lost", channel: null, output: null, message })
  }
  if (storeProblem !== null)
    ofService.push({ kind: "store_problem", channel: null, output: null, message: storeProblem })
  const ofChannels = configs.flatMap((config) => {
    const runtime = runtimeOf(config.id)
    return runtime === null || !engineOf(engine, config.id).connected ? [] : ofChannel(config, runtime, at, happenings)
  })
  return [...ofService, ...ofMediaLive(at), ...ofChannels].map((one) => ({
    ...one,
    message: maskText(one.message).slice(0, MAX_MESSAGE),
  }))
}

/** True while the engine of a channel is connected, so that what is not seen is not there. */
export const isKnown =
  ({ configs, engine }: Pick<Sighting, "configs" | "engine">) =>
  (channel: string): boolean => {
    const config = configs.find(({ slug }) => slug === channel)
    return (config === undefined ? engine : engineOf(engine, config.id)).connected
  }

/**
 * True when the channel runs and the output, if there is one, is enabled. Otherwise open notices end, since nobody
 * wants the stream.
 */
export const isWatched =
  ({ configs, runtimeOf }: Pick<Sighting, "configs" | "runtimeOf">) =>
  (channel: string | null, output: string | null): boolean => {
    if (channel === null) return true
    const config = configs.find(({ slug }) => slug === channel)
    if (config === undefined || runtimeOf(config.id) === null) return false
    return output === null || config.outputs.some(({ enabled, slug }) => slug === output && enabled)
  }
