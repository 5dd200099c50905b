/** Notices and mutes as an account that is bound to tags has them: see `bound-services.ts`. */
import { Effect } from "effect"
import { InvalidInput, NotFound } from "../../effects/model/Errors.ts"
import type { NoticeView } from "../../effects/notifications/notification-bodies.ts"
import type { ControlPlane } from "../../effects/supervisor/ControlPlane.ts"
import { type Bounds, closed } from "./bounds.ts"

/** Sorts after every time. */
const NEVER = "~"

type Notifications = ControlPlane["notifications"]

/** Notices of the service, which belong to no channel, and who is told of what, are of the whole service. */
export const boundNotifications = (
  { notifications }: Pick<ControlPlane, "notifications">,
  { find, hush, last, seen }: Bounds,
): Notifications => {
  /** Those of `all` that are about a channel which the account sees. */
  const ofSeen = <A extends { readonly channel: string | null }>(all: ReadonlyArray<A>) =>
    Effect.map(seen, (channels) => {
      const slugs = new Set(channels.map(({ slug }) => slug))
      return all.filter(({ channel }) => channel !== null && slugs.has(channel))
    })
  const notices = Effect.zipWith(notifications.notices, hush, (all, quietly) => {
    const { madeAt } = last()
    // Another channel may have had the slug before, and notices are kept for a while.
    const isMine = ({ channel, opened_at }: NoticeView) => opened_at >= (madeAt.get(channel ?? "") ?? NEVER)
    return all.filter(isMine).map((notice) => ({ ...notice, message: quietly(notice.message) }))
  })
  const mutes = Effect.flatMap(notifications.mutes, ofSeen)
  const wrong = (message: string) => new InvalidInput({ errors: [{ path: "channel", message }] })

  return {
    notices,
    acknowledge: (key) =>
      Effect.flatMap(
        Effect.map(notices, (all) => all.some((notice) => notice.key === key)),
        (isSeen) => (isSeen ? notifications.acknowledge(key) : new NotFound({ kind: "notice", ref: key })),
      ),
    acknowledgeMany: ({ all, keys }) =>
      Effect.gen(function* () {
        if (all === undefined && keys === undefined) return yield* notifications.acknowledgeMany({})
        const open = (yield* notices).filter(({ state }) => state === "open").map(({ key }) => key)
        const mine = all === true ? open : open.filter((key) => keys?.includes(key) === true)
        return mine.length === 0 ? [] : yield* notifications.acknowledgeMany({ keys: mine })
      }),
    destinations: Effect.succeed([]),
    destination: (id) => new NotFound({ kind: "destination", ref: id }),
    taggedDestination: (id) => new NotFound({ kind: "destination", ref: id }),
    createDestination: () => closed,
    updateDestination: () => closed,
    removeDestination: () => closed,
    test: (id) => new NotFound({ kind: "destination", ref: id }),
    rules: Effect.map(notifications.rules, (rules) => ({ ...rules, rules: [] })),
    setRules: () => closed,
    mutes,
    mute: (input) =>
      Effect.suspend(() => {
        const asked = input.channel ?? ""
        if (asked === "") return wrong("is required: your role is bound to tags, and mutes no channel but its own")
        return Effect.matchEffect(find(asked), {
          onFailure: () => wrong(`there is no channel "${asked}"`),
          onSuccess: () => notifications.mute(input),
        })
      }),
    unmute: (id) =>
      Effect.flatMap(mutes, (all) =>
        all.some((mute) => mute.id === id) ? notifications.unmute(id) : new NotFound({ kind: "mute", ref: id }),
      ),
  }
}
