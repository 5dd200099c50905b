/**
 * A started channel, as a tree of fibers:
 *
 *   channel
 *   ├─ link         records that the engine went and came back
 *   ├─ receivers    put_channel, again after every engine restart and change of a leg; remove_channel when the channel stops
 *   ├─ watcher      what the engine tells of legs, SCTE-35 sections and receivers: log lines, events, cues, breaks
 *   └─ writers      one fiber per enabled output, keyed by its id; each retries by itself and touches no sibling
 */
import { Deferred, Effect, FiberMap, Mailbox, type Scope, Stream, SubscriptionRef } from "effect"
import type { ChannelSpec } from "../../engine/protocol/messages.ts"
import { fenceClockUs } from "../../engine/system/fence-clock.ts"
import { breakPolicyOf, specOf } from "../config/input-policy.ts"
import { retryPolicyOf, revisionOf } from "../config/output-place.ts"
import { hideOfLegs } from "../config/used-leg.ts"
import type { EngineLink } from "../engine/engine-state.ts"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { within } from "../model/within.ts"
import type { RelayHosts } from "../nodes/Nodes.ts"
import { watchEvents } from "./channel-watcher.ts"
import { followLink } from "./follow-engine.ts"
import type { WriterDeps } from "./output-session.ts"
import { newChannelRuntime, newOutputRuntime } from "./runtime/channel-runtime.ts"
import { setBreakPolicy } from "./runtime/scte35-runtime.ts"
import { type ChannelTally, outputTally } from "./runtime/tally.ts"
import type { Channel, WritersRequest } from "./started-channel.ts"
import { runWriter } from "./Writer.ts"

const RETRY_REFUSED = "5 seconds"
const ENGINE_BACK_WITHIN = "5 seconds"
const REMOVE_WITHIN = "3 seconds"
const RECONFIGURE_WITHIN = "5 seconds"

/** What a channel is given by the service that runs it. */
export interface Surroundings extends Pick<Channel, "changed" | "engine" | "host" | "keepCue" | "record"> {
  /** What its outputs did before; begins anew without one. */
  readonly tally?: ChannelTally
  /** Whether it goes on with what a service of before had begun. */
  readonly resumes?: boolean
  readonly fenceUs?: Channel["fenceUs"]
  /** The node that its legs are handed on to; null for none. */
  readonly relay?: RelayHosts | null
}

/** A channel that does not run yet. */
export const makeChannel = (
  config: ChannelConfig,
  { fenceUs = () => undefined, relay = null, resumes = false, tally, ...given }: Surroundings,
): Effect.Effect<Channel> =>
  Effect.gen(function* () {
    return {
      ...given,
      id: config.id,
      slug: config.slug,
      config: yield* SubscriptionRef.make(config),
      runtime: newChannelRuntime(yield* monotonicMs, breakPolicyOf(config.input), tally, given.host.ingest),
      taken: yield* SubscriptionRef.make(0),
      resumes,
      writerRequests: yield* Mailbox.make<WritersRequest>(),
      fenceUs,
      relay: yield* SubscriptionRef.make(relay),
    }
  })

/** Runs a channel until interrupted; then every output and leg of it is closed. */
export const runChannel = (channel: Channel): Effect.Effect<void> =>
  Effect.all([followLink(channel.engine, channel.record), receivers(channel), watchEvents(channel), writers(channel)], {
    concurrency: "unbounded",
    discard: true,
  }).pipe(Effect.scoped, Effect.annotateLogs("channel", channel.slug))

/**
 * Gives a started channel its new configuration; returns when outputs that must go have gone and new ones are starting.
 * @param by who made the change, recorded for outputs that it disables or removes; null for nobody in particular
 */
export const reconfigure = (channel: Channel, config: ChannelConfig, by: string | null = null): Effect.Effect<void> =>
  Effect.gen(function* () {
    const done = yield* Deferred.make<void>()
    setBreakPolicy(channel.runtime.scte35, breakPolicyOf(config.input))
    yield* SubscriptionRef.set(channel.config, config)
    yield* channel.writerRequests.offer({ outputs: config.outputs, by, done })
    yield* within(RECONFIGURE_WITHIN)(Deferred.await(done))
  })

const sameSpec = (a: ChannelSpec, b: ChannelSpec) => JSON.stringify(a) === JSON.stringify(b)

const receivers = (channel: Channel): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { engine, id } = channel
    const remove = engine.send({ cmd: "remove_channel", channel_id: id }).pipe(within(REMOVE_WITHIN), Effect.ignore)
    yield* Effect.addFinalizer(() => remove)
    const connections = engine.link.changes.pipe(
      Stream.filter((s) => s.connected),
      Stream.map((s) => s.generation),
      Stream.changes,
    )
    const specs = Stream.zipLatest(channel.config.changes, channel.relay.changes).pipe(
      Stream.map(([config, relay]) => specOf(config, channel.host, relay)),
      Stream.changesWith(sameSpec),
    )
    yield* Stream.zipLatest(connections, specs).pipe(
      Stream.flatMap(([connection, spec]) => Stream.fromEffect(put(channel, connection, spec)), { switch: true }),
      Stream.runDrain,
    )
  })

/** Offers the channel to the engine until the engine takes it. */
const put = (channel: Channel, connection: number, spec: ChannelSpec): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { engine, runtime } = channel
    const { source } = runtime
    const { stats } = yield* SubscriptionRef.get(engine.state)
    const carried = stats?.channels.some((c) => c.id === spec.id) === true
    yield* Effect.suspend(() => {
      // As of the moment at which it is sent: the fence moves on several times a second.
      const fenceUs = channel.fenceUs()
      return engine.send({
        cmd: "put_channel",
        channel: fenceUs === undefined ? spec : { ...spec, fence_us: fenceUs },
      })
    })
    // An engine that has the channel knows better which leg is good; a new one starts with the primary.
    if (!carried && source !== "primary" && spec.legs.some((leg) => leg.name === source)) {
      yield* Effect.ignore(engine.send({ cmd: "switch_source", channel_id: spec.id, leg: source, manual: false }))
    }
    runtime.refused = null
    yield* SubscriptionRef.set(channel.taken, connection)
  }).pipe(
    Effect.catchAll((error) =>
      Effect.gen(function* () {
        const why = hideOfLegs(yield* SubscriptionRef.get(channel.config), channel.host.ingest)(error.message)
        if (channel.runtime.refused !== why) yield* Effect.logError(why)
        channel.runtime.refused = why
        yield* channel.changed
        yield* Effect.sleep(RETRY_REFUSED)
        return yield* put(channel, connection, spec)
      }),
    ),
  )

/**
 * Waits until the engine has the channel, in a connection newer than `after`. Gives up after 5 s, in case that
 * connection was not lost.
 */
export const awaitChannel =
  (channel: Channel) =>
  (after: number): Effect.Effect<number> => {
    const isTaken = (link: EngineLink, taken: number, connection: number) =>
      link.connected && taken === link.generation && taken > connection
    const newerThan = (connection: number) =>
      Stream.zipLatest(channel.engine.link.changes, channel.taken.changes).pipe(
        Stream.filter(([link, taken]) => isTaken(link, taken, connection)),
        Stream.take(1),
        Stream.runDrain,
      )
    return Effect.gen(function* () {
      const link = yield* SubscriptionRef.get(channel.engine.link)
      const now = yield* SubscriptionRef.get(channel.taken)
      // Nearly every attempt of an output begins so, and streams would cost more than all the rest of it.
      if (isTaken(link, now, after)) return now
      if (after > 0) yield* Effect.timeoutOption(newerThan(after), ENGINE_BACK_WITHIN)
      yield* newerThan(0)
      return yield* SubscriptionRef.get(channel.taken)
    })
  }

/** Tells why an output stopped; `next` is its new configuration, undefined when it was removed. */
const whyStopped = (url: string, next: OutputConfig | undefined, by: string | null): string => {
  const changed = next?.url === url ? "settings were" : "URL was"
  const actor = by === null ? "" : ` by ${by}`
  return next === undefined ? `removed${actor}` : next.enabled ? `stopped: its ${changed} changed` : `disabled${actor}`
}

/**
 * Runs the writer of an output until it is interrupted. A failure inside a FiberMap is silent: a writer that dies of a
 * defect is reported here and started again.
 */
const lastingWriter = (deps: WriterDeps): Effect.Effect<never> =>
  runWriter(deps).pipe(
    Effect.tapErrorCause((cause) => Effect.logError("the writer failed and is started again", cause)),
    Effect.catchAllCause(() => Effect.sleep("1 second")),
    Effect.forever,
    Effect.annotateLogs("output", deps.output.slug),
  )

const writers = (channel: Channel): Effect.Effect<never, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { engine, host, id, runtime } = channel
    const fibers = yield* FiberMap.make<string>()
    const running = new Map<string, OutputConfig>()
    const wanted = (outputs: ReadonlyArray<OutputConfig>) =>
      new Map(outputs.filter((o) => o.enabled).map((o) => [o.id, o]))

    /** Stops an output. `next` is its new configuration; undefined when it was removed. */
    const stop = ({ id: outputId, slug, url }: OutputConfig, next: OutputConfig | undefined, by: string | null) =>
      Effect.gen(function* () {
        const left = runtime.outputs.get(outputId)
        if (left !== undefined) left.stopping = true
        yield* channel.changed
        yield* FiberMap.remove(fibers, outputId)
        running.delete(outputId)
        if (next === undefined) runtime.outputs.delete(outputId)
        else if (left !== undefined)
          Object.assign(left, { status: "stopped", session: null, nextRetryAt: null, stopping: false })
        const why = whyStopped(url, next, by)
        yield* channel.record({ kind: "output_stopped", severity: "info", output: slug, message: why })
        yield* Effect.annotateLogs(Effect.log("stopped"), "output", slug)
      })

    const start = (output: OutputConfig, resumes: boolean) =>
      Effect.suspend(() => {
        const known = newOutputRuntime(outputTally(runtime.tally, output.id))
        runtime.outputs.set(output.id, known)
        running.set(output.id, output)
        const deps = {
          engine,
          host,
          channelId: id,
          fromUs: () => (channel.fenceUs() === undefined ? undefined : fenceClockUs()),
          output,
          retry: () => retryPolicyOf(running.get(output.id) ?? output, host),
          runtime: known,
          awaitChannel: awaitChannel(channel),
          resumes,
          changed: channel.changed,
          record: channel.record,
        }
        return FiberMap.run(fibers, output.id, lastingWriter(deps))
      })

    /** Lets an output go on undisturbed; only what the control plane itself does by its settings changes. */
    const keep = (output: OutputConfig) => Effect.sync(() => void running.set(output.id, output))

    const apply = ({ by, done, outputs }: WritersRequest, resumes = false) =>
      Effect.gen(function* () {
        const next = wanted(outputs)
        const isSame = (old: OutputConfig, now: OutputConfig | undefined) =>
          now !== undefined && revisionOf(now, host) === revisionOf(old, host)
        const gone = [...running.values()].filter((old) => !isSame(old, next.get(old.id)))
        // Old outputs stop first: a new URL may need the very port that an old one holds.
        const stopOne = (old: OutputConfig) =>
          stop(
            old,
            outputs.find((o) => o.id === old.id),
            by,
          )
        yield* Effect.forEach(gone, stopOne, { concurrency: "unbounded", discard: true })
        const keepOrStart = (output: OutputConfig) => (running.has(output.id) ? keep(output) : start(output, resumes))
        yield* Effect.forEach(next.values(), keepOrStart, { discard: true })
        yield* Deferred.succeed(done, undefined)
        yield* channel.changed
      })

    const { outputs } = yield* SubscriptionRef.get(channel.config)
    yield* apply({ outputs, by: null, done: yield* Deferred.make<void>() }, channel.resumes)
    return yield* Effect.forever(Effect.flatMap(Effect.orDie(channel.writerRequests.take), (request) => apply(request)))
  })
