/** What this node shows the others of the channels that it runs. */
import { Effect } from "effect"
import type { Context, Hono } from "hono"
import type { ChannelView } from "../../effects/model/channel.ts"
import { isPeer } from "../access/peer.ts"
import { SHOWN_PATH, type ShownByNode } from "../nodes/other-nodes.ts"
import { methods } from "../request/methods.ts"
import { makeProblem, problemResponse } from "../request/problem.ts"
import type { AppServices } from "../services/services.ts"

type Services = Pick<AppServices, "history" | "nodes" | "pictures" | "runner" | "thumbnails">

/** To others than nodes there is nothing here. */
export const notAPeer = (c: Context): Response =>
  problemResponse(makeProblem("not-found", `there is nothing at ${c.req.path}`), c.req.path)

/** `own` are the channels as this node alone shows them. */
export const internalChannelRoutes = (
  app: Hono,
  { history, nodes, pictures, runner, thumbnails }: Services,
  own: Effect.Effect<ReadonlyArray<ChannelView>>,
): void => {
  const hasPicture = (id: string) =>
    pictures
      ? Effect.orElseSucceed(
          Effect.map(thumbnails.get(id), ({ ok }) => ok),
          () => false,
        )
      : Effect.succeed(false)
  const shown: Effect.Effect<ShownByNode> = Effect.gen(function* () {
    const all = yield* Effect.all({ channels: own, recent: history.recent })
    const channels = all.channels.filter(({ id }) => nodes.roleOf(id) === "owner")
    const pictured = yield* Effect.filter(channels, ({ id, status }) =>
      status === "running" ? hasPicture(id) : Effect.succeed(false),
    )
    return {
      channels,
      recent: Object.fromEntries([...all.recent].filter(([id]) => nodes.roleOf(id) === "owner")),
      pictures: pictured.map(({ id }) => id),
    }
  })
  methods(app, SHOWN_PATH, {
    GET: (c) => (isPeer(c, nodes) ? runner.run(c, shown, (one) => c.json(one)) : notAPeer(c)),
  })
}
