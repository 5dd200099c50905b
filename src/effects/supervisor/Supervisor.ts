/**
 * The control plane's verbs over store and engine: keeps the channels, runs those that should run, and shows them.
 *
 * Order of every change: checked, stored, then carried out. What the store refuses has changed nothing.
 */
import { join } from "node:path"
import { Clock, Effect, Layer, Option, Stream, SubscriptionRef } from "effect"
import { insertCue } from "../channel/insert-cue.ts"
import { isFailedStart, makeRunningChannels } from "../channel/RunningChannels.ts"
import { startChannels } from "../channel/start-channels.ts"
import { activeLeg } from "../channel/status.ts"
import { switchSource } from "../channel/switch-source.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { findOutput } from "../config/find-config.ts"
import { outputHostOf } from "../config/output-host.ts"
import { hlsDirectoryOf } from "../config/output-place.ts"
import { firstFreePort } from "../config/port-ranges.ts"
import { makeSecretsTag } from "../config/secrets-tag.ts"
import { makeStateTag } from "../config/state-tag.ts"
import { usedPorts } from "../config/used-ports.ts"
import { makeConfigService } from "../declarative/Configuration.ts"
import { makeCarryOut } from "../declarative/carry-out.ts"
import { FILE_NAME, importChannelsJson, writeChannelsJson } from "../declarative/channels-json.ts"
import { makeVersionRows } from "../declarative/version-rows.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { engineUsageOf } from "../engine/engine-usage.ts"
import { makeHistory } from "../history/History.ts"
import { makeMetrics } from "../metrics/Metrics.ts"
import { makeChangeFeed } from "../model/ChangeFeed.ts"
import type { ChannelConfig, EventQuery, SourceName } from "../model/channel.ts"
import type { CueQuery } from "../model/cue.ts"
import { NotFound } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { makeNotifications } from "../notifications/Notifications.ts"
import { makeNotificationRows } from "../notifications/notification-rows.ts"
import { refusePrivateHost } from "../notifications/refuse-private-host.ts"
import { watchStore } from "../notifications/watch-store.ts"
import { makePreviews } from "../preview/Previews.ts"
import { healthOf } from "../show/health-of.ts"
import { makeSurroundings } from "../show/surroundings.ts"
import { makeChanges } from "../store/Changes.ts"
import { makeCueLog } from "../store/CueLog.ts"
import { makeEventLog } from "../store/EventLog.ts"
import { Store } from "../store/Store.ts"
import { loadSecretKey } from "../store/secret-key.ts"
import { makeTaps } from "../taps/Taps.ts"
import { makeTemplates } from "../templates/Templates.ts"
import { makeTemplateRows } from "../templates/template-rows.ts"
import { makeThumbnails } from "../thumbnails/Thumbnails.ts"
import { makeRemovals } from "../undo/Removals.ts"
import { acrossChannels } from "./across-channels.ts"
import { makeRegistry, stamp } from "./channel-registry.ts"
import { makeChannelVerbs } from "./channel-verbs.ts"
import { Distributor } from "./Distributor.ts"
import { makeOutputVerbs } from "./output-verbs.ts"

const make = Effect.gen(function* () {
  const store = yield* Store
  const engine = yield* EngineClient
  const settings = yield* AppConfig
  const host = outputHostOf(settings)
  const tag = makeStateTag(yield* loadSecretKey(settings.keyFile))
  const configs = new Map<string, ChannelConfig>()
  const feed = yield* makeChangeFeed
  const startedMs = yield* monotonicMs

  // Closed in reverse: the channels first, then what they recorded is written.
  const events = yield* makeEventLog(store)
  const cues = yield* makeCueLog(store)
  const told: typeof events = {
    ...events,
    add: (event, nowMs) => {
      notifications.note(event, nowMs)
      events.add(event, nowMs)
    },
  }
  const metrics = makeMetrics()
  const running = yield* makeRunningChannels(engine, host, told, cues, feed.publish, metrics.tallies)
  const history = yield* makeHistory({ engine, configs: () => configs.values(), runs: (id) => running.get(id) !== undefined, events, cues })
  const taps = yield* makeTaps(engine, settings.dataDir)
  const previews = makePreviews(taps)
  const thumbnails = yield* makeThumbnails(taps, {
    limit: settings.thumbnails,
    running: Effect.map(SubscriptionRef.get(engine.state), ({ stats }) => {
      const carried = [...configs.keys()].filter((id) => running.get(id) !== undefined)
      return new Map(carried.map((id) => [id, { receiving: activeLeg(stats?.channels.find((c) => c.id === id))?.receiving === true }]))
    }),
  })
  const registry = makeRegistry({ configs, engine, host, publish: feed.publish, running, store, totals: metrics.totals })
  const { adoptConfig, find, inOrder, now, runtimeOf, view } = registry
  const storeProblem = yield* watchStore(store.problem, () => events.problem() ?? cues.problem())
  const notifications = yield* makeNotifications({
    rows: makeNotificationRows(store.access),
    ...(settings.allowPrivateTargets ? {} : { checkHost: refusePrivateHost() }),
    look: Effect.map(now, (moment) => ({ ...moment, configs: [...configs.values()], runtimeOf, storeProblem: storeProblem() })),
  })
  let configVersion = 0
  const changes = yield* makeChanges(registry)
  const { change, command } = changes
  const templates = makeTemplates(makeTemplateRows(store.access), change, tag)
  const removals = makeRemovals()

  const versionRows = makeVersionRows(store)
  const versions: typeof versionRows = {
    ...versionRows,
    apply: (...args) =>
      Effect.tap(versionRows.apply(...args), ({ version }) => Effect.sync(() => (configVersion = Math.max(configVersion, version)))),
  }
  const carryOut = makeCarryOut(running, adoptConfig, feed.publish)
  const declarative = makeConfigService({ versions, host, configs, stamp, tag, change, carryOut })

  const figuresOf = (id: string) =>
    Effect.map(SubscriptionRef.get(engine.state), ({ stats }) => stats?.channels.find((channel) => channel.id === id))

  const switchTo = Effect.fn("Supervisor.switchSource")(function* (ref: string, source: SourceName, force = false) {
    const config = yield* find(ref)
    yield* switchSource({ config, channel: running.get(config.id), engine, figures: figuresOf(config.id), refreshed }, source, force)
    yield* feed.publish
    return yield* view(config)
  }, command)

  /** The engine's figures of this moment, for a view right after a command. */
  const refreshed = Effect.flatMap(
    Effect.suspend(() => engine.send({ cmd: "state" })),
    ({ stats }) => (stats === undefined ? Effect.void : SubscriptionRef.update(engine.state, (s) => ({ ...s, stats }))),
  )

  const insertInto = Effect.fn("Supervisor.insertCue")(function* (ref: string, input: Parameters<typeof insertCue>[1], by: string) {
    const config = yield* find(ref)
    const figures = Effect.zipRight(refreshed, figuresOf(config.id))
    const lastCues = cues.list(config.id, { limit: 1000 })
    return yield* insertCue({ config, channel: running.get(config.id), engine, figures, lastCues }, input, by)
  }, command)

  const hlsDirectory = (ref: string, outputRef: string | null) =>
    Effect.gen(function* () {
      const config = yield* find(ref)
      const directory = hlsDirectoryOf(outputRef === null ? config.outputs : [yield* findOutput(config, outputRef)], host)
      return directory ?? (yield* new NotFound({ kind: "output", ref: outputRef ?? "of HLS" }))
    })

  const health = Effect.gen(function* () {
    const moment = yield* now
    const storeProblem = yield* store.problem
    return healthOf({
      ...moment,
      configs: [...configs.values()],
      runtimeOf,
      startedMs,
      storeProblem,
      eventsProblem: events.problem() ?? cues.problem(),
    })
  })

  // --- Metrics
  const metricsMoment = Effect.map(now, (moment) => ({ ...moment, configs: inOrder(), runtimeOf }))
  const storeFigures = () => ({
    errors: { configuration: changes.failures(), events: events.counts().failures, cues: cues.counts().failures },
    dropped: { events: events.counts().dropped, cues: cues.counts().dropped },
  })
  const metricsView = Effect.zipWith(metricsMoment, health, (moment, health) =>
    metrics.view(moment, { health, store: storeFigures(), configVersion }),
  )

  for (const name of settings.ignored) yield* Effect.log(`${name} is set, but means nothing here (docs/configuration.md)`)
  if (!Option.contains(settings.configFile, join(settings.dataDir, FILE_NAME))) yield* importChannelsJson(settings.dataDir, store, host)
  for (const config of yield* store.load) configs.set(config.id, config)
  if (Option.isSome(settings.configFile)) {
    yield* Effect.tapError(declarative.applyFile(settings.configFile.value), () => engine.detach)
  }
  configVersion = (yield* versionRows.list)[0]?.version ?? 0
  yield* Effect.forkScoped(Stream.runForEach(engine.state.changes, () => Effect.map(metricsMoment, metrics.observe)))
  yield* startChannels(configs, engine, running, host, command)
  yield* notifications.start
  // Runs before the fibers above are closed: when the start failed further up, streams of an engine that was found go on.
  yield* Effect.addFinalizer((exit) => (isFailedStart(exit) ? engine.detach : running.recordShutdown))

  return Distributor.of({
    health,
    engineUsage: Effect.map(SubscriptionRef.get(engine.state), engineUsageOf),
    freePort: (use) =>
      Effect.suspend(() => {
        const claimed = new Set([...configs.values()].flatMap((config) => usedPorts(config, () => "")).map(({ port }) => port))
        return use === "udp" ? firstFreePort(settings.udpPorts, claimed, "udp_port") : firstFreePort(settings.srtPorts, claimed, "url")
      }),
    channelsJson: (secrets) => Effect.sync(() => writeChannelsJson([...configs.values()], secrets)),
    list: Effect.suspend(() => Effect.forEach(inOrder(), view)),
    get: (ref) => Effect.flatMap(find(ref), view),
    config: declarative.service,
    templates: templates.service,
    secretsTag: makeSecretsTag(configs, tag),
    ...makeChannelVerbs(registry, changes, templates, removals),
    ...makeOutputVerbs(registry, changes, templates, removals),
    switchSource: switchTo,
    events: (ref: string, query: EventQuery) => Effect.flatMap(find(ref), ({ id }) => events.list(id, query)),
    cues: (ref: string, query: CueQuery) => Effect.flatMap(find(ref), ({ id }) => cues.list(id, query)),
    ...acrossChannels(registry, events, cues),
    surroundings: makeSurroundings(settings, store),
    insertCue: insertInto,
    removed: (token) => Effect.map(Clock.currentTimeMillis, (nowMs) => removals.view(token, nowMs)),
    hlsDirectory,
    history: (ref, window) => Effect.flatMap(find(ref), (config) => history.view(config, window)),
    recent: history.recent,
    notifications: notifications.service,
    metrics: metricsView,
    thumbnail: (ref) => Effect.flatMap(find(ref), ({ id }) => thumbnails.get(id)),
    preview: (ref, viewer) => Effect.flatMap(find(ref), ({ id }) => previews.watch(id, viewer)),
    changes: feed.changes,
  })
})

/** Fails with `StoreError` when the stored channels cannot be read, and with `StartRefused` when `channels.json` or `DISTRIBUTOR_CONFIG` cannot be taken. */
export const DistributorLive = Layer.scoped(Distributor, make)
