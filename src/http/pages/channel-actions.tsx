/** @jsxImportSource hono/jsx */
/** Buttons that act on channels and outputs. They answer with a page, or with a sentence for scripts (`HX-Request`). */
import { type Duration, Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { ConfirmPage } from "../../../views/channels/ConfirmPage.tsx"
import type { ChannelView, SourceName } from "../../effects/model/channel.ts"
import { decode, readFields } from "../request/body.ts"
import { methods } from "../request/methods.ts"
import { type ApiError, makeProblem, type Problem, problemResponse, Refused } from "../request/problem.ts"
import { actOnMany, BulkInput, DONE_WITHIN, MAX_BULK } from "../routes/bulk.ts"
import type { AppServices } from "../services/services.ts"
import { frameOf } from "./frame.ts"
import { localPath } from "./local-path.ts"
import { muteForAnHour } from "./mute-hour.ts"

/** Renders the page that the buttons are on, with what went wrong. */
type PageWith = (c: Context, problem: Problem) => Promise<Response>

const SOURCES: ReadonlyArray<SourceName> = ["primary", "backup"]

const DONE: Readonly<Record<BulkInput["action"], string>> = {
  start: "started",
  stop: "stopped",
  delete: "deleted",
  enable_outputs: "changed: outputs enabled",
  disable_outputs: "changed: outputs disabled",
}

/** Questions asked before an action is carried out. */
const QUESTIONS: Partial<Record<BulkInput["action"], (which: string) => string>> = {
  stop: (which) => `Stop ${which}? Their outputs lose the stream.`,
  disable_outputs: (which) => `Disable all outputs of ${which}? Their receivers lose the stream.`,
}

/** The page that the button was on, as the address says, or else the browser. */
const backOf = (c: Context): string => {
  const referer = c.req.header("referer")
  const from = referer === undefined || !URL.canParse(referer) ? null : new URL(referer)
  return localPath(c.req.query("back") ?? (from === null ? undefined : `${from.pathname}${from.search}`))
}

const connected = ({ outputs }: ChannelView) =>
  outputs.filter(({ status }) => status === "connected").map(({ name }) => name)

type Services = Pick<AppServices, "access" | "channels" | "live" | "notifications" | "outputs" | "runner">

const isScript = (c: Context) => c.req.header("hx-request") === "true"

/** Carries out an action; `say` puts into words what was done. */
const makeAct =
  ({ live, runner }: Services, page: PageWith) =>
  async <A,>(
    c: Context,
    effect: Effect.Effect<A, ApiError>,
    say: (value: A) => string,
    { back = backOf(c), within }: { readonly back?: string; readonly within?: Duration.Duration } = {},
  ): Promise<Response> => {
    const done = await runner.settle(c, effect, within)
    live.refresh()
    if (Either.isRight(done)) return isScript(c) ? c.text(say(done.right)) : c.redirect(back, 303)
    return isScript(c) ? problemResponse(done.left, c.req.path) : page(c, done.left)
  }

type Act = ReturnType<typeof makeAct>

/** Asks whether a channel is to be stopped, and names the outputs that would lose the stream. */
const askToStop = (c: Context, { access, channels, runner }: Services, ref: string) =>
  runner.run(c, channels.get(ref), (channel) => {
    const back = backOf(c)
    const to = `/channels/${channel.slug}/stop?back=${encodeURIComponent(back)}`
    const names = connected(channel)
    const question = `Stop ${channel.name}? ${names.length === 0 ? "No output is connected." : "These outputs lose the stream:"}`
    return c.html(
      <ConfirmPage
        frame={frameOf(c, { access })}
        question={question}
        items={names}
        to={to}
        fields={[]}
        yes="Stop"
        back={back}
      />,
    )
  })

/** Asks whether an action on several channels is meant; the answer sends the same form, confirmed. */
const askAboutMany = (
  c: Context,
  { access }: Services,
  { action, channels }: BulkInput,
  question: string,
  back: string,
) => {
  const again = [
    ...channels.map((channel) => ["channel", channel] as const),
    ["action", action],
    ["back", back],
  ] as const
  const props = {
    question,
    items: channels,
    to: "/channels/bulk",
    fields: [...again, ["confirmed", "yes"] as const],
    back,
  }
  return c.html(<ConfirmPage {...props} frame={frameOf(c, { access })} yes={action === "stop" ? "Stop" : "Disable"} />)
}

/** Acts on several channels at once; fails when one of them refuses, with what each has said. */
const actOnAll = (services: Services, input: BulkInput) => {
  const failed = (results: Effect.Effect.Success<ReturnType<typeof actOnMany>>) =>
    results.flatMap(({ channel, error }) => (error === null ? [] : [`${channel}: ${error.message}`]))
  return Effect.filterOrFail(
    actOnMany({ channels: services.channels, outputs: services.outputs }, input),
    (results) => failed(results).length === 0,
    (results) => new Refused({ problem: makeProblem("conflict", failed(results).join("; ")) }),
  )
}

const muteAll = (services: Services, channels: ReadonlyArray<string>) =>
  Effect.forEach(channels, (channel) => muteForAnHour(services, channel))

/** Declares what can be done about notices at once: all those of a cause, named by their keys. */
const noticeRoutes = (app: Hono, services: Services, act: Act): void => {
  const { notifications, runner } = services
  const route = (path: string, done: string, one: (key: string) => Effect.Effect<unknown, ApiError>) =>
    methods(app, path, {
      POST: async (c) => {
        const form = await runner.settle(c, readFields(c))
        if (Either.isLeft(form)) return problemResponse(form.left, c.req.path)
        const keys = [...new Set(form.right.getAll("key"))].slice(0, MAX_BULK)
        // What is over by now needs nothing more.
        const all = Effect.forEach(keys, (key) => Effect.catchTag(one(key), "NotFound", () => Effect.void))
        return act(c, all, ({ length }) => `${length} ${length === 1 ? "notice" : "notices"} ${done}`, {
          back: localPath(form.right.get("back") ?? backOf(c)),
        })
      },
    })
  route("/notices/acknowledge", "acknowledged", (key) => notifications.acknowledge(key))
  route("/notices/mute", "muted for an hour", (key) => {
    const [, channel = null, output = null] = key.split(":")
    return muteForAnHour(services, channel, output)
  })
}

/** Declares the action on the channels that are selected in the list. */
const bulkRoute = (app: Hono, services: Services, page: PageWith, act: Act): void => {
  const { runner } = services

  methods(app, "/channels/bulk", {
    POST: async (c) => {
      const form = await runner.settle(c, readFields(c))
      if (Either.isLeft(form)) return problemResponse(form.left, c.req.path)
      const fields = form.right
      const back = localPath(fields.get("back") ?? undefined)
      const action = fields.get("action") ?? ""
      const refused = (problem: Problem) => (isScript(c) ? problemResponse(problem, c.req.path) : page(c, problem))
      if (fields.getAll("channel").length === 0)
        return refused(makeProblem("bad-request", "no channel is selected; select some first"))
      if (action === "mute") {
        const say = ({ length }: { readonly length: number }) =>
          `${length} ${length === 1 ? "channel" : "channels"} muted for an hour`
        return act(c, muteAll(services, fields.getAll("channel").slice(0, MAX_BULK)), say, { back })
      }
      const input = await runner.settle(c, decode(BulkInput, { action, channels: fields.getAll("channel") }))
      if (Either.isLeft(input)) return refused(input.left)
      const question = QUESTIONS[input.right.action]
      if (question !== undefined && fields.get("confirmed") !== "yes") {
        const { length } = input.right.channels
        return askAboutMany(c, services, input.right, question(length === 1 ? "1 channel" : `${length} channels`), back)
      }
      const say = ({ length }: { readonly length: number }) =>
        `${length} ${length === 1 ? "channel" : "channels"} ${DONE[input.right.action]}`
      return act(c, actOnAll(services, input.right), say, { back, within: DONE_WITHIN })
    },
  })
}

export const actionRoutes = (app: Hono, services: Services, page: PageWith): void => {
  const { channels, outputs } = services
  const act = makeAct(services, page)

  // Declared before the routes with a channel, or `bulk` would be taken for one.
  bulkRoute(app, services, page, act)
  noticeRoutes(app, services, act)
  methods(app, "/channels/:id/start", {
    POST: (c) => act(c, channels.start(c.req.param("id")), ({ name }) => `${name} started`),
  })
  methods(app, "/channels/:id/stop", {
    GET: (c) => askToStop(c, services, c.req.param("id")),
    POST: (c) => act(c, channels.stop(c.req.param("id")), ({ name }) => `${name} stopped`),
  })
  methods(app, "/channels/:id/mute", {
    POST: (c) => act(c, muteForAnHour(services, c.req.param("id")), () => "muted for an hour"),
  })
  methods(app, "/channels/:id/outputs/:output/mute", {
    POST: (c) =>
      act(c, muteForAnHour(services, c.req.param("id"), c.req.param("output")), () => "output muted for an hour"),
  })
  for (const source of SOURCES) {
    methods(app, `/channels/:id/switch/${source}`, {
      POST: (c) =>
        act(c, channels.switchSource(c.req.param("id"), source), ({ name }) => `${name} goes to its ${source}`),
    })
  }
  methods(app, "/channels/:id/outputs/:output/start", {
    POST: (c) => act(c, outputs.start(c.req.param("id"), c.req.param("output")), ({ name }) => `${name} started`),
  })
  methods(app, "/channels/:id/outputs/:output/stop", {
    POST: (c) => act(c, outputs.stop(c.req.param("id"), c.req.param("output")), ({ name }) => `${name} stopped`),
  })
}
