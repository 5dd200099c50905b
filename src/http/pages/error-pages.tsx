/** @jsxImportSource hono/jsx */
/** Problems as pages: a person who follows a dead link is told so in words, while programs get JSON. */
import type { MiddlewareHandler } from "hono"
import { ErrorPage } from "../../../views/layout/ErrorPage.tsx"
import type { Access } from "../access/auth.ts"
import { isPage } from "../access/gate.ts"
import { frameOf } from "./frame.ts"

interface ProblemText {
  readonly title: string
  readonly detail: string
  readonly errors?: ReadonlyArray<{ readonly path: string; readonly message: string }>
}

/**
 * Answers with pages where HTML is accepted by name, as browsers do for pages; scripts, pictures, streams, htmx and
 * programs do not.
 */
export const problemPages =
  (access: Access): MiddlewareHandler =>
  async (c, next) => {
    await next()
    const { res } = c
    if (
      !isPage(c.req.path) ||
      c.req.header("hx-request") === "true" ||
      !/text\/html/.test(c.req.header("accept") ?? "")
    )
      return
    if (!(res.headers.get("content-type") ?? "").startsWith("application/problem+json")) return
    const { detail, errors = [], title } = (await res.json()) as ProblemText
    const lines = errors.map(({ message, path }) => `${path} ${message}`)
    const sentence = `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`
    const page = (
      <ErrorPage frame={frameOf(c, { access })} status={res.status} title={title} detail={sentence} errors={lines} />
    )
    const headers = new Headers(res.headers)
    headers.set("Content-Type", "text/html; charset=UTF-8")
    headers.delete("Content-Length")
    // Otherwise the headers of the answer that it replaces would override these.
    c.res = undefined
    c.res = new Response(String(page), { status: res.status, headers })
  }
