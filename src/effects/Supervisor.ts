/**
 * The control plane's verbs over store and engine: keeps the channels, runs those that should run, and shows them.
 *
 * Order of every change: checked, stored, then carried out. What the store refuses has changed nothing.
 */
import { Clock, Effect, Layer, SubscriptionRef } from "effect"
import { reconfigure } from "./Channel.ts"
import { makeCueLog } from "./CueLog.ts"
import { makeChangeFeed } from "./change-feed.ts"
import type { CueQuery } from "./cue-model.ts"
import { Distributor } from "./Distributor.ts"
import { EngineClient } from "./EngineClient.ts"
import { Conflict, InvalidInput, NotFound } from "./Errors.ts"
import { makeEventLog } from "./EventLog.ts"
import { healthOf } from "./health-of.ts"
import type { ChannelConfig, EventQuery, OutputConfig, SourceName } from "./model.ts"
import { monotonicMs } from "./monotonic.ts"
import { isFailedStart, makeRunningChannels } from "./RunningChannels.ts"
import { Store } from "./Store.ts"
import { strangers } from "./strangers.ts"
import { deadLeg } from "./switch-refusal.ts"
import { portConflicts, usedPorts } from "./used-ports.ts"
import { type Checked, changedChannel, changedOutput, newChannel, newOutput } from "./validate.ts"
import { channelView } from "./views-of.ts"

const make = Effect.gen(function* () {
  const store = yield* Store
  const engine = yield* EngineClient
  const configs = new Map<string, ChannelConfig>()
  const feed = yield* makeChangeFeed
  const startedMs = yield* monotonicMs
  /** One change at a time, so that two requests cannot both find a port free. */
  const exclusive = (yield* Effect.makeSemaphore(1)).withPermits(1)

  // Closed in reverse: the channels first, then what they recorded is written.
  const events = yield* makeEventLog(store)
  const cues = yield* makeCueLog(store)
  const running = yield* makeRunningChannels(engine, events, cues, feed.publish)
  const runtimeOf = (id: string) => running.get(id)?.runtime ?? null

  // --- Looking up and showing
  const find = (ref: string) =>
    Effect.suspend(() => {
      const all = [...configs.values()]
      const found = configs.get(ref) ?? all.find((c) => c.slug === ref) ?? all.find((c) => String(c.number) === ref)
      return found === undefined ? new NotFound({ kind: "channel", ref }) : Effect.succeed(found)
    })
  const findOutput = (channel: ChannelConfig, ref: string) => {
    const found = channel.outputs.find((o) => o.id === ref) ?? channel.outputs.find((o) => o.slug === ref)
    return found === undefined ? new NotFound({ kind: "output", ref }) : Effect.succeed(found)
  }
  const now = Effect.all({ engine: SubscriptionRef.get(engine.state), nowMs: Clock.currentTimeMillis, monotonicMs })
  const view = (config: ChannelConfig) => Effect.map(now, (moment) => channelView(config, { ...moment, runtime: runtimeOf(config.id) }))
  const viewOutput = (config: ChannelConfig, id: string) =>
    Effect.flatMap(view(config), ({ outputs }) => {
      const output = outputs.find((o) => o.id === id)
      return output === undefined ? Effect.dieMessage(`output ${id} is not in its channel`) : Effect.succeed(output)
    })

  // --- Checking
  const stamp = Effect.map(Clock.currentTimeMillis, (ms) => ({ id: () => crypto.randomUUID(), createdAt: new Date(ms).toISOString() }))
  const accept = <A>(checked: Checked<A>) => (checked.ok ? Effect.succeed(checked.value) : new InvalidInput({ errors: checked.errors }))
  /** `pathOf` names the request's field of an output's URL, or null when the request does not speak of that output. */
  const checkPorts = (config: Omit<ChannelConfig, "number">, pathOf: (output: OutputConfig) => string | null, legs: boolean) =>
    Effect.suspend(() => {
      const others = [...configs.values()].filter((c) => c.id !== config.id).flatMap((c) => usedPorts(c, () => ""))
      const mine = usedPorts(config, (output) => pathOf(output) ?? "")
      const asked = mine.filter((p) => (p.isInput ? legs : p.path !== ""))
      const errors = portConflicts(asked, [...others, ...mine.filter((p) => !asked.includes(p))])
      return errors.length === 0 ? Effect.void : new Conflict({ errors })
    })

  /** What is stored becomes what is known and what runs. */
  const adoptConfig = (config: ChannelConfig) =>
    Effect.gen(function* () {
      configs.set(config.id, config)
      const channel = running.get(config.id)
      if (channel !== undefined) yield* reconfigure(channel, config)
      yield* feed.publish
    })
  const withOutputs = (config: ChannelConfig, outputs: ReadonlyArray<OutputConfig>): ChannelConfig => ({ ...config, outputs })

  /** A change that is stored is carried out to its end, even when the caller has gone meanwhile. */
  const change = <A, E>(effect: Effect.Effect<A, E>) => exclusive(Effect.uninterruptible(effect))

  // --- Verbs
  const create = Effect.fn("Supervisor.create")(function* (input: Parameters<typeof newChannel>[0]) {
    const slugs = new Set([...configs.values()].map((c) => c.slug))
    const wanted = yield* accept(newChannel(input, slugs, yield* stamp))
    yield* checkPorts(wanted, (output) => `outputs[${wanted.outputs.indexOf(output)}].url`, true)
    const config = yield* store.insertChannel(wanted)
    yield* adoptConfig(config)
    if (config.autostart) yield* running.runNow(config, "at its creation")
    return yield* view(config)
  }, change)

  const update = Effect.fn("Supervisor.update")(function* (ref: string, input: Parameters<typeof changedChannel>[1]) {
    const config = yield* accept(changedChannel(yield* find(ref), input))
    yield* checkPorts(config, () => null, true)
    yield* store.updateChannel(config)
    yield* adoptConfig(config)
    return yield* view(config)
  }, change)

  const remove = Effect.fn("Supervisor.remove")(function* (ref: string) {
    const { id } = yield* find(ref)
    yield* store.deleteChannel(id)
    yield* running.halt(id)
    configs.delete(id)
    yield* feed.publish
  }, change)

  const setRunning = (shouldRun: boolean) => (ref: string) =>
    change(
      Effect.gen(function* () {
        const config = { ...(yield* find(ref)), should_run: shouldRun }
        yield* store.setShouldRun(config.id, shouldRun)
        configs.set(config.id, config)
        if (!shouldRun) yield* running.halt(config.id)
        else if (running.get(config.id) === undefined) yield* running.runNow(config, "by the operator")
        yield* feed.publish
        return yield* view(config)
      }),
    )

  const addOutput = Effect.fn("Supervisor.addOutput")(function* (ref: string, input: Parameters<typeof newOutput>[0]) {
    const old = yield* find(ref)
    const output = yield* accept(newOutput(input, old.outputs, yield* stamp, ""))
    const config = withOutputs(old, [...old.outputs, output])
    yield* checkPorts(config, (o) => (o === output ? "url" : null), false)
    yield* store.insertOutput(config.id, output)
    yield* adoptConfig(config)
    return yield* viewOutput(config, output.id)
  }, change)

  const replaceOutput = (ref: string, outputRef: string, changed: (output: OutputConfig) => Checked<OutputConfig>) =>
    Effect.gen(function* () {
      const old = yield* find(ref)
      const before = yield* findOutput(old, outputRef)
      const output = yield* accept(changed(before))
      const outputs = old.outputs.map((o) => (o === before ? output : o))
      const config = withOutputs(old, outputs)
      if (output.url !== before.url) yield* checkPorts(config, (o) => (o === output ? "url" : null), false)
      yield* store.updateOutput(output)
      yield* adoptConfig(config)
      return yield* viewOutput(config, output.id)
    })

  const updateOutput = Effect.fn("Supervisor.updateOutput")(function* (
    ref: string,
    output: string,
    input: Parameters<typeof changedOutput>[1],
  ) {
    return yield* replaceOutput(ref, output, (before) => changedOutput(before, input))
  }, change)

  const removeOutput = Effect.fn("Supervisor.removeOutput")(function* (ref: string, outputRef: string) {
    const old = yield* find(ref)
    const output = yield* findOutput(old, outputRef)
    yield* store.deleteOutput(output.id)
    yield* adoptConfig(
      withOutputs(
        old,
        old.outputs.filter((o) => o !== output),
      ),
    )
  }, change)

  const setEnabled = (enabled: boolean) => (ref: string, output: string) =>
    change(
      replaceOutput(ref, output, (before) => ({ ok: true, value: { ...before, enabled } })).pipe(
        // Nothing but `enabled` changes, so there is nothing to be refused.
        Effect.catchTags({ InvalidInput: Effect.die, Conflict: Effect.die }),
      ),
    )

  const figuresOf = (id: string) =>
    Effect.map(SubscriptionRef.get(engine.state), ({ stats }) => stats?.channels.find((channel) => channel.id === id))

  const switchSource = Effect.fn("Supervisor.switchSource")(function* (ref: string, source: SourceName, force = false) {
    const config = yield* find(ref)
    const channel = running.get(config.id)
    const refuse = (message: string) => new InvalidInput({ errors: [{ path: "source", message }] })
    if (channel === undefined) return yield* refuse("the channel is stopped")
    if (source === "backup" && config.backup_rtp_ip === null) return yield* refuse("the channel has no backup")
    // Figures are a second old at most: a leg that has just come up is asked for again.
    const isDead = Effect.map(figuresOf(config.id), (stats) => deadLeg(stats, source))
    if (!force && (yield* isDead) !== null) {
      yield* Effect.ignore(refreshed)
      const why = yield* isDead
      const message = `${why}: the outputs would stop; send "force": true to switch all the same`
      if (why !== null) return yield* new Conflict({ errors: [{ path: "source", message }] })
    }
    yield* engine
      .send({ cmd: "switch_source", channel_id: config.id, leg: source, manual: true })
      .pipe(Effect.catchTag("EngineRefused", (e) => refuse(e.reason)))
    channel.runtime.source = source
    yield* Effect.annotateLogs(Effect.log(`the operator switches to the ${source}`), "channel", config.slug)
    yield* Effect.ignore(refreshed)
    yield* feed.publish
    return yield* view(config)
  }, change)

  /** The engine's figures of this moment, for a view right after a command. */
  const refreshed = Effect.flatMap(
    Effect.suspend(() => engine.send({ cmd: "state" })),
    ({ stats }) => (stats === undefined ? Effect.void : SubscriptionRef.update(engine.state, (s) => ({ ...s, stats }))),
  )

  const health = Effect.gen(function* () {
    const moment = yield* now
    const storeOk = yield* store.ok
    return healthOf({
      ...moment,
      configs: [...configs.values()],
      runtimeOf,
      startedMs,
      storeOk,
      eventsProblem: events.problem() ?? cues.problem(),
    })
  })

  /** What a found engine runs and nobody asked for any more; channels and outputs that should run are adopted by their own fibers. */
  const removeStrangers = Effect.gen(function* () {
    const { stats } = yield* SubscriptionRef.get(engine.state)
    const commands = strangers(stats, (id) => (running.get(id) === undefined ? undefined : configs.get(id)))
    yield* Effect.forEach(commands, (command) => Effect.ignore(engine.send(command)), { discard: true })
  })

  for (const config of yield* store.load) configs.set(config.id, config)
  const { stats: found } = yield* SubscriptionRef.get(engine.state)
  for (const config of configs.values()) {
    if (!config.autostart && !config.should_run) continue
    const carried = found?.channels.find((channel) => channel.id === config.id)
    yield* running.run(
      config,
      carried === undefined ? "with the service" : `with the service: found running, on the ${carried.active_source}`,
    )
  }
  yield* removeStrangers
  yield* Effect.forkScoped(running.follow((id) => configs.get(id)))
  yield* Effect.forkScoped(running.followEngine)
  // Runs before the fibers above are closed: when the start failed further up, streams of an engine that was found go on.
  yield* Effect.addFinalizer((exit) => (isFailedStart(exit) ? engine.detach : running.recordShutdown))

  return Distributor.of({
    health,
    list: Effect.suspend(() =>
      Effect.forEach(
        [...configs.values()].sort((a, b) => a.number - b.number),
        view,
      ),
    ),
    get: (ref) => Effect.flatMap(find(ref), view),
    create,
    update,
    remove,
    start: setRunning(true),
    stop: setRunning(false),
    switchSource,
    events: (ref: string, query: EventQuery) => Effect.flatMap(find(ref), ({ id }) => events.list(id, query)),
    cues: (ref: string, query: CueQuery) => Effect.flatMap(find(ref), ({ id }) => cues.list(id, query)),
    addOutput,
    updateOutput,
    removeOutput,
    startOutput: setEnabled(true),
    stopOutput: setEnabled(false),
    changes: feed.changes,
  })
})

/** Fails with `StoreError` when the stored channels cannot be read. */
export const DistributorLive = Layer.scoped(Distributor, make)
