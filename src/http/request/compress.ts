/** Compresses pages for browsers that accept it; event streams, media and small answers stay as they are. */
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import type { Context, MiddlewareHandler } from "hono"

const pack = promisify(gzip)
/** Smallest page that is compressed, in bytes; less fits into one packet anyway. */
const MIN_BYTES = 1400

/** True when the client has asked for gzip, and not with `q=0`. */
export const takesGzip = (c: Context): boolean =>
  (c.req.header("accept-encoding") ?? "")
    .split(",")
    .some((one) => /^\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(one))

/** Compresses HTML, off the main thread. */
export const compressPages: MiddlewareHandler = async (c, next) => {
  await next()
  if (!c.res.headers.get("content-type")?.startsWith("text/html") || c.res.headers.has("content-encoding")) return
  c.res.headers.append("Vary", "Accept-Encoding")
  if (!takesGzip(c) || c.req.method === "HEAD") return
  const plain = new Uint8Array(await c.res.arrayBuffer())
  const isSmall = plain.byteLength < MIN_BYTES
  const body = isSmall ? plain : await pack(plain)
  const headers = new Headers(c.res.headers)
  if (!isSmall) headers.set("Content-Encoding", "gzip")
  headers.delete("Content-Length")
  c.res = new Response(body, { status: c.res.status, headers })
}
