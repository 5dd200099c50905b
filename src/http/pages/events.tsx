/** @jsxImportSource hono/jsx */
/** The events of all channels: filtered by the address, live while nothing is filtered. */
import { Effect, Either } from "effect"
import type { Hono } from "hono"
import { EventRow } from "../../../views/channel/EventRow.tsx"
import { AllEventsPage } from "../../../views/events/AllEventsPage.tsx"
import { type ChannelEventOfView, EVENT_KINDS } from "../../effects/model/event.ts"
import { MAX_LIMIT, readAllEventsQuery } from "../request/event-query.ts"
import { methods } from "../request/methods.ts"
import { problemResponse } from "../request/problem.ts"
import type { AppServices } from "../services/services.ts"
import { filterErrors } from "./filter-error.ts"
import { frameOf } from "./frame.ts"
import { errorsByField, exportOf, olderOf, PAGE_ROWS, pageQuery, withRows } from "./page-query.ts"

const rowsOf = (events: ReadonlyArray<ChannelEventOfView>) =>
  events.map((event) => ({ id: `event-${event.id}`, html: String(<EventRow event={event} of={event.channel} />) }))

export const eventsPageRoutes = (
  app: Hono,
  {
    access,
    channels,
    events,
    live,
    runner,
    stationZone,
  }: Pick<AppServices, "access" | "channels" | "events" | "live" | "runner" | "stationZone">,
): void => {
  methods(app, "/events", {
    GET: async (c) => {
      const asked = pageQuery(new URL(c.req.url), stationZone)
      const query = withRows(asked)
      const read = Effect.flatMap(readAllEventsQuery(query), ({ query }) =>
        Effect.map(events.listAll(query), (events) => ({ events, limit: query.limit })),
      )
      const found = await runner.settle(c, read)
      const errors = Either.isLeft(found) ? filterErrors(found.left) : []
      if (Either.isLeft(found) && errors === null) return problemResponse(found.left, c.req.path)
      return runner.run(c, channels.list, (channels) => {
        const { events, limit } = Either.getOrElse(found, () => ({ events: [], limit: 1 }))
        const last = events.length < limit ? undefined : events.at(-1)
        const html = (
          <AllEventsPage
            frame={frameOf(c, { access })}
            channels={channels}
            kinds={EVENT_KINDS}
            rows={rowsOf(events)}
            asked={asked}
            errors={errorsByField(errors ?? [])}
            older={last === undefined ? undefined : olderOf("/events", asked, last.id)}
            json={exportOf("/api/events", withRows(asked, MAX_LIMIT))}
            csv={exportOf("/api/events", asked, "csv")}
          />
        )
        return c.html(html, Either.isLeft(found) ? 400 : 200)
      })
    },
  })
  methods(app, "/live/events", {
    GET: (c) =>
      live.stream(
        c,
        "events",
        Effect.map(events.listAll({ limit: PAGE_ROWS }), (events) => [{ id: "event-rows", items: rowsOf(events) }]),
      ),
  })
}
