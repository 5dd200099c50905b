/**
 * `Nodes` as the settings say: on a single machine nothing is opened or started; among several the node's connection,
 * its name, its agent, and what follows from the roles of its channels.
 */
import { hostname } from "node:os"
import { Effect, Layer, Option, PubSub, Queue, Redacted, Stream } from "effect"
import type { Role } from "../../core/placement/model.ts"
import { fenceClockUs } from "../../engine/system/fence-clock.ts"
import { AppConfig, type AppConfigService } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import type { NodeSettings } from "../config/node-settings.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { ChangeFeed } from "../model/ChangeFeed.ts"
import { StartRefused } from "../model/Errors.ts"
import { within } from "../model/within.ts"
import { loadSecretKey } from "../store/secret-key.ts"
import { fenceUsOf, makeEngineFences } from "./engine-fences.ts"
import { inputNeedsOf } from "./input-needs-of.ts"
import { handedOver, type NodeAgent, startAgent } from "./NodeAgent.ts"
import { openNodeDatabase } from "./NodeDatabase.ts"
import { Nodes } from "./Nodes.ts"
import { claimNode, instanceOf, newNode } from "./node-start.ts"
import { connectedText, leaveText } from "./node-statements.ts"
import { makeNodeVerbs } from "./node-verbs.ts"
import { relayHosts } from "./node-views.ts"
import { runOnTakeover } from "./on-takeover.ts"
import { askForLeases, peerSecretOf } from "./peer-leases.ts"
import { SINGLE_MACHINE } from "./single-machine.ts"

/** How long a node that ends hands its channels over, and how long it waits for PostgreSQL to note its end, in ms. */
const HAND_OVER_WITHIN_MS = 8000
const NOTE_WITHIN_MS = 1500

const addressOf = ({ host, port, tls }: AppConfigService, { address }: NodeSettings) => {
  if (address !== null) return Effect.succeed(address)
  const isReached = host !== "localhost" && !host.startsWith("127.") && host !== "::1" && port !== 0
  return isReached
    ? Effect.succeed(`${Option.isSome(tls) ? "https" : "http"}://${hostname()}:${port}`)
    : Effect.fail(
        new StartRefused({
          reason: `NODE_ADDRESS: is missing: other nodes do not reach this one at HOST ${host}, PORT ${port}; set it to an address at which they do`,
        }),
      )
}

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

const make = (config: AppConfigService, settings: NodeSettings, url: string) =>
  Effect.gen(function* () {
    const book = yield* ChannelBook
    const engine = yield* EngineClient
    const { publish } = yield* ChangeFeed
    const secret = peerSecretOf(yield* loadSecretKey(config.keyFile))
    const { timing } = settings
    const told = yield* Queue.sliding<void>(1)
    const news = yield* PubSub.sliding<void>(1)
    const followed = yield* PubSub.sliding<"channels" | "accounts">(4)
    const node = newNode({
      name: settings.name,
      address: yield* addressOf(config, settings),
      labels: settings.labels,
      capacity: settings.capacity,
      instance: yield* instanceOf(config.dataDir),
    })
    const opened = (hear: () => void) =>
      Effect.acquireRelease(
        Effect.sync(() => openNodeDatabase(url, node.name, hear)),
        (one) => Effect.promise(one.close),
      )
    const database = yield* opened(() => {})
    const beats = yield* opened(() => told.unsafeOffer(undefined))
    yield* claimNode(database, node, timing)
    yield* Effect.log(`node "${node.name}" at ${node.address}`)

    const fences = makeEngineFences(engine)
    const difference = makeDifference()
    const changed = (agent: NodeAgent) =>
      Effect.gen(function* () {
        for (const name of difference.grown(agent))
          if (name === "channels" || name === "accounts") yield* PubSub.publish(followed, name)
        if (!difference.isNews(agent)) return
        yield* PubSub.publish(news, undefined)
        yield* publish
        for (const [from, ids] of difference.takenOver(agent)) {
          const channels = ids.map((id) => ({ id, slug: book.configs.get(id)?.slug ?? id }))
          yield* Effect.logWarning(`taken over from node "${from}": ${channels.map(({ slug }) => slug).join(", ")}`)
          if (Option.isSome(settings.onTakeover))
            yield* Effect.forkDaemon(runOnTakeover(settings.onTakeover.value, { from, to: node.name, channels }))
        }
      })
    const agent = yield* startAgent({
      self: node,
      timing,
      database,
      beats,
      fences,
      clockMs: () => fenceClockUs() / 1000,
      askPeer: (_name, address, channels, withinMs) =>
        askForLeases(address, secret, { from: node.name, channels }, withinMs),
      told,
      changed,
    })
    yield* Effect.forkScoped(fences.follow)
    const { brain } = agent
    // Runs once every channel is closed: what this node owned may be taken over at once.
    yield* Effect.addFinalizer(() =>
      Effect.gen(function* () {
        if (!isLeaving) return
        if (yield* fences.closeAll) yield* Effect.promise(() => database.ask(leaveText(node, "left"), NOTE_WITHIN_MS))
      }).pipe(within(NOTE_WITHIN_MS)),
    )
    let isLeaving = false

    return Nodes.of({
      self: node.name,
      ...makeNodeVerbs(agent, database, node.name, timing),
      roleOf: (channelId): Role => brain.roleOf(channelId),
      ownerAddress: (channelId) => {
        const row = agent.snapshot().rows.find(({ channel }) => channel === channelId)
        if (row === undefined || row.owner === node.name) return null
        return agent.snapshot().nodes.find(({ name }) => name === row.owner)?.address ?? null
      },
      databaseProblem: () => {
        const why = agent.problem()
        if (why === null) return null
        return `PostgreSQL does not answer node "${node.name}" (${why}): channels go on where they are, and nothing can be changed until it is back`
      },
      changes: Stream.fromPubSub(news),
      followed: Stream.fromPubSub(followed),
      grant: ({ channels, from }) =>
        Effect.sync(() => brain.grant(from, channels, fenceClockUs() / 1000).map(([channel]) => channel)),
      peerSecret: Redacted.make(secret),
      inputNeeds: (channel) => {
        const row = brain.rows().find((one) => one.channel === channel.id)
        return inputNeedsOf(channel, row, Option.isSome(settings.onTakeover))
      },
      fenceUs: (channelId) => fenceUsOf(brain, channelId),
      relayOf: (channelId) => relayHosts(agent.snapshot(), node.name, channelId),
      armed: (channelId, isArmed) => Effect.sync(() => brain.onArmed(channelId, isArmed)),
      leave: Effect.gen(function* () {
        isLeaving = true
        brain.leave()
        yield* Effect.promise(() => database.ask(leaveText(node, "leaving"), NOTE_WITHIN_MS))
        yield* handedOver(agent, HAND_OVER_WITHIN_MS)
      }),
      connected: (channelId) =>
        Effect.suspend(() => {
          const row = agent.snapshot().rows.find(({ channel }) => channel === channelId)
          if (row === undefined || row.gapMs !== null || row.movedWhy === "placed") return Effect.void
          return Effect.promise(() => database.ask(connectedText(node, channelId, row.epoch), NOTE_WITHIN_MS))
        }),
    })
  })

/** Fails with `StartRefused` where this machine cannot be a node of the database. */
export const NodesLive = Layer.scoped(
  Nodes,
  Effect.flatMap(AppConfig, (config) =>
    Option.match(Option.all({ settings: config.nodes, url: config.postgresUrl }), {
      onNone: () => Effect.succeed(SINGLE_MACHINE),
      onSome: ({ settings, url }) => make(config, settings, Redacted.value(url)),
    }),
  ),
)
