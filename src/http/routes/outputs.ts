/** REST routes of a channel's outputs. */
import { Duration, Effect } from "effect"
import type { Context, Hono } from "hono"
import { PRESETS } from "../../core/output/presets.ts"
import { OutputInput, OutputUpdate } from "../../effects/config/request-bodies.ts"
import type { OutputView } from "../../effects/model/channel.ts"
import { NotFound } from "../../effects/model/Errors.ts"
import { OutputRequest } from "../../effects/templates/template-model.ts"
import { readJson } from "../request/body.ts"
import { checkIfMatch, makeEtags } from "../request/etag.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"
import { checkId } from "./channels.ts"

/** Longer than the engine takes for a test at most. */
const TESTED_WITHIN = Duration.seconds(28)

type Etags = ReturnType<typeof makeEtags>

const OUTPUT_PATH = "/api/channels/:id/outputs/:output"

const answer = (
  c: Context,
  etags: Etags,
  output: OutputView,
  headers: Readonly<Record<string, string>> = {},
  status: 200 | 201 = 200,
) => c.json(output, status, { ETag: etags.ofOutput(output), ...headers })

const findOutput = (
  channels: AppServices["channels"],
  channelRef: string,
  ref: string,
): Effect.Effect<OutputView, NotFound> =>
  Effect.flatMap(channels.get(channelRef), (channel) => {
    const output = channel.outputs.find((o) => o.id === ref || o.slug === ref)
    return output === undefined ? Effect.fail(new NotFound({ kind: "output", ref })) : Effect.succeed(output)
  })

/** Routes of all outputs of a channel: list and add. */
const outputListRoutes = (
  app: Hono,
  { channels, idempotency, outputs, runner }: Pick<AppServices, "channels" | "idempotency" | "outputs" | "runner">,
): void => {
  const etags = makeEtags(channels)

  methods(app, "/api/channels/:id/outputs", {
    GET: (c) =>
      runner.run(c, channels.get(c.req.param("id")), ({ outputs }) =>
        c.json({ outputs }, 200, { ETag: etags.ofOutputs(outputs) }),
      ),
    POST: (c) => {
      const ref = c.req.param("id")
      return runner.run(
        c,
        // The channel first: to somebody with a wrong address what is wrong with the body is of no use.
        Effect.zipRight(channels.get(ref), readJson(c, OutputRequest)),
        (input) =>
          idempotency.once(c, input, () =>
            runner.run(c, outputs.add(ref, input), (output) =>
              answer(
                c,
                etags,
                output,
                { Location: `/api/channels/${encodeURIComponent(ref)}/outputs/${output.id}` },
                201,
              ),
            ),
          ),
      )
    },
  })
}

/** Routes that try an output, one that exists or one that does not yet. */
const outputTestRoutes = (app: Hono, { dryRuns, runner }: Pick<AppServices, "dryRuns" | "runner">): void => {
  methods(app, "/api/outputs/test", {
    POST: (c) =>
      runner.run(c, Effect.flatMap(readJson(c, OutputInput), dryRuns.ofNew), (test) => c.json(test), TESTED_WITHIN),
  })
  methods(app, `${OUTPUT_PATH}/test`, {
    POST: (c) =>
      runner.run(
        c,
        dryRuns.ofExisting(c.req.param("id"), c.req.param("output")),
        (test) => c.json(test),
        TESTED_WITHIN,
      ),
  })
}

/** Routes of one output: read, change, remove, start and stop. */
const oneOutputRoutes = (
  app: Hono,
  { channels, outputs, runner }: Pick<AppServices, "channels" | "outputs" | "runner">,
): void => {
  const etags = makeEtags(channels)
  const isAsRead = (c: Context, channelRef: string, ref: string) =>
    Effect.flatMap(findOutput(channels, channelRef, ref), (output) => checkIfMatch(c, etags.ofOutput(output)))

  methods(app, OUTPUT_PATH, {
    GET: (c) =>
      runner.run(c, findOutput(channels, c.req.param("id"), c.req.param("output")), (output) =>
        answer(c, etags, output),
      ),
    PUT: (c) => {
      const [channel, ref] = [c.req.param("id"), c.req.param("output")]
      return runner.run(
        c,
        Effect.gen(function* () {
          const output = yield* findOutput(channels, channel, ref)
          const { id, ...update } = yield* readJson(c, OutputUpdate)
          yield* checkId(id, [output.id, output.slug])
          return yield* outputs.update(channel, ref, update, isAsRead(c, channel, ref))
        }),
        (output) => answer(c, etags, output),
      )
    },
    DELETE: (c) => {
      const [channel, ref] = [c.req.param("id"), c.req.param("output")]
      return runner.run(c, outputs.remove(channel, ref, isAsRead(c, channel, ref)), () => c.body(null, 204))
    },
  })
  methods(app, `${OUTPUT_PATH}/start`, {
    POST: (c) =>
      runner.run(c, outputs.start(c.req.param("id"), c.req.param("output")), (output) => answer(c, etags, output)),
  })
  methods(app, `${OUTPUT_PATH}/stop`, {
    POST: (c) =>
      runner.run(c, outputs.stop(c.req.param("id"), c.req.param("output")), (output) => answer(c, etags, output)),
  })
}

export const outputRoutes = (app: Hono, services: AppServices): void => {
  outputListRoutes(app, services)
  methods(app, "/api/presets", { GET: (c) => c.json({ presets: PRESETS }) })
  outputTestRoutes(app, services)
  oneOutputRoutes(app, services)
}
