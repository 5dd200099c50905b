/** Our side of the wire: channels as MediaLive's outputs may feed them, and what their legs receive. */
import type { OurChannel, OurLeg } from "../../core/medialive/our-legs.ts"
import type { LegFacts } from "../../core/medialive/where-to-look.ts"
import type { EngineStats, LegStats } from "../../engine/protocol/messages.ts"
import { LEG_FIELDS, srtTargetOf } from "../config/leg-address.ts"
import type { EngineState } from "../engine/engine-state.ts"
import type { ChannelConfig, SourceName } from "../model/channel.ts"

const SOURCES: ReadonlyArray<SourceName> = ["primary", "backup"]

const legOf = (config: ChannelConfig, source: SourceName): ReadonlyArray<OurLeg> => {
  const { ip, port, url } = LEG_FIELDS[source]
  const [address, number] = [config[ip], config[port]]
  if (config[url] !== null) {
    const target = srtTargetOf(config, source)
    // A leg that calls gets what it called for: no output of MediaLive sends to an address of it.
    return target?.mode === "listener" ? [{ source, ip: target.host, port: target.port, by: "srt" }] : []
  }
  return address === null || number === null ? [] : [{ source, ip: address, port: number, by: "rtp" }]
}

/** What was made of configurations, as long as they are kept: it is looked at once a second. */
const made = new WeakMap<ChannelConfig, OurChannel>()

export const ourChannelOf = (config: ChannelConfig): OurChannel => {
  const known = made.get(config) ?? read(config)
  made.set(config, known)
  return known
}

const read = (config: ChannelConfig): OurChannel => ({
  id: config.id,
  slug: config.slug,
  name: config.name,
  legs: SOURCES.flatMap((source) => legOf(config, source)),
  fec: config.input.fec === "auto",
  allowedSenders: config.input.allowed_senders ?? [],
  scte35Pid: config.input.scte35_pid ?? null,
  hasRtmp: config.outputs.some(({ enabled, protocol }) => enabled && protocol === "rtmp"),
})

const legIn = (stats: EngineStats | null, id: string, source: SourceName): LegStats | undefined =>
  stats?.channels.find((channel) => channel.id === id)?.legs.find(({ name }) => name === source)

/** Packets that neither the network nor repair brought. */
const lost = (leg: LegStats): number =>
  (leg.counters["rtp_unrecovered"] ?? 0) + (leg.srt?.figures?.packets_dropped ?? 0)

/** What a leg receives, over the last second. */
export const legFactsOf = (
  { previous, stats }: Pick<EngineState, "previous" | "stats">,
  id: string,
  source: SourceName,
  runs: boolean,
): LegFacts => {
  const [now, before] = [legIn(stats, id, source), legIn(previous, id, source)]
  const seconds = stats === null || previous === null ? 1 : Math.max(0.1, (stats.at - previous.at) / 1000)
  const rate = (of: (leg: LegStats) => number) =>
    now === undefined || before === undefined ? 0 : Math.max(0, of(now) - of(before)) / seconds
  return {
    runs,
    receiving: now?.receiving === true,
    lostPerS: rate(lost),
    refusedPerS: rate(({ counters }) => counters["not_allowed"] ?? 0),
  }
}
