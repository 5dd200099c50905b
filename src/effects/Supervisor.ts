/**
 * The control plane's verbs over store and engine: keeps the channels, runs those that should run, and shows them.
 *
 * Order of every change: checked, stored, then carried out. What the store refuses has changed nothing.
 */
import { Cause, Clock, Effect, FiberMap, Layer, Schedule, Scope, Stream, SubscriptionRef } from "effect"
import { awaitChannel, makeChannel, reconfigure, runChannel } from "./Channel.ts"
import { makeChangeFeed } from "./change-feed.ts"
import { Distributor } from "./Distributor.ts"
import { EngineClient } from "./EngineClient.ts"
import { Conflict, InvalidInput, NotFound } from "./Errors.ts"
import { healthOf } from "./health-of.ts"
import type { ChannelConfig, OutputConfig, SourceName } from "./model.ts"
import { monotonicMs } from "./monotonic.ts"
import { Store } from "./Store.ts"
import type { Channel } from "./started-channel.ts"
import { strangers } from "./strangers.ts"
import { portConflicts, usedPorts } from "./used-ports.ts"
import { type Checked, changedChannel, changedOutput, newChannel, newOutput } from "./validate.ts"
import { channelView, observeChannel } from "./views-of.ts"
import { within } from "./within.ts"

const SHUTDOWN_WITHIN = "1500 millis"
const TAKEN_WITHIN = "1 second"

const make = Effect.gen(function* () {
  const store = yield* Store
  const engine = yield* EngineClient
  const configs = new Map<string, ChannelConfig>()
  const running = new Map<string, Channel>()
  const feed = yield* makeChangeFeed
  const startedMs = yield* monotonicMs
  /** One change at a time, so that two requests cannot both find a port free. */
  const exclusive = (yield* Effect.makeSemaphore(1)).withPermits(1)

  // --- Fibers of channels. Closed with the scope, each within its deadline.
  const scope = yield* Effect.acquireRelease(Scope.make(), (s, exit) => within(SHUTDOWN_WITHIN)(Scope.close(s, exit)))
  const fibers = yield* Scope.extend(FiberMap.make<string>(), scope)

  const run = (config: ChannelConfig) =>
    Effect.gen(function* () {
      yield* FiberMap.remove(fibers, config.id)
      const channel = yield* makeChannel(config, engine, feed.publish)
      running.set(config.id, channel)
      const lasting = runChannel(channel).pipe(
        Effect.tapErrorCause((cause) =>
          Effect.annotateLogs(Effect.logError("the channel failed and is started again", cause), "channel", config.slug),
        ),
        Effect.sandbox,
        Effect.retry(Schedule.spaced("1 second")),
      )
      yield* FiberMap.run(fibers, config.id, lasting)
      yield* Effect.annotateLogs(Effect.log("started"), "channel", config.slug)
      return channel
    })

  /** For verbs: answers when the engine has the channel, so that the next command finds it there. */
  const runNow = (config: ChannelConfig) => Effect.flatMap(run(config), (channel) => within(TAKEN_WITHIN)(awaitChannel(channel)(0)))

  const halt = (id: string) =>
    Effect.gen(function* () {
      const channel = running.get(id)
      if (channel === undefined) return
      running.delete(id)
      yield* FiberMap.remove(fibers, id)
      yield* Effect.annotateLogs(Effect.log("stopped"), "channel", channel.slug)
    })

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
  const view = (config: ChannelConfig) =>
    Effect.map(now, (moment) => channelView(config, { ...moment, runtime: running.get(config.id)?.runtime ?? null }))
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
      const asked = mine.filter((p) => (p.path.endsWith("rtp_port") ? legs : p.path !== ""))
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
    if (config.autostart) yield* runNow(config)
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
    yield* halt(id)
    configs.delete(id)
    yield* feed.publish
  }, change)

  const setRunning = (shouldRun: boolean) => (ref: string) =>
    change(
      Effect.gen(function* () {
        const config = { ...(yield* find(ref)), should_run: shouldRun }
        yield* store.setShouldRun(config.id, shouldRun)
        configs.set(config.id, config)
        if (!shouldRun) yield* halt(config.id)
        else if (!running.has(config.id)) yield* runNow(config)
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

  const switchSource = Effect.fn("Supervisor.switchSource")(function* (ref: string, source: SourceName) {
    const config = yield* find(ref)
    const channel = running.get(config.id)
    const refuse = (message: string) => new InvalidInput({ errors: [{ path: "source", message }] })
    if (channel === undefined) return yield* refuse("the channel is stopped")
    if (source === "backup" && config.backup_rtp_ip === null) return yield* refuse("the channel has no backup")
    yield* engine
      .send({ cmd: "switch_source", channel_id: config.id, leg: source })
      .pipe(Effect.catchTag("EngineRefused", (e) => refuse(e.reason)))
    channel.runtime.source = source
    yield* Effect.annotateLogs(Effect.log(`switched to the ${source} by the operator`), "channel", config.slug)
    yield* Effect.ignore(refreshed)
    yield* feed.publish
    return yield* view(config)
  }, change)

  /** The engine's figures of this moment, for a view right after a command. */
  const refreshed = Effect.flatMap(engine.send({ cmd: "state" }), ({ stats }) =>
    stats === undefined ? Effect.void : SubscriptionRef.update(engine.state, (s) => ({ ...s, stats })),
  )

  const health = Effect.gen(function* () {
    const moment = yield* now
    const runtimeOf = (id: string) => running.get(id)?.runtime ?? null
    return healthOf({ ...moment, configs: [...configs.values()], runtimeOf, startedMs, storeOk: yield* store.ok })
  })

  /** The one ticker: each message of figures is looked at once, for all channels. */
  const ticker = engine.state.changes.pipe(
    Stream.runForEach(({ stats }) =>
      Effect.gen(function* () {
        const at = yield* monotonicMs
        for (const { id, runtime, slug } of running.values()) {
          const config = configs.get(id)
          if (config === undefined) continue
          const lines = observeChannel(
            config,
            runtime,
            stats?.channels.find((c) => c.id === id),
            at,
          )
          // Annotations copy every fiber reference: not for each channel every second.
          if (lines.length === 0) continue
          yield* Effect.forEach(lines, (l) => (l.warn ? Effect.logWarning(l.message) : Effect.log(l.message)), { discard: true }).pipe(
            Effect.annotateLogs("channel", slug),
          )
        }
        yield* feed.publish
      }),
    ),
  )

  /** What a found engine runs and nobody asked for any more; channels and outputs that should run are adopted by their own fibers. */
  const removeStrangers = Effect.gen(function* () {
    const { stats } = yield* SubscriptionRef.get(engine.state)
    const commands = strangers(stats, (id) => (running.has(id) ? configs.get(id) : undefined))
    yield* Effect.forEach(commands, (command) => Effect.ignore(engine.send(command)), { discard: true })
  })

  for (const config of yield* store.load) configs.set(config.id, config)
  for (const config of configs.values()) if (config.autostart || config.should_run) yield* run(config)
  yield* removeStrangers
  yield* Effect.forkScoped(ticker)
  // Runs before the fibers above are closed: when the start failed further up, streams of an engine that was found go on.
  yield* Effect.addFinalizer((exit) => (exit._tag === "Failure" && !Cause.isInterruptedOnly(exit.cause) ? engine.detach : Effect.void))

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
