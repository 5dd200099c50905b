/** What has changed among the nodes is told to those who show it, keep it in memory, or are to be run on a takeover. */
import { Effect, Option, PubSub, Stream } from "effect"
import { ChannelBook } from "../config/ChannelBook.ts"
import type { NodeSettings } from "../config/node-settings.ts"
import { ChangeFeed } from "../model/ChangeFeed.ts"
import type { NodeAgent } from "./NodeAgent.ts"
import type { NodesService } from "./Nodes.ts"
import { runOnTakeover } from "./on-takeover.ts"

/** Notices what has changed since it was asked last. */
const makeDifference = () => {
  let text = ""
  const counters = new Map<string, number>()
  /** The epochs in which this node came to own channels; null before the first look. */
  let taken: Map<string, number> | null = null
  return {
    /** True when operators would see something else. */
    isNews: (agent: NodeAgent): boolean => {
      const { nodes, rows } = agent.snapshot()
      const shown = nodes.map(({ beatMs: _, ...node }) => node)
      const next = JSON.stringify([shown, rows, agent.problem() === null])
      const news = next !== text
      text = next
      return news
    },
    /** The counters that have grown; none at the first look. */
    grown: (agent: NodeAgent): ReadonlyArray<string> => {
      const found = Object.entries(agent.snapshot().counters).filter(([name, number]) => {
        const before = counters.get(name)
        counters.set(name, number)
        return before !== undefined && before !== number
      })
      return found.map(([name]) => name)
    },
    /** Channels that this node has taken over since, by the node that had them. */
    takenOver: (agent: NodeAgent): ReadonlyMap<string, ReadonlyArray<string>> => {
      const before = taken
      const found = new Map<string, Array<string>>()
      taken = new Map()
      for (const { channel, epoch, movedFrom, movedWhy, openEpoch, owner } of agent.snapshot().rows) {
        if (owner !== agent.brain.self || agent.brain.fenceOf(channel) < 0) continue
        taken.set(channel, epoch)
        // At its start a node owns what it has owned before.
        const isNew = before === null ? openEpoch !== epoch : !before.has(channel)
        if (isNew && movedFrom !== null && (movedWhy === "taken over" || movedWhy === "forced"))
          found.set(movedFrom, [...(found.get(movedFrom) ?? []), channel])
      }
      return found
    },
  }
}

export interface NodeNews extends Pick<NodesService, "changes" | "followed"> {
  /** To be run after everything that may have changed something. */
  readonly tell: (agent: NodeAgent) => Effect.Effect<void>
}

export const makeNodeNews = ({ onTakeover }: Pick<NodeSettings, "onTakeover">) =>
  Effect.gen(function* () {
    const book = yield* ChannelBook
    const { publish } = yield* ChangeFeed
    const news = yield* PubSub.sliding<void>(1)
    const followed = yield* PubSub.sliding<"channels" | "accounts">(4)
    const difference = makeDifference()
    const tell: NodeNews["tell"] = (agent) =>
      Effect.gen(function* () {
        for (const name of difference.grown(agent))
          if (name === "channels" || name === "accounts") yield* PubSub.publish(followed, name)
        if (!difference.isNews(agent)) return
        yield* PubSub.publish(news, undefined)
        yield* publish
        for (const [from, ids] of difference.takenOver(agent)) {
          const channels = ids.map((id) => ({ id, slug: book.configs.get(id)?.slug ?? id }))
          yield* Effect.logWarning(`taken over from node "${from}": ${channels.map(({ slug }) => slug).join(", ")}`)
          if (Option.isSome(onTakeover))
            yield* Effect.forkDaemon(runOnTakeover(onTakeover.value, { from, to: agent.brain.self, channels }))
        }
      })
    const made: NodeNews = { changes: Stream.fromPubSub(news), followed: Stream.fromPubSub(followed), tell }
    return made
  })
