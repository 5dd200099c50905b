/** REST routes of SCTE-35: decode a cue, read those of a channel, insert one. */
import { Effect, Schema } from "effect"
import type { Hono } from "hono"
import { decodeCueText } from "../../core/scte35/cue-text.ts"
import type { SpliceInfoSection } from "../../core/scte35/section-fields.ts"
import { CueInput, CueText } from "../../effects/config/request-bodies.ts"
import { InvalidInput } from "../../effects/model/Errors.ts"
import { requesterOf } from "../access/requester.ts"
import { readJson } from "../request/body.ts"
import { readCueQuery } from "../request/cue-query.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"
import { csvExport } from "./csv-export.ts"
import { cueColumns } from "./cue-csv.ts"
import { withSection } from "./cue-json.ts"

/** Body of `POST /api/scte35/decode`. */
export const DecodeInput = Schema.Struct({ cue: CueText })

/** The section of a cue given as text; what is none fails with the codec's sentence for the field `cue`. */
export const decodeCue = (text: string): Effect.Effect<SpliceInfoSection, InvalidInput> =>
  Effect.suspend(() => {
    const decoded = decodeCueText(text)
    return decoded.ok
      ? Effect.succeed(decoded.section)
      : new InvalidInput({ errors: [{ path: "cue", message: decoded.error }] })
  })

export const scte35Routes = (
  app: Hono,
  {
    access,
    channels,
    cues,
    idempotency,
    runner,
    stationZone,
  }: Pick<AppServices, "access" | "channels" | "cues" | "idempotency" | "runner" | "stationZone">,
): void => {
  methods(app, "/api/scte35/decode", {
    POST: (c) =>
      runner.run(
        c,
        Effect.flatMap(readJson(c, DecodeInput), ({ cue }) => decodeCue(cue)),
        (section) => c.json(section),
      ),
  })

  methods(app, "/api/channels/:id/cues", {
    GET: (c) => {
      const ref = c.req.param("id")
      const read = Effect.flatMap(readCueQuery(new URL(c.req.url).searchParams), ({ format, query }) =>
        Effect.all({
          channel: channels.get(ref),
          found: format === "csv" ? Effect.succeed([]) : cues.list(ref, query),
          format: Effect.succeed(format),
          query: Effect.succeed(query),
        }),
      )
      return runner.run(c, read, ({ channel, format, found, query }) =>
        format === "json"
          ? c.json({ cues: found.map(withSection) })
          : csvExport(c, runner, {
              name: `${channel.slug}-cues.csv`,
              columns: cueColumns(stationZone),
              before: query.before,
              limit: new URL(c.req.url).searchParams.has("limit") ? query.limit : undefined,
              page: (place) => cues.list(channel.id, { ...query, ...place }),
            }),
      )
    },
    POST: (c) => {
      const ref = c.req.param("id")
      const by = requesterOf(c, access)
      const read = Effect.gen(function* () {
        const { slug } = yield* channels.get(ref)
        return yield* Effect.tapError(readJson(c, CueInput), (error) => {
          const why = error._tag === "Refused" ? error.problem.detail : error.message
          return Effect.annotateLogs(Effect.logWarning(`a cue of ${by} was not inserted: ${why}`), "channel", slug)
        })
      })
      return runner.run(c, read, (input) =>
        idempotency.once(c, input, () => runner.run(c, cues.insert(ref, input, by), (answer) => c.json(answer, 202))),
      )
    },
  })
}
