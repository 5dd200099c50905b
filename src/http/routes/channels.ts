/** REST routes of channels. */
import { Effect } from "effect"
import type { Context, Hono } from "hono"
import { ChannelUpdate, SwitchInput } from "../../effects/config/request-bodies.ts"
import type { ChannelView } from "../../effects/model/channel.ts"
import { InvalidInput } from "../../effects/model/Errors.ts"
import { ChannelRequest } from "../../effects/templates/template-model.ts"
import { readJson } from "../request/body.ts"
import { checkIfMatch, makeEtags } from "../request/etag.ts"
import { readEventQuery } from "../request/event-query.ts"
import { MANY_THINGS } from "../request/json-bounds.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"

/** An `id` in the body may repeat the one in the path, in any of its forms, and nothing else. */
export const checkId = (given: string | undefined, known: ReadonlyArray<string>): Effect.Effect<void, InvalidInput> =>
  given === undefined || known.includes(given)
    ? Effect.void
    : new InvalidInput({ errors: [{ path: "id", message: "differs from the one in the path; ids cannot be changed" }] })

const idsOf = (channel: ChannelView) => [channel.id, channel.slug, String(channel.number)]

export const channelRoutes = (
  app: Hono,
  { channels, events, idempotency, runner }: Pick<AppServices, "channels" | "events" | "idempotency" | "runner">,
): void => {
  const etags = makeEtags(channels)
  const answer = (
    c: Context,
    channel: ChannelView,
    headers: Readonly<Record<string, string>> = {},
    status: 200 | 201 = 200,
  ) => c.json(channel, status, { ETag: etags.ofChannel(channel), ...headers })
  const isAsRead = (c: Context, ref: string) =>
    Effect.flatMap(channels.get(ref), (channel) => checkIfMatch(c, etags.ofChannel(channel)))

  methods(app, "/api/channels", {
    GET: (c) =>
      runner.run(c, channels.list, (channels) => c.json({ channels }, 200, { ETag: etags.ofChannels(channels) })),
    POST: (c) =>
      runner.run(c, readJson(c, ChannelRequest, MANY_THINGS), (input) =>
        idempotency.once(c, input, () =>
          runner.run(c, channels.create(input), (channel) =>
            answer(c, channel, { Location: `/api/channels/${channel.id}` }, 201),
          ),
        ),
      ),
  })

  methods(app, "/api/channels/:id", {
    GET: (c) => runner.run(c, channels.get(c.req.param("id")), (channel) => answer(c, channel)),
    PUT: (c) =>
      runner.run(
        c,
        Effect.gen(function* () {
          const ref = c.req.param("id")
          const channel = yield* channels.get(ref)
          const { id, ...update } = yield* readJson(c, ChannelUpdate, MANY_THINGS)
          yield* checkId(id, idsOf(channel))
          return yield* channels.update(ref, update, isAsRead(c, ref))
        }),
        (channel) => answer(c, channel),
      ),
    DELETE: (c) => {
      const ref = c.req.param("id")
      return runner.run(c, channels.remove(ref, isAsRead(c, ref)), () => c.body(null, 204))
    },
  })

  methods(app, "/api/channels/:id/start", {
    POST: (c) => runner.run(c, channels.start(c.req.param("id")), (channel) => answer(c, channel)),
  })
  methods(app, "/api/channels/:id/stop", {
    POST: (c) => runner.run(c, channels.stop(c.req.param("id")), (channel) => answer(c, channel)),
  })
  methods(app, "/api/channels/:id/switch", {
    POST: (c) =>
      runner.run(
        c,
        Effect.flatMap(readJson(c, SwitchInput), ({ force, source }) =>
          channels.switchSource(c.req.param("id"), source, force),
        ),
        (channel) => answer(c, channel),
      ),
  })
  methods(app, "/api/channels/:id/events", {
    GET: (c) =>
      runner.run(
        c,
        Effect.flatMap(readEventQuery(new URL(c.req.url).searchParams), (query) =>
          events.list(c.req.param("id"), query),
        ),
        (events) => c.json({ events }),
      ),
  })
}
