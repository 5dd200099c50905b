/** @jsxImportSource hono/jsx */
/** The page of one channel, its event stream, and the answers of its buttons. */
import { Clock, Effect } from "effect"
import type { Context, Hono } from "hono"
import { ChannelPage } from "../../../views/channel/ChannelPage.tsx"
import { channelRegions } from "../../../views/channel/channel-regions.tsx"
import type { ChannelShown } from "../../../views/channel/channel-shown.ts"
import { PageAlert, type PageProblem } from "../../../views/channel/PageAlert.tsx"
import { PlotFigures } from "../../../views/channel/Plots.tsx"
import { Preview } from "../../../views/channel/Preview.tsx"
import { makeSteady, type Steady } from "../../../views/channel/steady.ts"
import { stateOf } from "../../../views/channels/list-row.ts"
import { may } from "../../../views/layout/frame.ts"
import { isLogChoice, type LogChoice, linesFrom } from "../../../views/system/LogRow.tsx"
import type { ChangeEntry } from "../../effects/declarative/change-rows.ts"
import { type HistoryWindow, WINDOWS } from "../../effects/history/history-model.ts"
import type { ChannelView, SourceName } from "../../effects/model/channel.ts"
import { mutingAt } from "../../effects/notifications/mute.ts"
import { worstOf } from "../../effects/show/worst-of.ts"
import { methods } from "../request/methods.ts"
import { type Problem, problemResponse } from "../request/problem.ts"
import { placementShown } from "../services/placement-shown.ts"
import type { AppServices } from "../services/services.ts"
import { frameOf } from "./frame.ts"

/** Number of cues from which breaks are drawn; fewer are listed. */
const CUES = 60
const EVENTS = 30
const LOG_LINES = 50
/** Number of events among which those of the chosen output are looked for. */
const OUTPUT_EVENTS = 300
const CHANGES = 30

/** Level of the log that the query asks for. */
const levelOf = (c: Context): LogChoice | undefined => {
  const asked = c.req.query("level")
  return isLogChoice(asked) ? asked : undefined
}

const isWindow = (text: string | undefined): text is HistoryWindow => text !== undefined && Object.hasOwn(WINDOWS, text)
/** Window of the plots that the query asks for. */
const windowOf = (c: Context): HistoryWindow => {
  const asked = c.req.query("window")
  return isWindow(asked) ? asked : "5m"
}

/** The output that the page shows beside the table; a button's request has it in the page's address, not in its own. */
const outputOf = (c: Context): string | undefined => {
  const page = c.req.header("hx-current-url")
  const from = page !== undefined && URL.canParse(page) ? new URL(page).searchParams.get("output") : null
  return c.req.query("output") ?? from ?? undefined
}

export interface ActionDone {
  /** What went wrong; undefined when nothing did. */
  readonly problem?: Problem | undefined
  /** The leg that a refused switch was for. */
  readonly source?: SourceName | undefined
}

export type ChannelPageServices = Pick<
  AppServices,
  | "access"
  | "channels"
  | "configuration"
  | "cues"
  | "events"
  | "grafana"
  | "history"
  | "inputNeeds"
  | "live"
  | "log"
  | "medialiveWeb"
  | "nodes"
  | "notifications"
  | "runner"
  | "thumbnails"
>

const pageProblem = ({ problem, source }: ActionDone): PageProblem | undefined => {
  if (problem === undefined) return undefined
  // The API's message about its own field is of no use beside a button.
  const text = (
    problem.errors.length === 0 ? problem.detail : problem.errors.map(({ message }) => message).join("; ")
  ).replace(/; send "force": true .*$/, "")
  return { text, force: problem.kind === "conflict" ? source : undefined }
}

const shownOf = (
  {
    access,
    channels,
    cues,
    events,
    inputNeeds,
    log,
    medialiveWeb,
    nodes,
    notifications,
  }: Pick<
    ChannelPageServices,
    "access" | "channels" | "cues" | "events" | "inputNeeds" | "log" | "medialiveWeb" | "nodes" | "notifications"
  >,
  c: Context,
  ref: string,
  steady: Steady,
) => {
  const frame = frameOf(c, { access })
  const mayAct = may(frame, "operator")
  const mayCapture = may(frame, "admin")
  // Receivers call the node that runs the channel, which this one is.
  const self = nodes.nodes().find((node) => node.self)
  const { origin } = new URL(self?.address ?? c.req.url)
  const names = nodes.nodes().map(({ name }) => name)
  const level = levelOf(c)
  const selected = outputOf(c)
  return Effect.all({
    channel: channels.get(ref),
    cues: cues.list(ref, { limit: CUES }),
    all: events.list(ref, { limit: selected === undefined ? EVENTS : OUTPUT_EVENTS }),
    now: Clock.currentTimeMillis,
    input: inputNeeds.of(ref),
    mutes: notifications.mutes,
  }).pipe(
    Effect.flatMap(({ all, input, mutes, ...found }) =>
      Effect.map(medialiveWeb?.beside(found.channel, mayAct) ?? Effect.succeed(null), (beside): ChannelShown => {
        const worst = worstOf(found.channel)
        const placed = placementShown(nodes, found.channel.id, input)
        return {
          ...found,
          events: all.slice(0, EVENTS),
          outputEvents: all.filter(({ output }) => output === selected).slice(0, EVENTS),
          muting: mutingAt(mutes, found.now),
          selected: found.channel.outputs.some(({ slug }) => slug === selected) ? selected : undefined,
          changes: [],
          worst,
          worstState: stateOf(worst),
          origin,
          mayAct,
          mayCapture,
          steady,
          level,
          log: linesFrom(log.ofChannel(found.channel.slug), level).slice(0, LOG_LINES),
          beside,
          placement: placed === undefined ? undefined : { ...placed, nodes: names },
        }
      }),
    ),
  )
}

/** Who changed what about a channel; none where that cannot be read, as the rest of the page matters more. */
const changesOf = ({ configuration }: Pick<ChannelPageServices, "configuration">, { id }: ChannelView) =>
  Effect.orElseSucceed(configuration.changes({ limit: CHANGES, channelId: id }), (): ReadonlyArray<ChangeEntry> => [])

/** Renders the page, with the outcome of a button when there is something to say. */
const page = (services: ChannelPageServices, c: Context, ref: string, done: ActionDone = {}): Promise<Response> => {
  const { access, grafana, history, runner, thumbnails } = services
  const read = Effect.all([
    Effect.flatMap(shownOf(services, c, ref, makeSteady()), (shown) =>
      Effect.map(changesOf(services, shown.channel), (changes): ChannelShown => ({ ...shown, changes })),
    ),
    history.view(ref, windowOf(c)),
    thumbnails.get(ref),
  ])
  return runner.run(c, read, ([shown, figures, picture]) => {
    const frame = frameOf(c, { access })
    // A refused button's page stands at the button's path, where the browser cannot come back to.
    const here = done.problem === undefined ? frame.here : `/channels/${encodeURIComponent(shown.channel.slug)}`
    const dashboard = grafana?.channel(shown.channel.slug, shown.origin)
    const preview = <Preview channel={shown.channel} picture={picture.ok} />
    const props = { shown, history: figures, dashboard, preview, problem: pageProblem(done) }
    const html = <ChannelPage {...props} frame={{ ...frame, here }} />
    return new Response(String(html), {
      status: done.problem?.status ?? 200,
      headers: { ...done.problem?.headers, "Content-Type": "text/html; charset=UTF-8" },
    })
  })
}

/**
 * The answer of a button on the channel's page: with htmx the changed parts of the page and the alert, otherwise the
 * page itself, by a redirect when all went well.
 */
export const afterAction = (
  services: ChannelPageServices,
  c: Context,
  ref: string,
  done: ActionDone,
): Promise<Response> | Response => {
  const { runner } = services
  if (c.req.header("hx-request") !== "true") {
    return done.problem === undefined
      ? c.redirect(`/channels/${encodeURIComponent(ref)}`, 303)
      : page(services, c, ref, done)
  }
  return runner.run(c, shownOf(services, c, ref, makeSteady()), (shown) => {
    const problem = pageProblem(done)
    const alert = problem === undefined ? "" : String(<PageAlert problem={problem} channel={shown.channel} />)
    const { cards, head, legs, outputs, panel, placement } = channelRegions(shown)
    const parts = [
      ["page-alert", alert],
      ...[head, cards, legs, outputs, panel, ...(placement.items.length > 0 ? [placement] : [])].map(
        ({ id, items }) => [id, items.map(({ html }) => html).join("")],
      ),
    ]
    const html = parts
      .map(([id, inner]) => `<hx-partial hx-target="#${id}" hx-swap="innerMorph">${inner}</hx-partial>`)
      .join("")
    return new Response(html, {
      status: done.problem?.status ?? 200,
      headers: { "Content-Type": "text/html; charset=UTF-8" },
    })
  })
}

export const channelDetailRoutes = (app: Hono, services: ChannelPageServices): void => {
  const { access, channels, history, live, runner } = services
  methods(app, "/channels/:id", { GET: (c) => page(services, c, c.req.param("id")) })
  methods(app, "/fragments/channels/:id/figures", {
    GET: (c) =>
      runner.run(c, history.view(c.req.param("id"), windowOf(c)), (figures) =>
        c.html(<PlotFigures history={figures} />),
      ),
  })
  methods(app, "/live/channels/:id", {
    GET: async (c) => {
      const ref = c.req.param("id")
      const { caller } = frameOf(c, { access })
      const key = `channel ${ref} for ${caller?.role ?? "nobody"} at ${new URL(c.req.url).origin} log ${levelOf(c) ?? "all"} output ${c.req.query("output") ?? ""}`
      const found = await runner.settle(c, channels.get(ref))
      if (found._tag === "Left") return problemResponse(found.left, c.req.path)
      const view = Effect.map(shownOf(services, c, ref, makeSteady()), (shown) =>
        Object.values(channelRegions(shown)).filter((region) => region !== undefined),
      )
      return live.stream(c, key, view)
    },
  })
}
