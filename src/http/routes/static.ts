/** The two files the pages need, read once at start: our stylesheet and htmx from its package. */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { Hono } from "hono"
import { methods } from "../methods.ts"

const files = (): ReadonlyMap<string, { readonly type: string; readonly bytes: Buffer<ArrayBuffer>; readonly etag: string }> => {
  const htmx = createRequire(import.meta.url).resolve("htmx.org/dist/htmx.min.js")
  const load = (path: string | URL, type: string) => {
    const bytes = readFileSync(path)
    return { type, bytes, etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"` }
  }
  return new Map([
    ["htmx.js", load(htmx, "text/javascript; charset=utf-8")],
    ["style.css", load(new URL("../../../views/style.css", import.meta.url), "text/css; charset=utf-8")],
  ])
}

export const staticRoutes = (app: Hono): void => {
  const known = files()
  for (const [name, { type, bytes, etag }] of known) {
    methods(app, `/static/${name}`, {
      GET: (c) => {
        // Asked for again with each page, answered with 304: an upgrade shows at once.
        const headers = { ETag: etag, "Cache-Control": "no-cache" }
        return c.req.header("if-none-match") === etag
          ? c.body(null, 304, headers)
          : c.body(bytes, 200, { ...headers, "Content-Type": type })
      },
    })
  }
}
