/** What can be done to a channel of MediaLive: it is started and stopped, by people and by itself. */
import { Clock, Effect, FiberRef } from "effect"
import { isBilled, isOnTheWay } from "../../core/medialive/lifecycle.ts"
import type { MediaLiveChannel } from "../../core/medialive/model.ts"
import { Actor } from "../model/actor.ts"
import { AwsFailed, Conflict, NotFound, type StoreError } from "../model/Errors.ts"
import type { AwsApi } from "./aws/AwsApi.ts"
import type { MediaLiveDeps } from "./deps.ts"
import type { AutoInput } from "./medialive-bodies.ts"
import { type Auto, autoOf, type Known, wireOf } from "./memory.ts"
import type { Poller } from "./poller.ts"
import type { Wants } from "./wants.ts"

export interface MediaLiveVerbs {
  readonly start: (id: string) => Effect.Effect<Known, NotFound | Conflict | AwsFailed | StoreError>
  readonly stop: (id: string) => Effect.Effect<Known, NotFound | Conflict | AwsFailed | StoreError>
  readonly setAuto: (id: string, input: AutoInput) => Effect.Effect<Known, NotFound | StoreError>
}

export const knownOf = ({ memory }: Pick<MediaLiveDeps, "memory">, id: string): Effect.Effect<Known, NotFound> =>
  Effect.suspend(() => {
    const known = memory.channels.get(id)
    return known === undefined
      ? Effect.fail(new NotFound({ kind: "MediaLive channel", ref: id }))
      : Effect.succeed(known)
  })

const notConnected = (action: string) =>
  new AwsFailed({
    action,
    status: 0,
    code: "not_connected",
    reason: "no region is set: an admin connects AWS under Settings, MediaLive",
  })

/** Keeps what MediaLive does by itself. */
export const putAuto = ({ memory, rows }: Pick<MediaLiveDeps, "memory" | "rows">, id: string, auto: Auto) => {
  const { enabled, held, idleMinutes, lastWantedAt, leadMinutes } = auto
  return Effect.zipRight(
    rows.putAuto(id, { enabled, held, idleMinutes, lastWantedAt, leadMinutes }),
    Effect.sync(() => void memory.autos.set(id, auto)),
  )
}

/** What AWS says of the state is a conflict with what is so; the rest of its refusals stay as they are. */
const refusal =
  (id: string) =>
  (error: AwsFailed): NotFound | Conflict | AwsFailed =>
    error.status === 404
      ? new NotFound({ kind: "MediaLive channel", ref: id })
      : error.status === 409
        ? new Conflict({ errors: [{ path: "state", message: error.reason }] })
        : error

export const makeVerbs = (deps: MediaLiveDeps, poller: Poller, wants: Wants): MediaLiveVerbs => {
  const { addresses, memory, ours, record } = deps

  const told = (known: Known, message: string, failed: boolean) => {
    const fed = new Set(wireOf(known, ours(), addresses()).matches.map(({ channel }) => channel.id))
    const severity = failed ? ("warning" as const) : ("info" as const)
    return Effect.forEach(fed, (channelId) => record({ channelId, kind: "medialive_asked", severity, message }), {
      discard: true,
    })
  }

  const ask = (
    id: string,
    verb: "start" | "stop",
    send: (api: AwsApi) => Effect.Effect<MediaLiveChannel | null, AwsFailed>,
  ) =>
    Effect.gen(function* () {
      const known = yield* knownOf(deps, id)
      const { api } = memory
      if (api === null) return yield* notConnected(`medialive:${verb}`)
      const by = yield* FiberRef.get(Actor)
      const what = `MediaLive channel ${known.summary.name} (${id})`
      const done = yield* Effect.either(send(api))
      if (done._tag === "Left") {
        yield* told(known, `${what} could not be asked to ${verb}, for ${by}: ${done.left.reason}`, true)
        // What is known of its state may be the reason.
        memory.listAt = null
        return yield* refusal(id)(done.left)
      }
      yield* told(known, `${what} was asked to ${verb}, by ${by}`, false)
      yield* Effect.log(`${what} was asked to ${verb}, by ${by}`)
      if (done.right !== null && memory.api === api) yield* poller.take(done.right)
      memory.listAt = null
      return known
    })

  const stop = Effect.fn("MediaLive.stop")(function* (id: string) {
    const known = yield* ask(id, "stop", (api) => api.stop(id))
    const auto = autoOf(memory, id)
    const nowMs = yield* Clock.currentTimeMillis
    // Whoever stops it by hand does not want it started again at once.
    if (auto.enabled && wants(known, auto, nowMs)) yield* putAuto(deps, id, { ...auto, held: true })
    return known
  })

  return {
    start: Effect.fn("MediaLive.start")(function* (id: string) {
      const known = yield* ask(id, "start", (api) => api.start(id))
      const auto = autoOf(memory, id)
      if (auto.held) yield* putAuto(deps, id, { ...auto, held: false })
      return known
    }),
    stop,
    setAuto: Effect.fn("MediaLive.setAuto")(function* (id: string, input: AutoInput) {
      const known = yield* knownOf(deps, id)
      const before = autoOf(memory, id)
      const nowMs = yield* Clock.currentTimeMillis
      const runs = isBilled(known.summary.state) || isOnTheWay(known.summary.state)
      yield* putAuto(deps, id, {
        ...before,
        enabled: input.enabled,
        idleMinutes: input.idle_minutes ?? before.idleMinutes,
        leadMinutes: input.lead_minutes ?? before.leadMinutes,
        held: false,
        // From now on it is watched: what runs for nobody is stopped in its time.
        lastWantedAt: input.enabled && runs ? nowMs : before.lastWantedAt,
        refusals: 0,
        refusedAt: null,
        refusal: null,
      })
      return known
    }),
  }
}
