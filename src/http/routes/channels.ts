/** REST routes of channels. */
import { Effect } from "effect"
import type { Hono } from "hono"
import { InvalidInput } from "../../effects/Errors.ts"
import type { ChannelView } from "../../effects/model.ts"
import { ChannelInput, ChannelUpdate, SwitchInput } from "../../effects/request-bodies.ts"
import { readJson } from "../body.ts"
import { readEventQuery } from "../event-query.ts"
import { methods } from "../methods.ts"
import type { AppServices } from "../services.ts"

/** An `id` in the body may repeat the one in the path, in any of its forms, and nothing else. */
export const checkId = (given: string | undefined, known: ReadonlyArray<string>): Effect.Effect<void, InvalidInput> =>
  given === undefined || known.includes(given)
    ? Effect.void
    : new InvalidInput({ errors: [{ path: "id", message: "differs from the one in the path; ids cannot be changed" }] })

const idsOf = (channel: ChannelView) => [channel.id, channel.slug, String(channel.number)]

export const channelRoutes = (app: Hono, { distributor, runner }: AppServices): void => {
  methods(app, "/api/channels", {
    GET: (c) => runner.run(c, distributor.list, (channels) => c.json({ channels })),
    POST: (c) =>
      runner.run(c, Effect.flatMap(readJson(c, ChannelInput), distributor.create), (channel) =>
        c.json(channel, 201, { Location: `/api/channels/${channel.id}` }),
      ),
  })

  methods(app, "/api/channels/:id", {
    GET: (c) => runner.run(c, distributor.get(c.req.param("id")), (channel) => c.json(channel)),
    PUT: (c) =>
      runner.run(
        c,
        Effect.gen(function* () {
          const ref = c.req.param("id")
          const channel = yield* distributor.get(ref)
          const { id, ...update } = yield* readJson(c, ChannelUpdate)
          yield* checkId(id, idsOf(channel))
          return yield* distributor.update(ref, update)
        }),
        (channel) => c.json(channel),
      ),
    DELETE: (c) => runner.run(c, distributor.remove(c.req.param("id")), () => c.body(null, 204)),
  })

  methods(app, "/api/channels/:id/start", {
    POST: (c) => runner.run(c, distributor.start(c.req.param("id")), (channel) => c.json(channel)),
  })
  methods(app, "/api/channels/:id/stop", {
    POST: (c) => runner.run(c, distributor.stop(c.req.param("id")), (channel) => c.json(channel)),
  })
  methods(app, "/api/channels/:id/switch", {
    POST: (c) =>
      runner.run(
        c,
        Effect.flatMap(readJson(c, SwitchInput), ({ force, source }) => distributor.switchSource(c.req.param("id"), source, force)),
        (channel) => c.json(channel),
      ),
  })
  methods(app, "/api/channels/:id/events", {
    GET: (c) =>
      runner.run(
        c,
        Effect.flatMap(readEventQuery(new URL(c.req.url).searchParams), (query) => distributor.events(c.req.param("id"), query)),
        (events) => c.json({ events }),
      ),
  })
}
