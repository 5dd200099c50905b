/** Rules and mutes as people change them: who is told of what, and what is not told for a while. */
import { randomUUID } from "node:crypto"
import { Clock, Effect, FiberRef } from "effect"
import { accept } from "../config/accept.ts"
import { Actor } from "../model/actor.ts"
import { NotFound } from "../model/Errors.ts"
import { muteOf, muteView } from "./mute.ts"
import type { MuteInput, RulesInput } from "./notification-bodies.ts"
import type { NotificationsService } from "./notifications-service.ts"
import { conflict, type NotificationsState } from "./notifications-state.ts"
import { rulesOf } from "./rules.ts"

type RuleActions = Pick<NotificationsService, "rules" | "setRules" | "mutes" | "mute" | "unmute">

const MAX_MUTES = 1000

export const makeRuleActions = (state: NotificationsState): RuleActions => {
  const { change, lines, look, mutes, rows } = state
  const channels = Effect.map(look, ({ configs }) => configs)
  /** For `Effect.fn`, which would hand the arguments of the verb on as a check. */
  const inTurn = <A, E>(effect: Effect.Effect<A, E>) => change(effect)
  const lasting = (nowMs: number) => [...mutes.values()].filter(({ until }) => Date.parse(until) > nowMs)
  const replaced = Effect.fn("Notifications.setRules")(function* (input: RulesInput) {
    const configs = yield* channels
    const channelOf = (ref: string) =>
      configs.find(({ id, number, slug }) => [id, slug, String(number)].includes(ref))?.slug
    const next = yield* accept(rulesOf(input, { channelOf, isDestination: (id) => lines.has(id) }))
    yield* rows.putRules(next)
    state.rules = next
    return state.rules
  })
  return {
    rules: Effect.sync(() => state.rules),
    setRules: (input, check) => change(replaced(input), check),
    mutes: Effect.map(Clock.currentTimeMillis, (nowMs) =>
      lasting(nowMs)
        .map((mute) => muteView(mute, nowMs))
        .sort((a, b) => (a.until < b.until ? -1 : 1)),
    ),
    mute: Effect.fn("Notifications.mute")(function* (input: MuteInput) {
      const nowMs = yield* Clock.currentTimeMillis
      const created = { id: randomUUID(), by: yield* FiberRef.get(Actor), nowMs }
      const mute = yield* accept(muteOf(input, yield* channels, created))
      const last = lasting(nowMs)
      const ended = [...mutes.keys()].filter((id) => !last.some((one) => one.id === id))
      if (last.length >= MAX_MUTES)
        return yield* conflict("channel", `there are ${MAX_MUTES} mutes, which is as many as there may be`)
      yield* rows.insertMute(mute)
      if (ended.length > 0) yield* rows.deleteMutes(ended)
      for (const id of ended) mutes.delete(id)
      mutes.set(mute.id, mute)
      return muteView(mute, nowMs)
    }, inTurn),
    unmute: Effect.fn("Notifications.unmute")(function* (id: string) {
      if (!mutes.has(id)) return yield* new NotFound({ kind: "mute", ref: id })
      yield* rows.deleteMutes([id])
      mutes.delete(id)
    }, inTurn),
  }
}
