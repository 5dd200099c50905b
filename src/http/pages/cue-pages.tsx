/** @jsxImportSource hono/jsx */
/** SCTE-35 pages: a channel's cues, and the decode of a cue. They work without JavaScript. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { CuesPage } from "../../../views/cues/CuesPage.tsx"
import { DecodePage } from "../../../views/cues/DecodePage.tsx"
import { describeCue } from "../../core/scte35/describe-cue.ts"
import { readForm } from "../request/body.ts"
import { readCueQuery } from "../request/cue-query.ts"
import { methods } from "../request/methods.ts"
import { problemResponse } from "../request/problem.ts"
import { decodeCue } from "../routes/scte35.ts"
import type { AppServices } from "../services/services.ts"
import { frameOf } from "./frame.ts"

/** Query for cues older than the last one shown, otherwise unchanged. */
const olderThan = (url: URL, id: number): string => {
  const parameters = new URLSearchParams(url.search)
  parameters.set("before", String(id))
  return `${url.pathname}?${parameters}`
}

export const cuePageRoutes = (
  app: Hono,
  { access, channels, cues, runner }: Pick<AppServices, "access" | "channels" | "cues" | "runner">,
): void => {
  const frame = (c: Context) => frameOf(c, { access })
  methods(app, "/channels/:id/cues", {
    GET: (c) => {
      const ref = c.req.param("id")
      const url = new URL(c.req.url)
      const read = Effect.flatMap(readCueQuery(url.searchParams), ({ query }) =>
        Effect.all({ channel: channels.get(ref), cues: cues.list(ref, query), limit: Effect.succeed(query.limit) }),
      )
      return runner.run(c, read, ({ channel, cues, limit }) => {
        const last = cues.length < limit ? undefined : cues.at(-1)
        return c.html(
          <CuesPage
            frame={frame(c)}
            channel={channel}
            cues={cues}
            older={last === undefined ? undefined : olderThan(url, last.id)}
          />,
        )
      })
    },
  })
  methods(app, "/scte35", {
    GET: (c) => c.html(<DecodePage frame={frame(c)} cue="" />),
    POST: async (c) => {
      const form = await runner.settle(c, readForm(c))
      if (Either.isLeft(form)) return problemResponse(form.left, c.req.path)
      const cue = (form.right["cue"] ?? "").trim()
      const decoded = await runner.settle(
        c,
        Effect.suspend(() => decodeCue(cue)),
      )
      if (Either.isLeft(decoded)) {
        const problem = decoded.left.errors[0]?.message ?? decoded.left.detail
        return c.html(
          <DecodePage frame={frame(c)} cue={cue} problem={problem} />,
          decoded.left.status === 400 ? 400 : 500,
        )
      }
      const { base64, errors, hex, warnings } = decoded.right
      const { base64: _, hex: __, ...fields } = decoded.right
      const result = {
        base64,
        hex,
        errors,
        warnings,
        description: describeCue(decoded.right),
        json: JSON.stringify(fields, null, 2),
      }
      return c.html(<DecodePage frame={frame(c)} cue={cue} decoded={result} />)
    },
  })
}
