/** The look taken each second: conditions become notices, and notices become messages for those whom the rules name. */
import { randomUUID } from "node:crypto"
import { Effect } from "effect"
import { conditionsOf, isKnown, isWatched } from "./conditions.ts"
import type { Happenings } from "./happenings.ts"
import { type Message, messageOf } from "./message.ts"
import { mutesIn, mutingAt } from "./mute.ts"
import type { Told } from "./notice.ts"
import type { Outgoing } from "./notification-rows.ts"
import type { NotificationsState } from "./notifications-state.ts"
import { isFor, policyOf } from "./rules.ts"

export const makeScan = (state: NotificationsState, happenings: Happenings): Effect.Effect<void> => {
  const { book, lines, look, mutes, unwritten } = state
  const send = (destinationId: string, message: Message, queuedAt: number) => {
    const outgoing: Outgoing = { id: randomUUID(), destinationId, queuedAt, message }
    unwritten.add(outgoing)
    lines.offer(outgoing)
  }
  const wanting = (told: Told) =>
    lines
      .all()
      .filter(({ destination: { enabled, id } }) => enabled && isFor(state.rules, id)(told))
      .map(({ destination }) => destination.id)
  return Effect.gen(function* () {
    const at = yield* look
    happenings.keep((id) => at.runtimeOf(id) !== null)
    const muting = mutingAt(mutesIn(mutes.values(), at.configs), at.nowMs)
    const { changed: notices, groups } = book.step({
      conditions: conditionsOf(at, happenings),
      isKnown: isKnown(at),
      away: at.configs.filter(({ slug }) => !isKnown(at)(slug)).map(({ slug }) => slug),
      isWatched: isWatched(at),
      isMuted: (channel, output) => muting(channel, output) !== null,
      isWanted: (told) => wanting(told).length > 0,
      policy: policyOf(state.rules),
      nowMs: at.nowMs,
      monotonicMs: at.monotonicMs,
    })
    for (const { id } of notices) unwritten.mark(id)
    for (const group of groups) {
      for (const id of new Set(group.flatMap(wanting))) {
        const own = group.filter(isFor(state.rules, id))
        send(id, messageOf(own, at.nowMs), at.nowMs)
      }
    }
    if (notices.length + groups.length > 0) unwritten.changed()
  })
}
