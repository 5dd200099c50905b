/** Declares what a path answers, so that every other method gets 405 with `Allow`. */
import type { Context, Hono } from "hono"
import type { BlankEnv } from "hono/types"
import { makeProblem, problemResponse } from "./problem.ts"

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
export type RouteContext<Path extends string> = Context<BlankEnv, Path>
type Handlers<Path extends string> = Partial<Record<Method, (c: RouteContext<Path>) => Response | Promise<Response>>>

export const methods = <Path extends string>(app: Hono, path: Path, handlers: Handlers<Path>): void => {
  const known = Object.keys(handlers)
  const allow = [...known, ...(known.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ")
  for (const [method, handler] of Object.entries(handlers)) app.on(method, path, handler)
  app.on("OPTIONS", path, (c) => c.body(null, 204, { Allow: allow }))
  app.all(path, (c) =>
    problemResponse(
      makeProblem("method-not-allowed", `${c.req.method} is not allowed here; allowed: ${allow}`, {
        headers: { Allow: allow },
      }),
      c.req.path,
    ),
  )
}
