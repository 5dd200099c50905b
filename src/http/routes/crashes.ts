/** Engines that died, and channels that are kept out of them since. */
import { Effect } from "effect"
import type { Hono } from "hono"
import { Conflict, NotFound } from "../../effects/model/Errors.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"

type Services = Pick<AppServices, "channels" | "crashes" | "runner">

/** Lets a channel in again; refused for one that is not kept out. */
export const release = ({ channels, crashes }: Pick<Services, "channels" | "crashes">, ref: string) =>
  Effect.gen(function* () {
    const channel = yield* channels.get(ref)
    if (yield* crashes.release(channel.id)) return channel
    const message = `channel "${channel.name}" is not kept out of the engine: there is nothing to release`
    return yield* new Conflict({ errors: [{ path: "", message }] })
  })

/** All that is kept of a crash. */
export const crashOf = ({ crashes }: Pick<Services, "crashes">, id: string) =>
  Effect.flatMap(crashes.get(id), (crash) =>
    crash === null ? new NotFound({ kind: "crash", ref: id }) : Effect.succeed(crash),
  )

export const crashRoutes = (app: Hono, services: Services): void => {
  const { crashes, runner } = services
  methods(app, "/api/engine/crashes", {
    GET: (c) =>
      runner.run(c, Effect.all({ crashes: crashes.list, kept_out: crashes.keptOut }), (answer) => c.json(answer)),
  })
  methods(app, "/api/engine/crashes/:crash", {
    GET: (c) => runner.run(c, crashOf(services, c.req.param("crash")), (crash) => c.json(crash)),
  })
  methods(app, "/api/channels/:id/release", {
    POST: (c) => runner.run(c, release(services, c.req.param("id")), (channel) => c.json(channel)),
  })
}
