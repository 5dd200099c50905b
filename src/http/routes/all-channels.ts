/** REST routes that look across channels: cues and events of all of them. */
import type { Context, Hono } from "hono"
import type { Zone } from "../../core/schedule/local-time.ts"
import type { ChannelEventOfView } from "../../effects/model/event.ts"
import { readAllCuesQuery } from "../request/cue-query.ts"
import { readAllEventsQuery } from "../request/event-query.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"
import type { CsvColumn } from "./csv.ts"
import { csvExport } from "./csv-export.ts"
import { channelCueColumns } from "./cue-csv.ts"
import { withSection } from "./cue-json.ts"
import { localColumns } from "./local-columns.ts"

const eventColumns = (zone: Zone): ReadonlyArray<CsvColumn<ChannelEventOfView>> => [
  ["channel", ({ channel }) => channel.slug],
  ["id", ({ id }) => id],
  ["at", ({ at }) => at],
  ["kind", ({ kind }) => kind],
  ["severity", ({ severity }) => severity],
  ["source", ({ source }) => source],
  ["output", ({ output }) => output],
  ["message", ({ message }) => message],
  ...localColumns<ChannelEventOfView>(zone, [["at", ({ at }) => at]]),
]

export const allChannelsRoutes = (
  app: Hono,
  { cues, events, runner, stationZone }: Pick<AppServices, "cues" | "events" | "runner" | "stationZone">,
): void => {
  /** The limit that the query gives to its CSV; undefined for all that matches. */
  const givenLimit = (c: Context, limit: number) => (new URL(c.req.url).searchParams.has("limit") ? limit : undefined)
  methods(app, "/api/cues", {
    GET: (c) =>
      runner.run(c, readAllCuesQuery(new URL(c.req.url).searchParams), ({ format, query }) =>
        format === "json"
          ? runner.run(c, cues.listAll(query), (found) =>
              c.json({ cues: found.map((cue) => ({ ...withSection(cue), channel: cue.channel })) }),
            )
          : csvExport(c, runner, {
              name: "cues.csv",
              columns: channelCueColumns(stationZone),
              before: query.before,
              limit: givenLimit(c, query.limit),
              page: (place) => cues.listAll({ ...query, ...place }),
            }),
      ),
  })
  methods(app, "/api/events", {
    GET: (c) =>
      runner.run(c, readAllEventsQuery(new URL(c.req.url).searchParams), ({ format, query }) =>
        format === "json"
          ? runner.run(c, events.listAll(query), (found) => c.json({ events: found }))
          : csvExport(c, runner, {
              name: "events.csv",
              columns: eventColumns(stationZone),
              before: query.before,
              limit: givenLimit(c, query.limit),
              page: (place) => events.listAll({ ...query, ...place }),
            }),
      ),
  })
}
