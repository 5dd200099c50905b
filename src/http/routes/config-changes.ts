/** REST routes of single changes of the configuration: who made them, and taking one back. */
import { Duration, Effect } from "effect"
import type { Hono } from "hono"
import { MAX_LISTED } from "../../effects/declarative/change-rows.ts"
import { InvalidInput, NotFound } from "../../effects/model/Errors.ts"
import { requesterOf } from "../access/requester.ts"
import { methods } from "../request/methods.ts"
import { makeQueryReader, wholeNumber } from "../request/read-query.ts"
import type { AppServices } from "../services/services.ts"

/** Each channel that is started may take a second. */
export const REVERTED_WITHIN = Duration.seconds(60)
const DEFAULT_LIMIT = 100
const SWITCH: Readonly<Record<string, boolean>> = { "1": true, true: true, "0": false, false: false }
const isSwitch = (text: string): boolean | null => (Object.hasOwn(SWITCH, text) ? (SWITCH[text] ?? null) : null)

type Services = Pick<AppServices, "access" | "channels" | "configuration" | "runner">

/** Number of the change that a path names; fails where that is none. */
export const changeNumber = (asked: string): Effect.Effect<number, NotFound> => {
  const id = wholeNumber(asked, Number.MAX_SAFE_INTEGER)
  return id === null ? new NotFound({ kind: "change", ref: asked.slice(0, 40) }) : Effect.succeed(id)
}

export const configChangeRoutes = (app: Hono, services: Services): void => {
  const { access, channels, configuration, runner } = services
  methods(app, "/api/config/changes", {
    GET: (c) =>
      runner.run(
        c,
        Effect.gen(function* () {
          const { errors, read } = makeQueryReader(new URL(c.req.url).searchParams, ["limit", "before", "channel"])
          const limit = read("limit", (text) => wholeNumber(text, MAX_LISTED), `a whole number from 1 to ${MAX_LISTED}`)
          const before = read("before", (text) => wholeNumber(text, Number.MAX_SAFE_INTEGER), "the id of a change")
          const ref = read("channel", (text) => (text.length <= 128 ? text : null), "a channel")
          if (errors.length > 0) return yield* new InvalidInput({ errors })
          // A channel that is gone is known by its UUID alone.
          const id =
            ref === undefined
              ? undefined
              : yield* Effect.orElseSucceed(
                  Effect.map(channels.get(ref), (channel) => channel.id),
                  () => ref,
                )
          return yield* configuration.changes({ limit: limit ?? DEFAULT_LIMIT, before, channelId: id })
        }),
        (changes) => c.json({ changes }),
      ),
  })
  methods(app, "/api/config/changes/:change/revert", {
    POST: (c) =>
      runner.run(
        c,
        Effect.gen(function* () {
          const { errors, read } = makeQueryReader(new URL(c.req.url).searchParams, ["dry_run"])
          const dryRun = read("dry_run", isSwitch, "1 or 0") ?? false
          if (errors.length > 0) return yield* new InvalidInput({ errors })
          const id = yield* changeNumber(c.req.param("change"))
          return yield* configuration.revert(id, { dryRun, by: requesterOf(c, access) })
        }),
        (result) => c.json(result),
        REVERTED_WITHIN,
      ),
  })
}
