/** REST routes of a channel's outputs. */
import { Effect } from "effect"
import type { Hono } from "hono"
import { NotFound } from "../../effects/Errors.ts"
import type { OutputView } from "../../effects/model.ts"
import { OutputInput, OutputUpdate } from "../../effects/request-bodies.ts"
import { readJson } from "../body.ts"
import { methods } from "../methods.ts"
import type { AppServices } from "../services.ts"
import { checkId } from "./channels.ts"

export const outputRoutes = (app: Hono, { distributor, runner }: AppServices): void => {
  const find = (channelRef: string, ref: string): Effect.Effect<OutputView, NotFound> =>
    Effect.flatMap(distributor.get(channelRef), (channel) => {
      const output = channel.outputs.find((o) => o.id === ref || o.slug === ref)
      return output === undefined ? Effect.fail(new NotFound({ kind: "output", ref })) : Effect.succeed(output)
    })

  methods(app, "/api/channels/:id/outputs", {
    GET: (c) => runner.run(c, distributor.get(c.req.param("id")), ({ outputs }) => c.json({ outputs })),
    POST: (c) => {
      const ref = c.req.param("id")
      return runner.run(
        c,
        // The channel first: to somebody with a wrong address what is wrong with the body is of no use.
        distributor.get(ref).pipe(
          Effect.zipRight(readJson(c, OutputInput)),
          Effect.flatMap((input) => distributor.addOutput(ref, input)),
        ),
        (output) => c.json(output, 201, { Location: `/api/channels/${encodeURIComponent(ref)}/outputs/${output.id}` }),
      )
    },
  })

  const path = "/api/channels/:id/outputs/:output"
  methods(app, path, {
    GET: (c) => runner.run(c, find(c.req.param("id"), c.req.param("output")), (output) => c.json(output)),
    PUT: (c) => {
      const [channel, ref] = [c.req.param("id"), c.req.param("output")]
      return runner.run(
        c,
        Effect.gen(function* () {
          const output = yield* find(channel, ref)
          const { id, ...update } = yield* readJson(c, OutputUpdate)
          yield* checkId(id, [output.id, output.slug])
          return yield* distributor.updateOutput(channel, ref, update)
        }),
        (output) => c.json(output),
      )
    },
    DELETE: (c) => runner.run(c, distributor.removeOutput(c.req.param("id"), c.req.param("output")), () => c.body(null, 204)),
  })
  methods(app, `${path}/start`, {
    POST: (c) => runner.run(c, distributor.startOutput(c.req.param("id"), c.req.param("output")), (output) => c.json(output)),
  })
  methods(app, `${path}/stop`, {
    POST: (c) => runner.run(c, distributor.stopOutput(c.req.param("id"), c.req.param("output")), (output) => c.json(output)),
  })
}
