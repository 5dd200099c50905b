/**
 * Which engine carries which channel. Pure.
 *
 * Channels that share a UDP port share its socket, and a socket belongs to one process: such channels are placed
 * together. Every other channel goes where the fewest bits per second are, and stays there while it runs.
 */
import { MAX_CHANNELS } from "../../core/assembly/memory/layout.ts"
import { bindsOverlap } from "../../core/net/address.ts"
import type { ChannelStats, EngineStats } from "../../engine/protocol/messages.ts"
import type { Ingest } from "../config/ingest.ts"
import { type UsedPort, usedPorts } from "../config/used-ports.ts"
import type { ChannelConfig } from "../model/channel.ts"

/** Channels that an engine carries at most. */
export const CHANNELS_PER_ENGINE = MAX_CHANNELS

/** Bit rate in bit/s that a source is taken to have while nothing arrives from it. */
export const EXPECTED_BITRATE = 8_000_000

/** A channel that is placed. */
export interface Placed {
  readonly id: string
  readonly engine: number
  /** What it receives and sends, in bit/s. */
  readonly bitrate: number
}

export interface Engines {
  /** Engines 1 to `count` take channels; those above are left over from a higher setting and only lose them. */
  readonly count: number
  readonly placed: ReadonlyArray<Placed>
}

const bytesOf = (leg: ChannelStats["legs"][number] | undefined): number => leg?.counters["bytes"] ?? 0

/**
 * What a channel receives and sends, in bit/s, by the last two messages of its engine's figures. A source from which
 * nothing arrives counts with what it is expected to bring, and so does an output that sends nothing yet: it will.
 */
export const bitrateOf = (
  config: Pick<ChannelConfig, "id" | "backup_rtp_port" | "outputs">,
  { previous, stats }: { readonly stats: EngineStats | null; readonly previous: EngineStats | null },
): number => {
  const seconds = stats === null || previous === null ? 0 : (stats.at - previous.at) / 1000
  const now = stats?.channels.find(({ id }) => id === config.id)
  const before = previous?.channels.find(({ id }) => id === config.id)
  const rate = (bytes: number, bytesBefore: number) =>
    now === undefined || before === undefined || seconds <= 0 ? 0 : Math.max(0, ((bytes - bytesBefore) * 8) / seconds)
  const names = config.backup_rtp_port === null ? (["primary"] as const) : (["primary", "backup"] as const)
  const legs = names.map((name) => {
    const one = (from: ChannelStats | undefined) => bytesOf(from?.legs.find((leg) => leg.name === name))
    const measured = rate(one(now), one(before))
    return measured > 0 ? measured : EXPECTED_BITRATE
  })
  const expected = Math.max(...legs)
  const outputs = config.outputs.map(({ enabled, id }) => {
    if (!enabled) return 0
    const one = (from: ChannelStats | undefined) => from?.outputs.find((output) => output.id === id)
    const [last, earlier] = [one(now), one(before)]
    const same = last !== undefined && last.session === earlier?.session
    const measured = same ? rate(last.bytes_sent, earlier.bytes_sent) : 0
    return measured > 0 ? measured : expected
  })
  return [...legs, ...outputs].reduce((sum, one) => sum + one, 0)
}

/** Ports of a channel at which others may be beside it; `path` holds the id of an output. */
export type SharedPort = UsedPort

/** What was read, as long as the configuration is kept. */
const known = new WeakMap<ChannelConfig, { readonly ingest: Ingest | null; readonly ports: ReadonlyArray<UsedPort> }>()

export const sharedPorts = (config: ChannelConfig, ingest: Ingest | null): ReadonlyArray<SharedPort> => {
  const found = known.get(config)
  if (found !== undefined && found.ingest === ingest) return found.ports
  const ports = usedPorts(config, ({ id }) => id, ingest).filter(({ shared }) => shared !== null)
  known.set(config, { ingest, ports })
  return ports
}

/** The ids of the channels that have to be on one engine with this one, itself among them. */
export const groupOf = (
  config: ChannelConfig,
  all: ReadonlyArray<ChannelConfig>,
  ingest: Ingest | null,
): ReadonlySet<string> => {
  const group = new Set([config.id])
  const own = sharedPorts(config, ingest)
  if (own.length === 0) return group
  const byPort = new Map<number, Array<{ readonly id: string; readonly port: SharedPort }>>()
  for (const other of all) {
    if (other.id === config.id) continue
    for (const port of sharedPorts(other, ingest)) {
      const held = byPort.get(port.port) ?? []
      held.push({ id: other.id, port })
      byPort.set(port.port, held)
    }
  }
  const configs = new Map(all.map((one) => [one.id, one]))
  const ahead = [...own]
  for (let mine = ahead.pop(); mine !== undefined; mine = ahead.pop()) {
    for (const { id, port } of byPort.get(mine.port) ?? []) {
      const other = configs.get(id)
      if (group.has(id) || other === undefined || !bindsOverlap(mine, port)) continue
      group.add(id)
      ahead.push(...sharedPorts(other, ingest))
    }
  }
  return group
}

/** The engine that most of the channels of a group are on; the lower one of two that have as many. */
const engineOfGroup = (group: ReadonlySet<string>, placed: ReadonlyArray<Placed>): number | null => {
  const counts = new Map<number, number>()
  for (const { engine, id } of placed) if (group.has(id)) counts.set(engine, (counts.get(engine) ?? 0) + 1)
  const [most] = [...counts].sort(([a, m], [b, n]) => n - m || a - b)
  return most?.[0] ?? null
}

/** How much each of the engines that take channels has. */
export const loadsOf = ({ count, placed }: Engines) => {
  const loads = Array.from({ length: count }, (_, index) => ({ engine: index + 1, channels: 0, bitrate: 0 }))
  for (const { bitrate, engine } of placed) {
    const load = loads[engine - 1]
    if (load === undefined) continue
    load.channels++
    load.bitrate += bitrate
  }
  return loads
}

/**
 * The engine for a channel that is placed nowhere: the one with the rest of its group, otherwise the one of those with
 * room that has the least bit rate. Where none has room it is the one with the fewest channels, which then refuses.
 *
 * @param group see `groupOf`
 */
export const chooseEngine = (group: ReadonlySet<string>, engines: Engines): number => {
  const together = engineOfGroup(group, engines.placed)
  if (together !== null) return together
  const loads = loadsOf(engines)
  const room = loads.filter(({ channels }) => channels < CHANNELS_PER_ENGINE)
  const [least] =
    room.length > 0
      ? room.sort((a, b) => a.bitrate - b.bitrate || a.channels - b.channels || a.engine - b.engine)
      : loads.sort((a, b) => a.channels - b.channels || a.engine - b.engine)
  return least?.engine ?? 1
}

/** A port that a channel shares with one on another engine, which cannot be. */
export interface SplitPort {
  readonly port: number
  /** As in `the primary input of channel "News"`. */
  readonly owner: string
  readonly engine: number
}

/**
 * The channel on another engine that has this port; null when there is none. It comes of a change to a channel that
 * runs: what starts is placed beside those it shares with.
 *
 * @param elsewhere the ports that channels on other engines have
 */
export const splitPort = (
  mine: SharedPort,
  elsewhere: ReadonlyArray<{ readonly engine: number; readonly ports: ReadonlyArray<SharedPort> }>,
): SplitPort | null => {
  for (const { engine, ports } of elsewhere) {
    const found = ports.find((port) => bindsOverlap(mine, port))
    if (found !== undefined) return { port: mine.port, owner: found.owner, engine }
  }
  return null
}

/** Places of which fewer than this share are left are told: a tenth. */
const FEW = 10

/**
 * What is to be told before engines are full, as sentences: few places are left, or the channels that share a port, and
 * so an engine, are almost as many as one carries.
 *
 * @param groups sizes of the groups that are placed, each with a port that its channels share
 */
export const capacityProblems = (
  engines: Engines,
  groups: ReadonlyArray<{ readonly port: number; readonly channels: number }>,
): ReadonlyArray<string> => {
  const { count } = engines
  const places = count * CHANNELS_PER_ENGINE
  const taken = engines.placed.filter(({ engine }) => engine <= count).length
  const crowded = groups.filter(({ channels }) => (CHANNELS_PER_ENGINE - channels) * FEW < CHANNELS_PER_ENGINE)
  return [
    ...((places - taken) * FEW < places
      ? [
          `${taken} of the ${places} places for channels are taken (${CHANNELS_PER_ENGINE} an engine): a channel beyond them does not start. Set ENGINES above ${count} on a machine with processors to spare, or stop channels`,
        ]
      : []),
    ...crowded.map(
      ({ channels, port }) =>
        `${channels} channels share UDP port ${port}, and so one engine, which carries ${CHANNELS_PER_ENGINE}: give some of them another port`,
    ),
  ]
}
