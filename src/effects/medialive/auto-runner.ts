/** Starts and stops channels of MediaLive by themselves, where that is switched on; see `core/medialive/auto.ts`. */
import { Clock, Effect } from "effect"
import { decideAuto } from "../../core/medialive/auto.ts"
import { Actor } from "../model/actor.ts"
import type { MediaLiveDeps } from "./deps.ts"
import { type Auto, autoOf, staleS, wireOf } from "./memory.ts"
import { type MediaLiveVerbs, putAuto } from "./verbs.ts"
import type { Wants } from "./wants.ts"

/** How often it is written down when a channel was wanted last, in ms. */
const NOTED_EVERY_MS = 60_000

/** One look at all of them. Never fails. */
export const makeAutoRound = (deps: MediaLiveDeps, verbs: MediaLiveVerbs, wants: Wants): Effect.Effect<void> => {
  const { addresses, memory, ours } = deps
  const noted = new Map<string, number>()
  const set = (id: string, auto: Auto) => Effect.sync(() => void memory.autos.set(id, auto))
  /** What changes a decision after a restart is kept; the rest is of the moment. */
  const keep = (id: string, before: Auto, auto: Auto) =>
    before.held !== auto.held || (auto.lastWantedAt ?? 0) - (noted.get(id) ?? 0) >= NOTED_EVERY_MS
      ? Effect.zipLeft(
          putAuto(deps, id, auto),
          Effect.sync(() => noted.set(id, auto.lastWantedAt ?? 0)),
        )
      : set(id, auto)

  const one = (id: string) =>
    Effect.gen(function* () {
      const known = memory.channels.get(id)
      const before = autoOf(memory, id)
      if (known === undefined || !before.enabled) return
      const nowMs = yield* Clock.currentTimeMillis
      const wanted = wants(known, before, nowMs)
      const facts = {
        ...before,
        state: known.summary.state,
        wanted,
        lastWantedAt: wanted ? nowMs : before.lastWantedAt,
        held: before.held && wanted,
        elsewhere: wireOf(known, ours(), addresses()).elsewhere,
        stale: memory.api === null || memory.answeredAt === null || staleS(memory, nowMs) !== null,
      }
      const decision = decideAuto(facts, nowMs)
      const auto: Auto = {
        ...before,
        held: facts.held,
        lastWantedAt: facts.lastWantedAt,
        doing: decision.why,
        stopsAt: decision.do === "nothing" ? (decision.stopsAt ?? null) : null,
      }
      yield* keep(id, before, auto)
      if (decision.do === "nothing") return
      const verb = decision.do === "start" ? verbs.start : verbs.stop
      const done = yield* Effect.either(Effect.locally(verb(id), Actor, `the service: ${decision.why}`))
      const now = autoOf(memory, id)
      yield* set(
        id,
        done._tag === "Right"
          ? { ...now, held: false, refusals: 0, refusedAt: null, refusal: null }
          : {
              ...now,
              refusals: now.refusals + 1,
              refusedAt: yield* Clock.currentTimeMillis,
              refusal: done.left.message,
            },
      )
    }).pipe(Effect.catchAll((error) => Effect.logWarning(error.message)))

  return Effect.suspend(() => Effect.forEach([...memory.autos.keys()], one, { discard: true }))
}
