/** @jsxImportSource hono/jsx */
/** The cues of all channels: filtered by the address, live while nothing is filtered. */
import { Effect, Either } from "effect"
import type { Hono } from "hono"
import { CueRow } from "../../../views/channel/CueRow.tsx"
import { AllCuesPage } from "../../../views/cues/AllCuesPage.tsx"
import { type ChannelCueView, CUE_COMMANDS, CUE_KINDS } from "../../effects/model/cue.ts"
import { readAllCuesQuery } from "../request/cue-query.ts"
import { MAX_LIMIT } from "../request/event-query.ts"
import { methods } from "../request/methods.ts"
import { problemResponse } from "../request/problem.ts"
import type { AppServices } from "../services/services.ts"
import { filterErrors } from "./filter-error.ts"
import { frameOf } from "./frame.ts"
import { errorsByField, exportOf, olderOf, PAGE_ROWS, pageQuery, withRows } from "./page-query.ts"

const TYPES = [...CUE_KINDS, ...CUE_COMMANDS]

const rowsOf = (cues: ReadonlyArray<ChannelCueView>) =>
  cues.map((cue) => ({ id: `cue-${cue.id}`, html: String(<CueRow cue={cue} of={cue.channel} />) }))

export const cuesPageRoutes = (
  app: Hono,
  {
    access,
    channels,
    cues,
    live,
    runner,
    stationZone,
  }: Pick<AppServices, "access" | "channels" | "cues" | "live" | "runner" | "stationZone">,
): void => {
  methods(app, "/cues", {
    GET: async (c) => {
      const asked = pageQuery(new URL(c.req.url), stationZone)
      const query = withRows(asked)
      const read = Effect.flatMap(readAllCuesQuery(query), ({ query }) =>
        Effect.map(cues.listAll(query), (cues) => ({ cues, limit: query.limit })),
      )
      const found = await runner.settle(c, read)
      const errors = Either.isLeft(found) ? filterErrors(found.left) : []
      if (Either.isLeft(found) && errors === null) return problemResponse(found.left, c.req.path)
      return runner.run(c, channels.list, (channels) => {
        const { cues, limit } = Either.getOrElse(found, () => ({ cues: [], limit: 1 }))
        const last = cues.length < limit ? undefined : cues.at(-1)
        const html = (
          <AllCuesPage
            frame={frameOf(c, { access })}
            channels={channels}
            types={TYPES}
            rows={rowsOf(cues)}
            asked={asked}
            errors={errorsByField(errors ?? [])}
            older={last === undefined ? undefined : olderOf("/cues", asked, last.id)}
            json={exportOf("/api/cues", withRows(asked, MAX_LIMIT))}
            csv={exportOf("/api/cues", asked, "csv")}
          />
        )
        return c.html(html, Either.isLeft(found) ? 400 : 200)
      })
    },
  })
  methods(app, "/live/cues", {
    GET: (c) =>
      live.stream(
        c,
        "cues",
        Effect.map(cues.listAll({ limit: PAGE_ROWS }), (cues) => [{ id: "cue-rows", items: rowsOf(cues) }]),
      ),
  })
}
