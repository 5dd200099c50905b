/** @jsxImportSource hono/jsx */
/** The OpenAPI document for programs and as a page, made once at the first request. */
import { createHash } from "node:crypto"
import type { Context, Hono } from "hono"
import { ApiDocs, ApiDocsPage } from "../../../views/layout/ApiDocsPage.tsx"
import { frameOf } from "../pages/frame.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"
import { openApiDocument } from "./document.ts"
import { readingOf } from "./reading.ts"

interface Made {
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

const made = (text: string, type: string): Made => ({
  text,
  // Asked for again each time, answered with 304: an upgrade shows at once.
  headers: {
    ETag: `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`,
    "Cache-Control": "no-cache",
    "Content-Type": type,
  },
})

const answer = (c: Context, { headers, text }: Made): Response =>
  c.req.header("if-none-match") === headers["ETag"] ? c.body(null, 304, headers) : c.body(text, 200, headers)

const once = <A,>(make: () => A): (() => A) => {
  let value: { readonly made: A } | undefined
  return () => {
    value ??= { made: make() }
    return value.made
  }
}

export const openApiRoutes = (app: Hono, services: Pick<AppServices, "access" | "medialiveWeb" | "runner">): void => {
  const document = once(() => openApiDocument(services.medialiveWeb !== null))
  const json = once(() => made(JSON.stringify(document()), "application/json"))
  const content = once(() => String(<ApiDocs {...readingOf(document())} />))
  methods(app, "/api/openapi.json", { GET: (c) => answer(c, json()) })
  methods(app, "/api/docs", {
    GET: (c) =>
      answer(
        c,
        made(String(<ApiDocsPage content={content()} frame={frameOf(c, services)} />), "text/html; charset=UTF-8"),
      ),
  })
}
