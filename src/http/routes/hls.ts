/**
 * HLS for players: playlists and segments of enabled outputs that write to a directory of this machine. Served without
 * the API key, which players cannot send, and to pages of any site.
 */

import { constants } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import type { Context, Hono } from "hono"
import { methods } from "../request/methods.ts"
import { makeProblem, Refused } from "../request/problem.ts"
import type { AppServices } from "../services/services.ts"

const PLAYLIST = "application/vnd.apple.mpegurl"
const SEGMENT = "video/mp2t"
/** Plain names alone: no separators, no leading dot, no two dots in a row. */
const NAME = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.(m3u8|ts)$/
const MAX_NAME = 128
/** In bytes; what a slow reader holds of a file. */
const CHUNK = 65_536

interface Served {
  readonly file: FileHandle
  readonly size: number
  readonly headers: Readonly<Record<string, string>>
  readonly etag: string
}

const noFile = (name: string) =>
  new Refused({
    problem: makeProblem(
      "not-found",
      `there is no ${JSON.stringify(name.slice(0, MAX_NAME))} here: playlists end in .m3u8, segments in .ts`,
    ),
  })

const openFile = (directory: string, name: string): Effect.Effect<Served, Refused> =>
  Effect.tryPromise({
    try: async () => {
      const file = await open(join(directory, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
      const stat = await file.stat().catch(async (error: unknown) => {
        await file.close()
        throw error
      })
      if (!stat.isFile()) {
        await file.close()
        throw new Error("not a file")
      }
      const isPlaylist = name.endsWith(".m3u8")
      const etag = `"${stat.size.toString(36)}-${Math.round(stat.mtimeMs * 1000).toString(36)}-${stat.ino.toString(36)}"`
      const headers = {
        "Content-Type": isPlaylist ? PLAYLIST : SEGMENT,
        // A segment never changes under its name; a playlist is asked for again each time.
        "Cache-Control": isPlaylist ? "no-cache" : "public, max-age=86400, immutable",
        ETag: etag,
        "Last-Modified": stat.mtime.toUTCString(),
      }
      return { file, size: stat.size, headers, etag }
    },
    catch: () => noFile(name),
  })

/**
 * The file as it was when it was opened, piece by piece as the reader takes it; closed at its end, or when the
 * reader goes.
 */
const streamOf = (file: FileHandle, size: number): ReadableStream<Uint8Array> => {
  let position = 0
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const left = Math.min(CHUNK, size - position)
        const { buffer, bytesRead } = await file.read(new Uint8Array(left), 0, left, position)
        position += bytesRead
        if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead))
        if (bytesRead > 0 && position < size) return
        await file.close()
        // Cut off under the reader: better a broken transfer than a short one that looks whole.
        if (position < size) controller.error(new Error("the file became shorter"))
        else controller.close()
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 0 },
  )
}

const answer = async (c: Context, { etag, file, headers, size }: Served): Promise<Response> => {
  if (c.req.header("if-none-match") === etag) {
    await file.close()
    return c.body(null, 304, headers)
  }
  const whole = { ...headers, "Content-Length": String(size) }
  if (c.req.method === "HEAD" || size === 0) {
    await file.close()
    return c.body(null, 200, whole)
  }
  return c.body(streamOf(file, size), 200, whole)
}

export const hlsRoutes = (app: Hono, { hlsFiles, runner }: Pick<AppServices, "hlsFiles" | "runner">): void => {
  app.use("/hls/*", async (c, next) => {
    await next()
    c.header("Access-Control-Allow-Origin", "*")
    c.header("Access-Control-Expose-Headers", "Content-Length, ETag, Last-Modified")
    if (c.req.method !== "OPTIONS") return
    c.header("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
    c.header("Access-Control-Allow-Headers", "Range, If-None-Match")
    c.header("Access-Control-Max-Age", "86400")
  })
  const serve = (c: Context, channel: string, output: string | null, name: string) =>
    runner.run(
      c,
      Effect.gen(function* () {
        if (name.length > MAX_NAME || !NAME.test(name)) return yield* noFile(name)
        return yield* openFile(yield* hlsFiles.directory(channel, output), name)
      }),
      (served) => answer(c, served),
    )
  methods(app, "/hls/:id/:file", { GET: (c) => serve(c, c.req.param("id"), null, c.req.param("file")) })
  methods(app, "/hls/:id/:output/:file", {
    GET: (c) => serve(c, c.req.param("id"), c.req.param("output"), c.req.param("file")),
  })
}
