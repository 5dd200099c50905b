/**
 * `Nodes` as the settings say: on a single machine nothing is opened or started; among several the node's connection,
 * its name, its agent, and what follows from the roles of its channels.
 */
import { hostname } from "node:os"
import { Effect, Layer, Option, Queue, Redacted } from "effect"
import { fenceClockUs } from "../../engine/system/fence-clock.ts"
import { AppConfig, type AppConfigService } from "../config/AppConfig.ts"
import type { NodeSettings } from "../config/node-settings.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { StartRefused } from "../model/Errors.ts"
import { ExitDeadline } from "../model/ExitDeadline.ts"
import { within } from "../model/within.ts"
import { loadSecretKey } from "../store/secret-key.ts"
import { type EngineFences, makeEngineFences } from "./engine-fences.ts"
import { HAND_OVER_WITHIN_MS, handedOver } from "./hand-over.ts"
import { type NodeAgent, startAgent } from "./NodeAgent.ts"
import { type NodeDatabase, openNodeDatabase } from "./NodeDatabase.ts"
import { Nodes } from "./Nodes.ts"
import { makeNodeAnswers, NOTE_WITHIN_MS } from "./node-answers.ts"
import { makeNodeNews } from "./node-news.ts"
import { claimNode, instanceOf, newNode } from "./node-start.ts"
import { leaveText, type Self } from "./node-statements.ts"
import { makeNodeVerbs } from "./node-verbs.ts"
import { askForLeases, peerSecretOf } from "./peer-leases.ts"
import { SINGLE_MACHINE } from "./single-machine.ts"

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

/** The node's connections with PostgreSQL, closed with the scope; one is for beats, which must not wait. */
const openDatabases = (url: string, name: string) =>
  Effect.gen(function* () {
    /** Emits when a node has told of a change. */
    const told = yield* Queue.sliding<void>(1)
    const opened = (hear: () => void) =>
      Effect.acquireRelease(
        Effect.sync(() => openNodeDatabase(url, name, hear)),
        (one) => Effect.promise(one.close),
      )
    const database = yield* opened(() => {})
    const beats = yield* opened(() => told.unsafeOffer(undefined))
    return { database, beats, told }
  })

/** The end of a node, in two steps between which its channels are closed. */
const makeDeparture = (agent: NodeAgent, database: NodeDatabase, fences: EngineFences, node: Self) => {
  let isLeaving = false
  const note = (standing: "leaving" | "left") =>
    Effect.promise(() => database.ask(leaveText(node, standing), NOTE_WITHIN_MS))
  return {
    /** See `NodesService.leave`. */
    leave: Effect.gen(function* () {
      isLeaving = true
      agent.brain.leave()
      yield* note("leaving")
      const { allow } = yield* ExitDeadline
      yield* allow(HAND_OVER_WITHIN_MS)
      const left = yield* handedOver(agent)
      yield* allow(0)
      if (left === 0) return
      const channels = left === 1 ? "1 channel was" : `${left} channels were`
      yield* Effect.logWarning(`${channels} not handed over: others may take over what this node has closed`)
    }),
    /** To be run once every channel is closed: what this node owned may be taken over at once. */
    finish: Effect.gen(function* () {
      if (!isLeaving) return
      if (yield* fences.closeAll) yield* note("left")
    }).pipe(within(NOTE_WITHIN_MS)),
  }
}

const make = (config: AppConfigService, settings: NodeSettings, url: string) =>
  Effect.gen(function* () {
    const secret = peerSecretOf(yield* loadSecretKey(config.keyFile))
    const { timing } = settings
    const node = newNode({
      name: settings.name,
      address: yield* addressOf(config, settings),
      labels: settings.labels,
      capacity: settings.capacity,
      instance: yield* instanceOf(config.dataDir),
    })
    const { beats, database, told } = yield* openDatabases(url, node.name)
    yield* claimNode(database, node, timing)
    yield* Effect.log(`node "${node.name}" at ${node.address}`)

    const fences = makeEngineFences(yield* EngineClient)
    const { changes, followed, tell } = yield* makeNodeNews(settings)
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
      changed: tell,
    })
    yield* Effect.forkScoped(fences.follow)
    const { finish, leave } = makeDeparture(agent, database, fences, node)
    yield* Effect.addFinalizer(() => finish)

    return Nodes.of({
      self: node.name,
      ...makeNodeVerbs(agent, database, node.name, timing),
      ...makeNodeAnswers(agent, database, node, Option.isSome(settings.onTakeover)),
      changes,
      followed,
      peerSecret: Redacted.make(secret),
      leave,
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
