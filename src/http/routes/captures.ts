/** Captures of a source or an output: its datagrams of some seconds from now, as a file for Wireshark and tcpdump. */
import { Duration, Effect } from "effect"
import type { Context, Hono } from "hono"
import type { CaptureOf } from "../../effects/captures/Captures.ts"
import { InvalidInput } from "../../effects/model/Errors.ts"
import { methods } from "../request/methods.ts"
import { makeProblem, problemResponse } from "../request/problem.ts"
import { makeQueryReader, wholeNumber } from "../request/read-query.ts"
import type { AppServices } from "../services/services.ts"

export const MAX_SECONDS = 30
export const USUAL_SECONDS = 10
/** What the engine and the way from it may take besides, in seconds. */
const MORE_SECONDS = 15

const secondsOf = (parameters: URLSearchParams): Effect.Effect<number, InvalidInput> =>
  Effect.suspend(() => {
    const { errors, read } = makeQueryReader(parameters, ["seconds"])
    const seconds = read("seconds", (text) => wholeNumber(text, MAX_SECONDS), `1 to ${MAX_SECONDS}`)
    return errors.length > 0 ? new InvalidInput({ errors }) : Effect.succeed(seconds ?? USUAL_SECONDS)
  })

export const captureRoutes = (
  app: Hono,
  {
    access,
    audit,
    captures,
    channels,
    runner,
  }: Pick<AppServices, "access" | "audit" | "captures" | "channels" | "runner">,
): void => {
  const answer = (c: Context, of: CaptureOf) => {
    const ref = c.req.param("id") ?? ""
    // The channel first: to somebody with a wrong address what is wrong with the query is of no use.
    const taken = channels.get(ref).pipe(
      Effect.zipRight(secondsOf(new URL(c.req.url).searchParams)),
      Effect.flatMap((seconds) => captures.take(ref, of, seconds)),
    )
    return runner.run(
      c,
      taken,
      async ({ datagrams, ended_by, file, left_out, name }) => {
        const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "")
        // It changes nothing, and yet hands much on.
        await audit.record(c, access.callerOf(c)?.name ?? "nobody", `capture the datagrams of ${name}`, 200)
        return c.body(file, 200, {
          "Content-Type": "application/vnd.tcpdump.pcap",
          "Content-Disposition": `attachment; filename="${name}-${stamp}Z.pcap"`,
          "X-Capture-Datagrams": String(datagrams),
          "X-Capture-Left-Out": String(left_out),
          "X-Capture-Ended-By": ended_by,
        })
      },
      Duration.seconds(MAX_SECONDS + MORE_SECONDS),
    )
  }

  methods(app, "/api/channels/:id/legs/:leg/capture", {
    GET: (c) => {
      const leg = c.req.param("leg")
      if (leg === "primary" || leg === "backup") return answer(c, { leg })
      const detail = `a channel has a primary and a backup source, and none of the name ${JSON.stringify(leg.slice(0, 40))}`
      return problemResponse(makeProblem("not-found", detail), c.req.path)
    },
  })
  methods(app, "/api/channels/:id/outputs/:output/capture", {
    GET: (c) => answer(c, { output: c.req.param("output") }),
  })
}
