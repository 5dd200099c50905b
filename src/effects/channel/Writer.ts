/**
 * One output: connect, stream until it ends, try again.
 *
 *   runSession   one attempt; fails with OutputEnded, never succeeds
 *   runWriter    the parent of all attempts: delays, status, log
 */
import { Clock, Effect, Random } from "effect"
import { maskSecrets } from "../../core/output/output-url.ts"
import { countFailure, isGivenUp, RESUMING_MS, retryDelayMs } from "../../core/settings/retry-delay.ts"
import { FENCED } from "../../engine/protocol/fenced.ts"
import type { SessionState } from "../../engine/protocol/messages.ts"
import { hideSecrets } from "../config/hide-secrets.ts"
import type { SessionUpdate } from "../engine/engine-inboxes.ts"
import { OutputEnded } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { ENGINE_LOST, endedBy, engineSession, type WriterDeps } from "./output-session.ts"
import { rtspSession } from "./rtsp-session.ts"
import type { OutputRuntime } from "./runtime/channel-runtime.ts"
import { endReasonOf } from "./runtime/end-reason.ts"

/** A lease is looked for so often. */
const FENCED_LOOK = "1 second"

/** What an attempt leaves behind for its parent. */
interface Attempt {
  /** Monotonic ms since which the session has worked; null before. */
  upSinceMs: number | null
  /** True once it counts as a reconnect, or as the first connect. */
  counted: boolean
  /** True until the state in which a running session was found has been noted: that state is not news. */
  found: boolean
}

const setStatus = (deps: WriterDeps, change: Partial<OutputRuntime>) =>
  Effect.suspend(() => {
    Object.assign(deps.runtime, change)
    return deps.changed
  })

/** One attempt: connects, streams until the session ends, fails with the reason. */
export const runSession = (deps: WriterDeps, attempt: Attempt): Effect.Effect<never, OutputEnded> =>
  Effect.scoped(
    Effect.gen(function* () {
      const opened = yield* deps.output.protocol === "rtsp" ? rtspSession(deps) : engineSession(deps)
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
        deps.runtime.listeningSinceMs =
          state === "listening" ? (deps.runtime.listeningSinceMs ?? (yield* monotonicMs)) : null
        if (state !== "connecting") yield* onState(deps, attempt, state)
        update = yield* Effect.orDie(opened.updates.take)
      }
    }),
  ).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        deps.runtime.listeningSinceMs = null
      }),
    ),
  )

/** A listener shows `connecting` while nobody receives from it: it works, but delivers nothing. */
const onState = (deps: WriterDeps, attempt: Attempt, state: SessionState) =>
  Effect.gen(function* () {
    const { runtime } = deps
    const status = state === "connected" ? "connected" : "connecting"
    if (runtime.status === status) return
    const back = status === "connected" && !attempt.counted && runtime.everConnected
    if (status === "connected") {
      attempt.counted = runtime.everConnected = true
      if (!attempt.found) runtime.tally.connects++
    }
    yield* setStatus(deps, { status, reconnects: runtime.reconnects + (back ? 1 : 0) })
    const message =
      status === "connected"
        ? "connected"
        : runtime.everConnected
          ? "listening, no receiver any more"
          : "listening, no receiver yet"
    yield* Effect.log(message)
    const news = !attempt.found
    attempt.found = false
    const kind = status === "connected" ? "output_connected" : "output_waiting"
    if (news) yield* deps.record({ kind, severity: "info", output: deps.output.slug, message })
  })

/** Waits until somebody asks for the next attempt. */
const askedAgain = (runtime: OutputRuntime): Effect.Effect<void> =>
  Effect.ensuring(
    Effect.async<void>((resume) => {
      runtime.tryAgain = () => resume(Effect.void)
    }),
    Effect.sync(() => (runtime.tryAgain = null)),
  )

/**
 * Runs an output until interrupted. Delays grow (`retryDelayMs`) and start afresh once a session has worked for 10 s,
 * or when somebody asks. For 30 s after the engine died, alone or with the control plane, they stay short: a far end that
 * still holds the connection of before takes a new one only when it has noticed.
 */
export const runWriter = (deps: WriterDeps): Effect.Effect<never> =>
  Effect.gen(function* () {
    const { runtime } = deps
    yield* Effect.logDebug(`writing to ${maskSecrets(deps.output.url)}`)
    const hide = hideSecrets(deps.output)
    const hidden = ({ code, reason, transient }: OutputEnded) =>
      new OutputEnded({ code, reason: hide(reason), transient })
    let failures = 0
    let lostConnection = 0
    let resumes = deps.resumes
    let resumingUntilMs = Number.NEGATIVE_INFINITY
    while (true) {
      const connection = yield* deps.awaitChannel(lostConnection)
      if (resumes) resumingUntilMs = (yield* monotonicMs) + RESUMING_MS
      if (runtime.nextRetryAt !== null) yield* setStatus(deps, { nextRetryAt: null })
      const attempt: Attempt = { upSinceMs: null, counted: false, found: false }
      const error = hidden(yield* Effect.flip(runSession(deps, attempt)))
      if (error.code === FENCED) {
        yield* whileFenced(deps, error)
        continue
      }
      const nowMs = yield* monotonicMs
      const upMs = attempt.upSinceMs === null ? 0 : nowMs - attempt.upSinceMs
      const resuming = nowMs < resumingUntilMs
      runtime.tally[attempt.counted ? "lost" : "failed"][endReasonOf(error.code)]++
      resumes = error.code === ENGINE_LOST
      lostConnection = resumes ? connection : 0
      failures = resumes ? 0 : countFailure(failures, upMs, resuming)
      if (yield* onFailure(deps, error, failures, resuming)) failures = 0
    }
  })

/**
 * Another node may be sending the channel. That is no fault of the far end, so nothing is counted; the engine refuses
 * each attempt until it has a lease.
 */
const whileFenced = (deps: WriterDeps, error: OutputEnded): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { runtime } = deps
    if (runtime.lastError !== error.reason) yield* Effect.logWarning(error.reason)
    yield* setStatus(deps, { session: null, status: "retrying", lastError: error.reason, nextRetryAt: null })
    yield* Effect.raceFirst(askedAgain(runtime), Effect.sleep(FENCED_LOOK))
  })

/** Waits before the next attempt; true when somebody asked for it to start at once. */
const onFailure = (deps: WriterDeps, error: OutputEnded, failures: number, resuming: boolean): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const { runtime } = deps
    const retry = deps.retry()
    const news = runtime.lastError !== error.reason || runtime.status === "connected" || runtime.status === "connecting"
    const errorCount = runtime.errorCount + 1
    const common = { session: null, lastError: error.reason, errorCount }
    if (error.code === ENGINE_LOST) {
      // The engine comes back without any sessions. That is no fault of the far side, so there is no delay.
      yield* setStatus(deps, { ...common, status: "retrying", nextRetryAt: null })
      return false
    }
    if (isGivenUp(failures, retry, resuming)) return yield* giveUp(deps, error, common, retry.maxAttempts)
    // Something of this machine, as a port, may be what the engine before has not let go of yet.
    const soon = error.transient || (resuming && endReasonOf(error.code) === "local")
    const delay = retryDelayMs(failures, soon, yield* Random.next, retry)
    const nextRetryAt = (yield* Clock.currentTimeMillis) + delay
    yield* setStatus(deps, { ...common, status: error.transient ? "retrying" : "error", nextRetryAt })
    const severity = error.transient ? "warning" : "critical"
    if (news) yield* deps.record({ kind: "output_failed", severity, output: deps.output.slug, message: error.reason })
    const line = `${error.reason}; next attempt in ${(delay / 1000).toFixed(1)} s`
    // One line per change: the hundredth refusal for the same reason is not news.
    const log = news ? (error.transient ? Effect.logWarning : Effect.logError) : Effect.logDebug
    yield* Effect.annotateLogs(log(line), "code", error.code)
    return yield* Effect.raceFirst(Effect.as(askedAgain(runtime), true), Effect.as(Effect.sleep(delay), false))
  })

/** Gives up after too many failures in a row: nothing more happens until the output is started again. */
const giveUp = (deps: WriterDeps, error: OutputEnded, failed: Partial<OutputRuntime>, attempts: number) =>
  Effect.gen(function* () {
    const message = `${error.reason}; given up after ${attempts} ${attempts === 1 ? "attempt" : "attempts"} to reconnect: start the output again`
    yield* setStatus(deps, { ...failed, lastError: message, status: "error", nextRetryAt: null })
    yield* deps.record({ kind: "output_failed", severity: "critical", output: deps.output.slug, message })
    yield* Effect.annotateLogs(Effect.logError(message), "code", error.code)
    yield* askedAgain(deps.runtime)
    return true
  })
