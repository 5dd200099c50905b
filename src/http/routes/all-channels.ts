/** REST routes that look across channels: cues and events of all of them. */
import { Effect } from "effect"
import type { Hono } from "hono"
import type { ChannelEventOfView } from "../../effects/model/event.ts"
import { readAllCuesQuery } from "../request/cue-query.ts"
import { readAllEventsQuery } from "../request/event-query.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"
import { type CsvColumn, csvHeaders, csvOf } from "./csv.ts"
import { cuesOfChannelsAsCsv } from "./cue-csv.ts"
import { withSection } from "./cue-json.ts"

const EVENT_COLUMNS: ReadonlyArray<CsvColumn<ChannelEventOfView>> = [
  ["channel", ({ channel }) => channel.slug],
  ["id", ({ id }) => id],
  ["at", ({ at }) => at],
  ["kind", ({ kind }) => kind],
  ["severity", ({ severity }) => severity],
  ["source", ({ source }) => source],
  ["output", ({ output }) => output],
  ["message", ({ message }) => message],
]

export const allChannelsRoutes = (
  app: Hono,
  { cues, events, runner }: Pick<AppServices, "cues" | "events" | "runner">,
): void => {
  methods(app, "/api/cues", {
    GET: (c) => {
      const read = Effect.flatMap(readAllCuesQuery(new URL(c.req.url).searchParams), ({ format, query }) =>
        Effect.map(cues.listAll(query), (cues) => ({ cues, format })),
      )
      return runner.run(c, read, ({ cues, format }) =>
        format === "csv"
          ? c.body(cuesOfChannelsAsCsv(cues), 200, csvHeaders("cues.csv"))
          : c.json({ cues: cues.map((cue) => ({ ...withSection(cue), channel: cue.channel })) }),
      )
    },
  })
  methods(app, "/api/events", {
    GET: (c) => {
      const read = Effect.flatMap(readAllEventsQuery(new URL(c.req.url).searchParams), ({ format, query }) =>
        Effect.map(events.listAll(query), (events) => ({ events, format })),
      )
      return runner.run(c, read, ({ events, format }) =>
        format === "csv" ? c.body(csvOf(EVENT_COLUMNS, events), 200, csvHeaders("events.csv")) : c.json({ events }),
      )
    },
  })
}
