/** One attempt of an output as the engine runs it: opened, or found running, and closed with its scope. */
import { Effect, type Mailbox, type Scope } from "effect"
import type { RetryPolicy } from "../../core/settings/retry-delay.ts"
import type { Reason, SessionState } from "../../engine/protocol/messages.ts"
import { type OutputHost, outputSpec, revisionOf } from "../config/output-place.ts"
import type { ChannelEngine } from "../engine/EngineClient.ts"
import type { SessionUpdate } from "../engine/engine-inboxes.ts"
import type { OutputConfig } from "../model/channel.ts"
import { type EngineRefused, type EngineUnavailable, OutputEnded } from "../model/Errors.ts"
import { within } from "../model/within.ts"
import type { OutputRuntime } from "./runtime/channel-runtime.ts"
import type { RecordHappening } from "./started-channel.ts"

export interface WriterDeps {
  readonly engine: ChannelEngine
  readonly host: OutputHost
  readonly channelId: string
  /** The present moment where other machines may send the channel, too; see `OutputSpec.from_us`. */
  readonly fromUs: () => number | undefined
  readonly output: OutputConfig
  /** Retry policy, asked for at each failure because it may change while the output runs. */
  readonly retry: () => RetryPolicy
  readonly runtime: OutputRuntime
  /**
   * Waits until the engine has the channel, in a connection newer than the one given, or 5 s at most; returns the
   * connection's number.
   */
  readonly awaitChannel: (after: number) => Effect.Effect<number>
  /** True when an engine before this one may have had a connection that the far end still holds. */
  readonly resumes: boolean
  /** Run at every change of status. */
  readonly changed: Effect.Effect<void>
  readonly record: RecordHappening
}

const CLOSE_WITHIN = "3 seconds"
/** Reason code of a session that was lost together with the engine. */
export const ENGINE_LOST = "engine_lost"

const ended = (error: EngineRefused | EngineUnavailable): OutputEnded =>
  error._tag === "EngineRefused"
    ? new OutputEnded({ code: error.code, reason: error.reason, transient: error.transient })
    : new OutputEnded({ code: ENGINE_LOST, reason: error.message, transient: true })

export const endedBy = (reason: Reason | null): OutputEnded =>
  new OutputEnded({
    code: reason?.code ?? "ended",
    reason: reason?.message ?? "the session ended",
    transient: reason?.transient ?? true,
  })

/** A session of the engine, as it was opened or found. */
export interface Session {
  readonly id: string
  readonly state: SessionState
  readonly updates: Mailbox.ReadonlyMailbox<SessionUpdate>
  /** True when the engine already ran it. */
  readonly found: boolean
  /** False once the engine has said that it ended: there is nothing left to close. */
  open: boolean
}

/** Opens a session in the engine. `pipe` is the FIFO of a session that ffmpeg reads. */
export const openSession = (
  { engine, host, channelId, fromUs, output }: WriterDeps,
  pipe: string | null = null,
): Effect.Effect<Session, OutputEnded, Scope.Scope> =>
  Effect.gen(function* () {
    const id = crypto.randomUUID()
    const updates = yield* engine.watchSession(id)
    const open = Effect.suspend(() => {
      const from = fromUs()
      const spec = outputSpec(output, host, id, pipe)
      return engine.send({
        cmd: "open_output",
        channel_id: channelId,
        output: from === undefined ? spec : { ...spec, from_us: from },
      })
    })
    const close = engine.send({ cmd: "close_output", channel_id: channelId, output_id: output.id })
    // A session that nobody here knows, e.g. of an older configuration, makes way.
    const replace = Effect.catchIf(
      open,
      (e) => e._tag === "EngineRefused" && e.code === "exists",
      () => Effect.zipRight(close, open),
    )
    yield* Effect.mapError(replace, ended)
    return { id, state: "connecting", updates, found: false, open: true }
  })

/** Closes a session that is still open, within 3 s. */
export const closeSession = ({ engine, channelId, output }: WriterDeps, { open }: Session): Effect.Effect<void> =>
  open
    ? engine
        .send({ cmd: "close_output", channel_id: channelId, output_id: output.id })
        .pipe(within(CLOSE_WITHIN), Effect.ignore)
    : Effect.void

/**
 * The output's session: the one the engine already runs for this configuration, or a new one; closed with the scope.
 */
export const engineSession = (deps: WriterDeps): Effect.Effect<Session, OutputEnded, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const found = yield* deps.engine.adopt(deps.output.id, revisionOf(deps.output, deps.host))
      if (found === null) return yield* openSession(deps)
      yield* Effect.log("session found running and taken over")
      return { id: found.session, state: found.state, updates: found.updates, found: true, open: true }
    }),
    (opened) => closeSession(deps, opened),
  )
