/** @jsxImportSource hono/jsx */
/** The page that adds an output to each of several channels: shown for each before it is added to any, all or none. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { type ToManyLine, ToManyLines, ToManyPage } from "../../../../views/forms/ToManyPage.tsx"
import { maskSecrets } from "../../../core/output/output-url.ts"
import type { ChannelName, OutputView } from "../../../effects/model/channel.ts"
import { OutputRequest } from "../../../effects/templates/template-model.ts"
import { decode, readFields } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { type ApiError, makeProblem, type Problem, problemOf, problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { frameOf } from "../frame.ts"
import { backOf, type Fields, field, goTo, pageAnswer, stateOf } from "./form-fields.ts"
import { templatesFor, twinWarnings } from "./interpret-output.ts"
import { withMeantUrls } from "./meant-urls.ts"

type Services = Pick<AppServices, "access" | "channels" | "outputs" | "runner" | "templates">

const NAMES = ["template", "url", "name"]
/** Most channels at a time. */
const MAX_CHANNELS = 200

/** What is asked for one channel: placeholders stand for what differs between them. */
const requestFor = (fields: Fields, { name, number, slug }: ChannelName & { readonly number: number }) => {
  const values: Readonly<Record<string, string>> = { channel: slug, name, number: String(number) }
  const filled = (text: string, encode: (value: string) => string) =>
    text.replace(/\{(channel|name|number)\}/g, (_, key: string) => encode(values[key] ?? ""))
  const [template, url, called] = NAMES.map((one) => field(fields, one))
  return decode(OutputRequest, {
    ...(template ? { template } : {}),
    ...(url ? { url: filled(url, encodeURIComponent) } : {}),
    ...(called ? { name: filled(called, (text) => text) } : {}),
    ...(fields["save"] === "disabled" ? { enabled: false } : {}),
  })
}

const ONE_FOR_ALL =
  "all these channels would send to one destination: {channel}, {name} or {number} in the URL tells them apart"

const isEmpty = (fields: Fields) => field(fields, "template") === "" && field(fields, "url") === ""

/** What each channel would get; nothing while neither a template nor a URL is chosen. */
const linesFor = (
  { channels, outputs }: Pick<Services, "channels" | "outputs">,
  refs: ReadonlyArray<string>,
  fields: Fields,
): Effect.Effect<ReadonlyArray<ToManyLine>> => {
  const sendsAllToOne = refs.length > 1 && /^(?!hls:|file:)[^{]+$/.test(field(fields, "url"))
  const oneForAll = sendsAllToOne ? [ONE_FOR_ALL] : []
  return Effect.forEach(isEmpty(fields) ? [] : refs, (ref) =>
    Effect.gen(function* () {
      const channel = yield* channels.get(ref)
      const { output, twins, understood } = yield* outputs.preview(ref, yield* requestFor(fields, channel))
      const { name, url } = output
      const warnings = [...output.warnings, ...twinWarnings(twins), ...oneForAll]
      return { channel: channel.name, name, sentence: understood, url, warnings, errors: [] }
    }).pipe(
      Effect.catchAll((error: ApiError) => {
        const { detail, errors } = problemOf(error)
        const told = errors.length === 0 ? [detail] : errors.map(({ message, path }) => `${path}: ${message}`)
        return Effect.succeed({ channel: ref, name: "", sentence: "", url: "", warnings: [], errors: told })
      }),
    ),
  )
}

/** Adds the output to every channel; when one refuses, those that have it already lose it again. */
const addToAll = (
  { channels, outputs }: Pick<Services, "channels" | "outputs">,
  refs: ReadonlyArray<string>,
  fields: Fields,
): Effect.Effect<ReadonlyArray<OutputView>, ApiError> =>
  Effect.gen(function* () {
    const added: Array<readonly [ref: string, output: OutputView]> = []
    const all = Effect.forEach(refs, (ref) =>
      Effect.gen(function* () {
        const channel = yield* channels.get(ref)
        const output = yield* outputs.add(ref, yield* requestFor(fields, channel))
        added.push([ref, output])
        return output
      }),
    )
    const takeBack = Effect.suspend(() =>
      Effect.forEach(added, ([ref, { id }]) => Effect.ignore(outputs.remove(ref, id)), { discard: true }),
    )
    return yield* Effect.tapError(all, () => takeBack)
  })

export const toManyRoutes = (app: Hono, services: Services): void => {
  const { channels, outputs, runner } = services

  const page = async (c: Context, refs: ReadonlyArray<string>, fields: Fields, problem?: Problem) => {
    if (refs.length === 0 || refs.length > MAX_CHANNELS)
      return problemResponse(
        makeProblem("bad-request", `choose 1 to ${MAX_CHANNELS} channels in the list first; there are ${refs.length}`),
        c.req.path,
      )
    const lines = await runner.settle(c, linesFor({ channels, outputs }, refs, fields))
    const templates = await templatesFor(services, c)
    const shown = { ...fields, url: maskSecrets(fields["url"] ?? "") }
    const html = (
      <ToManyPage
        frame={frameOf(c, services)}
        state={stateOf(shown, problem, NAMES, "template")}
        channels={refs}
        templates={templates.map(({ name }) => ({ value: name, text: name }))}
        lines={Either.getOrElse(lines, () => [])}
        back={backOf(c, fields)}
      />
    )
    return pageAnswer(html, problem)
  }
  const withChannels = async (
    c: Context,
    use: (refs: ReadonlyArray<string>, fields: Fields) => Promise<Response>,
  ): Promise<Response> => {
    const form = await runner.settle(c, readFields(c))
    if (Either.isLeft(form)) return problemResponse(form.left, c.req.path)
    return use(
      [...new Set(form.right.getAll("channel"))].slice(0, MAX_CHANNELS),
      withMeantUrls(Object.fromEntries(form.right)),
    )
  }

  methods(app, "/add/output-to-many", {
    GET: (c) => page(c, [...new Set(c.req.queries("channel") ?? [])], c.req.query()),
  })
  methods(app, "/fragments/output-to-many", {
    POST: (c) =>
      withChannels(c, async (refs, fields) => {
        const lines = await runner.settle(c, linesFor({ channels, outputs }, refs, fields))
        return c.html(<ToManyLines lines={Either.getOrElse(lines, () => [])} />)
      }),
  })
  methods(app, "/outputs/to-many", {
    POST: (c) =>
      withChannels(c, async (refs, fields) => {
        if (isEmpty(fields))
          return page(c, refs, fields, makeProblem("invalid-input", "choose a template, or type a URL"))
        const lines = await runner.settle(c, linesFor({ channels, outputs }, refs, fields))
        const wrong = Either.getOrElse(lines, () => []).filter(({ errors }) => errors.length > 0)
        if (wrong.length > 0)
          return page(c, refs, fields, makeProblem("invalid-input", "nothing was added: see what is wrong below"))
        const added = await runner.settle(c, addToAll({ channels, outputs }, refs, fields))
        return Either.isLeft(added) ? page(c, refs, fields, added.left) : goTo(c, backOf(c, fields))
      }),
  })
}
