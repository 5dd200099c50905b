/** The latest picture of a channel's outgoing stream. */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import type { Hono } from "hono"
import type { Thumbnail } from "../../effects/thumbnails/thumbnail-model.ts"
import { methods } from "../request/methods.ts"
import { makeProblem, Refused } from "../request/problem.ts"
import type { AppServices } from "../services/services.ts"

const etagOf = ({ at, jpeg }: Thumbnail): string =>
  `"${at.toString(36)}-${createHash("sha256").update(jpeg).digest("base64url").slice(0, 16)}"`

export const thumbnailRoutes = (app: Hono, { runner, thumbnails }: Pick<AppServices, "runner" | "thumbnails">): void =>
  methods(app, "/channels/:id/thumbnail.jpg", {
    GET: (c) =>
      runner.run(
        c,
        Effect.flatMap(thumbnails.get(c.req.param("id")), (answer) =>
          answer.ok
            ? Effect.succeed(answer.thumbnail)
            : new Refused({
                problem: makeProblem("not-found", `there is no picture of this channel: ${answer.reason}`),
              }),
        ),
        (thumbnail) => {
          const etag = etagOf(thumbnail)
          // Not cached without asking, since the next picture has the same address.
          const headers = {
            ETag: etag,
            "Last-Modified": new Date(thumbnail.at).toUTCString(),
            "Cache-Control": "no-cache",
          }
          if (c.req.header("if-none-match") === etag) return c.body(null, 304, headers)
          return c.body(new Uint8Array(thumbnail.jpeg), 200, { ...headers, "Content-Type": "image/jpeg" })
        },
      ),
  })
