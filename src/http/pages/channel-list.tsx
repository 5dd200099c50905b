/** @jsxImportSource hono/jsx */
/** Pages for operators. Every form works without JavaScript; with htmx, buttons swap the table in place. */
import { Effect } from "effect"
import type { Context, Hono } from "hono"
import { EventsPage } from "../../../views/channel/EventsPage.tsx"
import { ChannelListPage } from "../../../views/channels/ChannelListPage.tsx"
import { TotalsLine } from "../../../views/channels/ListHead.tsx"
import { matches } from "../../../views/channels/list-row.ts"
import { may } from "../../../views/layout/frame.ts"
import { WORST_STATES } from "../../effects/model/channel.ts"
import { readEventQuery } from "../request/event-query.ts"
import { methods } from "../request/methods.ts"
import type { Problem } from "../request/problem.ts"
import type { AppServices } from "../services/services.ts"
import { actionRoutes } from "./channel-actions.tsx"
import { frameOf } from "./frame.ts"
import { listState, liveRegions, makeListRenderer } from "./list-regions.tsx"

const sentence = (problem: Problem): string =>
  problem.errors.length === 0
    ? problem.detail
    : problem.errors.map(({ path, message }) => `${path}: ${message}`).join("; ")

const MAX_FILTER = 100
const filterOf = (c: Context) => ({
  text: (c.req.query("q") ?? "").slice(0, MAX_FILTER),
  problemsOnly: c.req.query("only") === "problems",
  state: WORST_STATES.find((state) => state === c.req.query("state")),
})

type Services = Pick<
  AppServices,
  | "access"
  | "channels"
  | "events"
  | "history"
  | "live"
  | "nodes"
  | "notifications"
  | "others"
  | "outputs"
  | "pictures"
  | "runner"
  | "system"
  | "thumbnails"
>

export const pageRoutes = (app: Hono, services: Services): void => {
  const { access, channels, events, live, pictures, runner } = services
  const renderer = makeListRenderer({ thumbnails: pictures })

  /**
   * Renders the page.
   * @param problem of the last request made on the page, shown at the top
   */
  const page = (c: Context, problem?: Problem): Promise<Response> =>
    runner.run(c, listState(services, { pictures }), (state) => {
      const frame = frameOf(c, { access })
      const filter = filterOf(c)
      const now = Date.now()
      const { attention, problems, rows, sums } = renderer.regions(state, now, may(frame, "operator"))
      const shown = rows.filter(({ row }) => matches(row, filter))
      const totals = [{ id: "totals-line", html: String(<TotalsLine state={filter.state} totals={sums} />) }]
      const props = {
        frame,
        thumbnails: pictures,
        filter,
        now,
        attention,
        problems,
        totals,
        rows: shown,
        total: rows.length,
      }
      const html = <ChannelListPage {...props} alert={problem === undefined ? undefined : sentence(problem)} />
      const headers = { ...problem?.headers, "Content-Type": "text/html; charset=UTF-8" }
      return new Response(String(html), { status: problem?.status ?? 200, headers })
    })
  methods(app, "/", { GET: (c) => page(c) })
  methods(app, "/live/channels", {
    GET: (c) => {
      const mayOperate = may({ caller: access.callerOf(c) }, "operator")
      const view = Effect.map(listState(services, { pictures }), (state) =>
        liveRegions(renderer.regions(state, Date.now(), mayOperate)),
      )
      return live.stream(c, `channels ${mayOperate}`, view)
    },
  })
  actionRoutes(app, services, page)

  const eventsPage = (c: Context, ref: string) =>
    runner.run(
      c,
      Effect.flatMap(readEventQuery(new URL(c.req.url).searchParams), (query) =>
        Effect.all([channels.get(ref), events.list(ref, query), Effect.succeed(query.limit)]),
      ),
      ([channel, found, limit]) =>
        c.html(
          <EventsPage frame={frameOf(c, { access })} channel={channel} events={found} more={found.length === limit} />,
        ),
    )
  methods(app, "/channels/:id/events", { GET: (c) => eventsPage(c, c.req.param("id")) })
}
