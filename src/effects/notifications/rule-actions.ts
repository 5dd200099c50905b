/** Rules and mutes as people change them: who is told of what, and what is not told for a while. */
import { randomUUID } from "node:crypto"
import { Clock, Effect, FiberRef } from "effect"
import { accept } from "../config/accept.ts"
import { Actor } from "../model/actor.ts"
import { NotFound } from "../model/Errors.ts"
import { muteOf, mutesIn, muteView } from "./mute.ts"
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
    mutes: Effect.zipWith(channels, Clock.currentTimeMillis, (configs, nowMs) =>
      mutesIn(lasting(nowMs), configs)
        .map((mute) => muteView(mute, nowMs))
        .sort((a, b) => (a.until < b.until ? -1 : 1)),
    ),
    mute: Effect.fn("Notifications.mute")(function* (input: MuteInput) {
      const nowMs = yield* Clock.currentTimeMillis
      const created = { id: randomUUID(), by: yield* FiberRef.get(Actor), nowMs }
      const configs = yield* channels
      const mute = yield* accept(muteOf(input, configs, created))
      const last = lasting(nowMs)
      const there = mutesIn(last, configs)
      if (there.length >= MAX_MUTES)
        return yield* conflict("channel", `there are ${MAX_MUTES} mutes, which is as many as there may be`)
      // Those of what was removed come back when that is undone, as long as there is room for them.
      const kept = new Set((last.length < MAX_MUTES ? last : there).map(({ id }) => id))
      const ended = [...mutes.keys()].filter((id) => !kept.has(id))
      yield* rows.insertMute(mute)
      if (ended.length > 0) yield* rows.deleteMutes(ended)
      for (const id of ended) mutes.delete(id)
      mutes.set(mute.id, mute)
      const { channel_id, output_id, ...shown } = mute
      return muteView(shown, nowMs)
    }, inTurn),
    unmute: Effect.fn("Notifications.unmute")(function* (id: string) {
      if (!mutes.has(id)) return yield* new NotFound({ kind: "mute", ref: id })
      yield* rows.deleteMutes([id])
      mutes.delete(id)
    }, inTurn),
  }
}
