/** Files that pages need, read once at the start: our stylesheets and scripts, and those of packages. */
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { gzipSync } from "node:zlib"
import type { Hono } from "hono"
import { takesGzip } from "../request/compress.ts"
import { methods } from "../request/methods.ts"

const CSS = "text/css; charset=utf-8"
const SCRIPT = "text/javascript; charset=utf-8"

/**
 * Files of npm packages and their types, by name below `/static/`. htmx and its extension are joined: as two deferred
 * scripts the first may process the page before the second has loaded, and event streams are then never opened.
 */
const OF_PACKAGES: ReadonlyArray<readonly [name: string, files: ReadonlyArray<string>, type: string]> = [
  ["htmx.js", ["htmx.org/dist/htmx.min.js", "htmx.org/dist/ext/hx-sse.min.js"], SCRIPT],
  ["mpegts.js", ["mpegts.js/dist/mpegts.js"], SCRIPT],
  ["uplot.js", ["uplot/dist/uPlot.iife.min.js"], SCRIPT],
  ["uplot.css", ["uplot/dist/uPlot.min.css"], CSS],
]

/** Types of other files of `views/assets`: what makes the pages installable, and the page for when they are offline. */
const OTHER_TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  png: "image/png",
  svg: "image/svg+xml",
  webmanifest: "application/manifest+json",
}
/** The script that serves while the service is away is for all pages, although it lies below `/static/`. */
const WORKER = "sw.js"

const ASSETS = new URL("../../../views/assets/", import.meta.url)

interface StaticFile {
  readonly type: string
  readonly bytes: Buffer<ArrayBuffer>
  readonly gzip: Buffer<ArrayBuffer>
  readonly etag: string
}

/** Joins scripts with line ends, since minified ones need not end with one. */
const joined = (parts: ReadonlyArray<Buffer>) => Buffer.concat(parts.flatMap((part) => [part, Buffer.from("\n")]))

/** Files by name: all stylesheets of `views/assets` joined into one, base.css first; every other file by itself. */
const files = (): ReadonlyMap<string, StaticFile> => {
  const require = createRequire(import.meta.url)
  const file = (bytes: Buffer<ArrayBuffer>, type: string): StaticFile => ({
    bytes,
    gzip: gzipSync(bytes),
    type,
    etag: `W/"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
  })
  const names = readdirSync(ASSETS).sort(
    (a, b) => Number(b === "base.css") - Number(a === "base.css") || a.localeCompare(b),
  )
  const styles = names.filter((name) => name.endsWith(".css")).map((name) => readFileSync(new URL(name, ASSETS)))
  const scripts = names.filter((name) => name.endsWith(".js"))
  const others = names.flatMap((name) => {
    const type = OTHER_TYPES[name.slice(name.lastIndexOf(".") + 1)]
    return type === undefined ? [] : [[name, file(readFileSync(new URL(name, ASSETS)), type)] as const]
  })
  return new Map([
    ["style.css", file(Buffer.concat(styles), CSS)],
    ...scripts.map((name) => [name, file(readFileSync(new URL(name, ASSETS)), SCRIPT)] as const),
    ...others,
    ...OF_PACKAGES.map(
      ([name, paths, type]) =>
        [name, file(joined(paths.map((path) => readFileSync(require.resolve(path)))), type)] as const,
    ),
  ])
}

export const staticRoutes = (app: Hono): void => {
  for (const [name, { type, bytes, etag, gzip }] of files()) {
    methods(app, `/static/${name}`, {
      GET: (c) => {
        // Browsers ask again with each page and get a 304, so an upgrade shows at once.
        const headers = {
          ETag: etag,
          "Cache-Control": "no-cache",
          Vary: "Accept-Encoding",
          ...(name === WORKER ? { "Service-Worker-Allowed": "/" } : {}),
        }
        if (c.req.header("if-none-match") === etag) return c.body(null, 304, headers)
        const packed = takesGzip(c) ? { "Content-Encoding": "gzip" } : null
        return c.body(packed === null ? bytes : gzip, 200, { ...headers, ...packed, "Content-Type": type })
      },
    })
  }
}
