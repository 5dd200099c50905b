/** What this node shows the others of the channels that it runs. */
import { Effect } from "effect"
import type { Context, Hono } from "hono"
import type { ControlPlane } from "../../effects/supervisor/ControlPlane.ts"
import { isPeer } from "../access/peer.ts"
import { SHOWN_PATH, type ShownByNode } from "../nodes/other-nodes.ts"
import { methods } from "../request/methods.ts"
import { makeProblem, problemResponse } from "../request/problem.ts"
import type { AppServices } from "../services/services.ts"

type Services = Pick<AppServices, "nodes" | "pictures" | "runner">

/** To others than nodes there is nothing here. */
export const notAPeer = (c: Context): Response =>
  problemResponse(makeProblem("not-found", `there is nothing at ${c.req.path}`), c.req.path)

/** `own` is what this node alone has: with what the others have in it, the nodes would ask each other without end. */
export const internalChannelRoutes = (
  app: Hono,
  { nodes, pictures, runner }: Services,
  own: Pick<ControlPlane, "channels" | "history" | "thumbnails">,
): void => {
  const hasPicture = (id: string) =>
    pictures
      ? Effect.orElseSucceed(
          Effect.map(own.thumbnails.get(id), ({ ok }) => ok),
          () => false,
        )
      : Effect.succeed(false)
  const shown: Effect.Effect<ShownByNode> = Effect.gen(function* () {
    const all = yield* Effect.all({ channels: own.channels.list, recent: own.history.recent })
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
