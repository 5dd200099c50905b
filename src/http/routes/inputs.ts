/** `/api/inputs`: inputs and their outputs by number, over the same channels as `/api/channels`. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import type { ChannelView, OutputView } from "../../effects/model/channel.ts"
import { InvalidInput } from "../../effects/model/Errors.ts"
import { OutputRequest } from "../../effects/templates/template-model.ts"
import { readJson } from "../request/body.ts"
import { checkIfMatch, makeEtags } from "../request/etag.ts"
import { DEFAULT_LIMIT, MAX_LIMIT } from "../request/event-query.ts"
import { MANY_THINGS } from "../request/json-bounds.ts"
import { methods } from "../request/methods.ts"
import { makeQueryReader, wholeNumber } from "../request/read-query.ts"
import type { AppServices } from "../services/services.ts"
import {
  addInputOutput,
  changeInput,
  changeInputOutput,
  createInput,
  findInputOutput,
  InputBody,
  InputChange,
  InputOutputChange,
  inputOutputView,
  inputView,
  logAsText,
  outputLog,
} from "./inputs-view.ts"

const FORMATS = ["json", "text"] as const

interface LogQuery {
  readonly limit: number
  readonly format: (typeof FORMATS)[number]
}

/** Reads `limit` and `format`; without `format` the request's `Accept` decides. */
const readLogQuery = (c: Context): Either.Either<LogQuery, InvalidInput> => {
  const { errors, read } = makeQueryReader(new URL(c.req.url).searchParams, ["limit", "format"])
  const limit = read("limit", (text) => wholeNumber(text, MAX_LIMIT), `a whole number from 1 to ${MAX_LIMIT}`)
  const asked = read("format", (text) => FORMATS.find((format) => format === text) ?? null, "json or text")
  const accepted = /^text\/plain\b/i.test(c.req.header("accept") ?? "") ? "text" : "json"
  return errors.length > 0
    ? Either.left(new InvalidInput({ errors }))
    : Either.right({ limit: limit ?? DEFAULT_LIMIT, format: asked ?? accepted })
}

/** Routes of inputs themselves: list, create, read, change, remove, start and stop. */
const inputVerbRoutes = (
  app: Hono,
  { channels, idempotency, runner }: Pick<AppServices, "channels" | "idempotency" | "runner">,
): void => {
  const etags = makeEtags(channels)
  const answer = (c: Context, channel: ChannelView) =>
    c.json(inputView(channel), 200, { ETag: etags.ofChannel(channel) })
  const isAsRead = (c: Context, ref: string) =>
    Effect.flatMap(channels.get(ref), (channel) => checkIfMatch(c, etags.ofChannel(channel)))

  methods(app, "/api/inputs", {
    GET: (c) =>
      runner.run(c, channels.list, (channels) =>
        c.json({ inputs: channels.map(inputView) }, 200, { ETag: etags.ofChannels(channels) }),
      ),
    POST: (c) =>
      runner.run(c, readJson(c, InputBody, MANY_THINGS), (body) =>
        idempotency.once(c, body, () =>
          runner.run(c, createInput(channels, body), (input) =>
            c.json(input, 201, { Location: `/api/inputs/${input.id}` }),
          ),
        ),
      ),
  })

  methods(app, "/api/inputs/:id", {
    GET: (c) => runner.run(c, channels.get(c.req.param("id")), (channel) => answer(c, channel)),
    PUT: (c) =>
      runner.run(
        c,
        Effect.flatMap(channels.get(c.req.param("id")), ({ id }) =>
          Effect.flatMap(readJson(c, InputChange, MANY_THINGS), (change) =>
            changeInput(channels, id, change, isAsRead(c, id)),
          ),
        ),
        (channel) => answer(c, channel),
      ),
    DELETE: (c) => {
      const ref = c.req.param("id")
      return runner.run(c, channels.remove(ref, isAsRead(c, ref)), () => c.body(null, 204))
    },
  })
  methods(app, "/api/inputs/:id/start", {
    POST: (c) => runner.run(c, channels.start(c.req.param("id")), (channel) => answer(c, channel)),
  })
  methods(app, "/api/inputs/:id/stop", {
    POST: (c) => runner.run(c, channels.stop(c.req.param("id")), (channel) => answer(c, channel)),
  })
}

const OUTPUT_PATH = "/api/inputs/:id/outputs/:output"

/** Finds the output that the address of the request names. */
const outputAsked = (c: Context, channels: AppServices["channels"]) =>
  findInputOutput(channels, c.req.param("id") ?? "", c.req.param("output") ?? "")

/** Routes of an input's outputs. */
const inputOutputRoutes = (
  app: Hono,
  { channels, idempotency, outputs, runner }: Pick<AppServices, "channels" | "idempotency" | "outputs" | "runner">,
): void => {
  const etags = makeEtags(channels)
  const answerOutput = (
    c: Context,
    { channel, output }: { readonly channel: ChannelView; readonly output: OutputView },
  ) => c.json(inputOutputView(channel.number, output), 200, { ETag: etags.ofOutput(output) })
  const find = (c: Context) => outputAsked(c, channels)
  const outputIsAsRead = (c: Context) =>
    Effect.flatMap(find(c), ({ output }) => checkIfMatch(c, etags.ofOutput(output)))

  methods(app, "/api/inputs/:id/outputs", {
    GET: (c) =>
      runner.run(c, channels.get(c.req.param("id")), (channel) =>
        c.json({ outputs: inputView(channel).outputs }, 200, { ETag: etags.ofOutputs(channel.outputs) }),
      ),
    POST: (c) => {
      const ref = c.req.param("id")
      return runner.run(c, Effect.zipRight(channels.get(ref), readJson(c, OutputRequest)), (body) =>
        idempotency.once(c, body, () =>
          runner.run(c, addInputOutput({ channels, outputs }, ref, body), (output) =>
            c.json(output, 201, { Location: `/api/inputs/${output.input_id}/outputs/${output.id}` }),
          ),
        ),
      )
    },
  })

  methods(app, OUTPUT_PATH, {
    GET: (c) => runner.run(c, find(c), (found) => answerOutput(c, found)),
    PUT: (c) =>
      runner.run(
        c,
        Effect.flatMap(find(c), ({ channel, output }) =>
          Effect.flatMap(readJson(c, InputOutputChange), (change) =>
            changeInputOutput({ channels, outputs }, channel.id, output.id, change, outputIsAsRead(c)),
          ),
        ),
        (found) => answerOutput(c, found),
      ),
    DELETE: (c) =>
      runner.run(
        c,
        Effect.flatMap(find(c), ({ channel, output }) => outputs.remove(channel.id, output.id, outputIsAsRead(c))),
        () => c.body(null, 204),
      ),
  })

  const carryOut = (c: Context, verb: typeof outputs.start) =>
    runner.run(
      c,
      Effect.flatMap(find(c), ({ channel, output }) =>
        Effect.map(verb(channel.id, output.id), (done: OutputView) => ({ channel, output: done })),
      ),
      (found) => answerOutput(c, found),
    )
  methods(app, `${OUTPUT_PATH}/start`, { POST: (c) => carryOut(c, outputs.start) })
  methods(app, `${OUTPUT_PATH}/stop`, { POST: (c) => carryOut(c, outputs.stop) })
}

/** The route of an output's log. */
const outputLogRoute = (
  app: Hono,
  { channels, events, runner }: Pick<AppServices, "channels" | "events" | "runner">,
): void =>
  methods(app, `${OUTPUT_PATH}/logs`, {
    GET: (c) => {
      const read = Effect.gen(function* () {
        const { channel, output } = yield* outputAsked(c, channels)
        const { format, limit } = yield* readLogQuery(c)
        return { format, lines: yield* outputLog(events, channel, output, limit) }
      })
      return runner.run(c, read, ({ format, lines }) =>
        format === "json"
          ? c.json({ logs: lines })
          : c.body(logAsText(lines), 200, { "Content-Type": "text/plain; charset=utf-8" }),
      )
    },
  })

export const inputRoutes = (app: Hono, services: AppServices): void => {
  inputVerbRoutes(app, services)
  inputOutputRoutes(app, services)
  outputLogRoute(app, services)
}
