/**
 * One output: connect, stream until it ends, try again.
 *
 *   runSession   one attempt; fails with OutputEnded, never succeeds
 *   runWriter    the parent of all attempts: delays, status, log
 */
import { Clock, Effect, type Mailbox, Random, type Scope } from "effect"
import { maskSecrets } from "../core/output-url.ts"
import type { Reason, SessionState } from "../engine/messages.ts"
import type { OutputRuntime } from "./channel-runtime.ts"
import type { EngineClientService } from "./EngineClient.ts"
import { type EngineRefused, type EngineUnavailable, OutputEnded } from "./Errors.ts"
import type { SessionUpdate } from "./engine-inboxes.ts"
import type { OutputConfig } from "./model.ts"
import { monotonicMs } from "./monotonic.ts"
import { countFailure, retryDelayMs } from "./retry-delay.ts"
import type { RecordHappening } from "./started-channel.ts"
import { within } from "./within.ts"

export interface WriterDeps {
  readonly engine: EngineClientService
  readonly channelId: string
  readonly output: OutputConfig
  readonly runtime: OutputRuntime
  /** Waits until the engine has the channel, in a connection newer than the one given, or 5 s at most; returns the connection's number. */
  readonly awaitChannel: (after: number) => Effect.Effect<number>
  /** Told of every change of status. */
  readonly changed: Effect.Effect<void>
  readonly record: RecordHappening
}

/** What an attempt leaves behind for its parent. */
interface Attempt {
  /** Monotonic ms since when the session works; null before. */
  upSinceMs: number | null
  /** True once it counts as a reconnect, or as the first connect. */
  counted: boolean
  /** True until the state in which a running session was found is taken note of: it is no news. */
  found: boolean
}

const CLOSE_WITHIN = "3 seconds"
const ENGINE_LOST = "engine_lost"

const ended = (error: EngineRefused | EngineUnavailable): OutputEnded =>
  error._tag === "EngineRefused"
    ? new OutputEnded({ code: error.code, reason: error.reason, transient: error.transient })
    : new OutputEnded({ code: ENGINE_LOST, reason: error.message, transient: true })

const endedBy = (reason: Reason | null): OutputEnded =>
  new OutputEnded({
    code: reason?.code ?? "ended",
    reason: reason?.message ?? "the session ended",
    transient: reason?.transient ?? true,
  })

interface Session {
  readonly id: string
  readonly state: SessionState
  readonly updates: Mailbox.ReadonlyMailbox<SessionUpdate>
  /** The engine ran it before. */
  readonly found: boolean
  /** False once the engine has said that it ended: there is nothing left to close. */
  open: boolean
}

const openSession = ({ engine, channelId, output }: WriterDeps): Effect.Effect<Session, OutputEnded, Scope.Scope> =>
  Effect.gen(function* () {
    const id = crypto.randomUUID()
    const updates = yield* engine.watchSession(id)
    const open = engine.send({
      cmd: "open_output",
      channel_id: channelId,
      output: { id: output.id, label: output.slug, session: id, url: output.url },
    })
    const close = engine.send({ cmd: "close_output", channel_id: channelId, output_id: output.id })
    // A session that nobody here knows, e.g. of an older URL: it makes way.
    const replace = Effect.catchIf(
      open,
      (e) => e._tag === "EngineRefused" && e.code === "exists",
      () => Effect.zipRight(close, open),
    )
    yield* Effect.mapError(replace, ended)
    return { id, state: "connecting", updates, found: false, open: true }
  })

/** The output's session: the one the engine already runs for this URL, or a new one; closed with the scope. */
const session = (deps: WriterDeps): Effect.Effect<Session, OutputEnded, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const found = yield* deps.engine.adopt(deps.output.id, deps.output.url)
      if (found === null) return yield* openSession(deps)
      yield* Effect.log("session found running and taken over")
      return { id: found.session, state: found.state, updates: found.updates, found: true, open: true }
    }),
    (opened) =>
      opened.open
        ? deps.engine
            .send({ cmd: "close_output", channel_id: deps.channelId, output_id: deps.output.id })
            .pipe(within(CLOSE_WITHIN), Effect.ignore)
        : Effect.void,
  )

const setStatus = (deps: WriterDeps, change: Partial<OutputRuntime>) =>
  Effect.suspend(() => {
    Object.assign(deps.runtime, change)
    return deps.changed
  })

/** One attempt: connects, streams until the session ends, fails with the reason. */
export const runSession = (deps: WriterDeps, attempt: Attempt): Effect.Effect<never, OutputEnded> =>
  Effect.scoped(
    Effect.gen(function* () {
      const opened = yield* session(deps)
      attempt.found = opened.found
      yield* setStatus(deps, { session: opened.id })
      let update: SessionUpdate = { state: opened.state, reason: null }
      while (true) {
        const { state, reason } = update
        if (state === "ended") {
          opened.open = false
          return yield* endedBy(reason)
        }
        if (state !== "connecting") attempt.upSinceMs ??= yield* monotonicMs
        if (state !== "connecting") yield* onState(deps, attempt, state)
        update = yield* Effect.orDie(opened.updates.take)
      }
    }),
  )

/** A listener shows `connecting` while nobody receives from it: it works, but delivers nothing. */
const onState = (deps: WriterDeps, attempt: Attempt, state: SessionState) =>
  Effect.gen(function* () {
    const { runtime } = deps
    const status = state === "connected" ? "connected" : "connecting"
    if (runtime.status === status) return
    const back = status === "connected" && !attempt.counted && runtime.everConnected
    if (status === "connected") attempt.counted = runtime.everConnected = true
    yield* setStatus(deps, { status, reconnects: runtime.reconnects + (back ? 1 : 0) })
    const message =
      status === "connected" ? "connected" : runtime.everConnected ? "listening, no receiver any more" : "listening, no receiver yet"
    yield* Effect.log(message)
    const news = !attempt.found
    attempt.found = false
    const kind = status === "connected" ? "output_connected" : "output_waiting"
    if (news) yield* deps.record({ kind, severity: "info", output: deps.output.slug, message })
  })

/** Runs an output for good. Delays grow from 0.5 s to 30 s and start afresh once a session worked for 10 s. */
export const runWriter = (deps: WriterDeps): Effect.Effect<never> =>
  Effect.gen(function* () {
    const { runtime } = deps
    yield* Effect.logDebug(`writing to ${maskSecrets(deps.output.url)}`)
    let failures = 0
    let lostConnection = 0
    while (true) {
      const connection = yield* deps.awaitChannel(lostConnection)
      if (runtime.nextRetryAt !== null) yield* setStatus(deps, { nextRetryAt: null })
      const attempt: Attempt = { upSinceMs: null, counted: false, found: false }
      const error = yield* Effect.flip(runSession(deps, attempt))
      const upMs = attempt.upSinceMs === null ? 0 : (yield* monotonicMs) - attempt.upSinceMs
      lostConnection = error.code === ENGINE_LOST ? connection : 0
      failures = error.code === ENGINE_LOST ? 0 : countFailure(failures, upMs)
      yield* onFailure(deps, error, failures)
    }
  })

const onFailure = (deps: WriterDeps, error: OutputEnded, failures: number) =>
  Effect.gen(function* () {
    const { runtime } = deps
    const news = runtime.lastError !== error.reason || runtime.status === "connected" || runtime.status === "connecting"
    const errorCount = runtime.errorCount + 1
    const common = { session: null, lastError: error.reason, errorCount }
    if (error.code === ENGINE_LOST) {
      // The engine comes back with all its sessions gone: no fault of the far side, so no delay.
      yield* setStatus(deps, { ...common, status: "retrying", nextRetryAt: null })
      return
    }
    const delay = retryDelayMs(failures, error.transient, yield* Random.next)
    const nextRetryAt = (yield* Clock.currentTimeMillis) + delay
    yield* setStatus(deps, { ...common, status: error.transient ? "retrying" : "error", nextRetryAt })
    const severity = error.transient ? "warning" : "critical"
    if (news) yield* deps.record({ kind: "output_failed", severity, output: deps.output.slug, message: error.reason })
    const line = `${error.reason}; next attempt in ${(delay / 1000).toFixed(1)} s`
    // One line per change: the hundredth refusal for the same reason is not news.
    const log = news ? (error.transient ? Effect.logWarning : Effect.logError) : Effect.logDebug
    yield* Effect.annotateLogs(log(line), "code", error.code)
    yield* Effect.sleep(delay)
  })
