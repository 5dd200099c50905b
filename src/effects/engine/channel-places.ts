/** Which channel is placed on which engine, and what follows from it for commands and for who looks after the service. */
import type { Command } from "../../engine/protocol/messages.ts"
import type { Ingest } from "../config/ingest.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { EngineRefused, type EngineUnavailable } from "../model/Errors.ts"
import type { EngineState } from "./engine-state.ts"
import {
  bitrateOf,
  CHANNELS_PER_ENGINE,
  capacityProblems,
  chooseEngine,
  groupOf,
  type Placed,
  type SharedPort,
  type SplitPort,
  sharedPorts,
  splitPort,
} from "./placement.ts"

export interface ChannelPlaces {
  /** The engine that a channel is placed on; undefined for one that is placed nowhere. */
  readonly engineOf: (channelId: string) => number | undefined
  /** The channels that are placed on an engine. */
  readonly on: (engine: number) => ReadonlySet<string>
  /**
   * Places a channel, or notes its new configuration; returns the number of its engine.
   *
   * @param known the engine that has it already; undefined when it is to be chosen
   */
  readonly place: (
    config: ChannelConfig,
    all: ReadonlyArray<ChannelConfig>,
    known: number | undefined,
    figuresOf: (engine: number) => Pick<EngineState, "stats" | "previous"> | undefined,
  ) => number
  /** Returns whether it was placed. */
  readonly leave: (channelId: string) => boolean
  /** Why a command of a channel is not sent to its engine: a socket that it needs is in another; null when it is sent. */
  readonly refusal: (engine: Named, command: Command) => EngineRefused | null
  /** Adds the remedy to the refusal of an engine that is full. */
  readonly explained: <E extends EngineRefused | EngineUnavailable>(engine: Named, error: E) => E | EngineRefused
  /** See `capacityProblems`. */
  readonly problems: () => ReadonlyArray<string>
}

interface Named {
  readonly number: number
  readonly name: string
}

interface Place {
  readonly config: ChannelConfig
  readonly engine: number
  /** When each of its shared ports was first asked for: of two channels on different engines the earlier has it. */
  readonly since: ReadonlyMap<string, number>
}

const keyOf = ({ ip, path, port }: SharedPort): string => `${path} ${ip} ${port}`

type Figures = Pick<EngineState, "stats" | "previous">

/** Figures of an engine that has told none. */
const NO_FIGURES: Figures = { stats: null, previous: null }
const NOBODY: ReadonlySet<string> = new Set()

/** Commands that make an engine open sockets, which others may have to share. */
type OpeningCommand = Extract<Command, { readonly cmd: "put_channel" | "open_output" }>

const opensSockets = (command: Command): command is OpeningCommand =>
  command.cmd === "put_channel" || command.cmd === "open_output"

const byKey = (entries: Iterable<readonly [number, string]>): Map<number, ReadonlySet<string>> => {
  const map = new Map<number, Set<string>>()
  for (const [key, id] of entries) map.set(key, (map.get(key) ?? new Set()).add(id))
  return map
}

/** How full the engines are; see `capacityProblems`. */
const problemsOf = (places: ReadonlyMap<string, Place>, count: number, ingest: Ingest | null) => {
  const sharers = byKey(
    [...places].flatMap(([id, { config }]) => sharedPorts(config, ingest).map(({ port }) => [port, id] as const)),
  )
  const placed = [...places].map(([id, { engine }]) => ({ id, engine, bitrate: 0 }))
  const groups = [...sharers].map(([port, ids]) => ({ port, channels: ids.size }))
  return capacityProblems({ count, placed }, groups)
}

/** A port that a command would open for `place`, and that a channel on another engine has had before. */
const splitBy = (
  command: OpeningCommand,
  place: Place,
  elsewhere: ReadonlyArray<Place>,
  ingest: Ingest | null,
): SplitPort | undefined => {
  const ports = sharedPorts(place.config, ingest).filter(({ isInput, path }) =>
    command.cmd === "put_channel" ? isInput : path === command.output.id,
  )
  const sinceOf = ({ since }: Place, port: SharedPort) => since.get(keyOf(port)) ?? 0
  const earlierThan = (mine: SharedPort) =>
    elsewhere.map((other) => ({
      engine: other.engine,
      ports: sharedPorts(other.config, ingest).filter((port) => sinceOf(other, port) < sinceOf(place, mine)),
    }))
  return ports.flatMap((mine) => splitPort(mine, earlierThan(mine)) ?? [])[0]
}

/** Empty at the start. `count` is the number of engines that take channels. */
export const makePlaces = (count: number, ingest: Ingest | null): ChannelPlaces => {
  const places = new Map<string, Place>()
  let byEngine: ReadonlyMap<number, ReadonlySet<string>> = new Map()
  let problems: ReadonlyArray<string> = []
  let asked = 0

  const note = () => {
    byEngine = byKey([...places].map(([id, { engine }]) => [engine, id]))
    problems = problemsOf(places, count, ingest)
  }
  const placedBy = (figuresOf: (engine: number) => Figures | undefined) =>
    [...places].map(
      ([id, { config, engine }]): Placed => ({
        id,
        engine,
        bitrate: bitrateOf(config, figuresOf(engine) ?? NO_FIGURES),
      }),
    )

  return {
    engineOf: (id) => places.get(id)?.engine,
    on: (engine) => byEngine.get(engine) ?? NOBODY,
    place: (config, all, known, figuresOf) => {
      const engine = known ?? chooseEngine(groupOf(config, all, ingest), { count, placed: placedBy(figuresOf) })
      const before = places.get(config.id)?.since
      const keys = sharedPorts(config, ingest).map(keyOf)
      const since = new Map(keys.map((key) => [key, before?.get(key) ?? ++asked]))
      places.set(config.id, { config, engine, since })
      note()
      return engine
    },
    leave: (id) => {
      const was = places.delete(id)
      if (was) note()
      return was
    },
    refusal: ({ name, number }, command) => {
      if (byEngine.size < 2 || !opensSockets(command)) return null
      const place = places.get(command.cmd === "put_channel" ? command.channel.id : command.channel_id)
      if (place === undefined) return null
      const elsewhere = [...places.values()].filter(({ engine }) => engine !== number)
      const split = splitBy(command, place, elsewhere, ingest)
      if (split === undefined) return null
      return new EngineRefused({
        code: "other_engine",
        reason: `UDP port ${split.port} is shared with ${split.owner}, which engine ${split.engine} carries, and this channel is on ${name}: stop this channel and start it again, which puts both on one engine, or take another port`,
        transient: true,
      })
    },
    explained: ({ name, number }, error) => {
      if (error._tag !== "EngineRefused" || error.code !== "full") return error
      const remedy =
        count * CHANNELS_PER_ENGINE > places.size
          ? "stop this channel and start it again, which puts it on an engine with room; channels that share a UDP port share an engine"
          : `set ENGINES above ${count} on a machine with processors to spare, or stop another channel`
      return new EngineRefused({
        code: error.code,
        reason: `${name} carries ${Math.min(byEngine.get(number)?.size ?? 0, CHANNELS_PER_ENGINE)} channels, the most that an engine can: ${remedy}`,
        transient: error.transient,
      })
    },
    problems: () => problems,
  }
}
