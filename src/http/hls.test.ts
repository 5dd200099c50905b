import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { NotFound } from "../effects/model/Errors.ts"
import { makeTestApp, problemBody, withKey } from "./testing/test-app.ts"

let directory = ""
const segment = new Uint8Array(200_000).map((_, i) => i % 251)
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "hls-"))
  writeFileSync(join(directory, "index.m3u8"), "#EXTM3U\n")
  writeFileSync(join(directory, "1700000000-1.ts"), segment)
  writeFileSync(join(directory, "empty.ts"), "")
  writeFileSync(join(directory, "secret.txt"), "no")
  writeFileSync(join(directory, "part.ts.tmp"), "no")
  writeFileSync(join(directory, "..hidden.ts"), "no")
  mkdirSync(join(directory, "dir.ts"))
  symlinkSync("/etc/passwd", join(directory, "link.ts"))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const app = () =>
  makeTestApp({
    settings: withKey("k"),
    over: {
      hlsFiles: {
        directory: (ref, output) =>
          ref === "news" && (output === null || output === "web")
            ? Effect.succeed(directory)
            : new NotFound({ kind: "output", ref: output ?? "of HLS" }),
      },
    },
  })
const get = (path: string, headers = {}, method = "GET") => app().call(method, path, undefined, headers)

describe("/hls", () => {
  it.each(["/hls/news/index.m3u8", "/hls/news/web/index.m3u8"])(
    "serves the playlist at %s without a key, to any page",
    async (path) => {
      const response = await get(path)
      expect([response.status, await response.text()]).toEqual([200, "#EXTM3U\n"])
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "content-type": "application/vnd.apple.mpegurl",
        "cache-control": "no-cache",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
        "content-length": "8",
      })
    },
  )

  it("serves segments whole, to be kept for a day, and 304 to who has them", async () => {
    const response = await get("/hls/news/web/1700000000-1.ts")
    expect(response.headers.get("content-type")).toBe("video/mp2t")
    expect(response.headers.get("cache-control")).toMatch(/max-age=86400/)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(segment)
    const etag = response.headers.get("etag") ?? ""
    const known = await get("/hls/news/web/1700000000-1.ts", { "If-None-Match": etag })
    expect([known.status, await known.text(), known.headers.get("access-control-allow-origin")]).toEqual([304, "", "*"])
    expect(await (await get("/hls/news/web/empty.ts")).text()).toBe("")
  })

  it("answers HEAD and OPTIONS, and no other method", async () => {
    const head = await get("/hls/news/1700000000-1.ts", {}, "HEAD")
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "200000", ""])
    const options = await get("/hls/news/1700000000-1.ts", { Origin: "https://player.example" }, "OPTIONS")
    expect([options.status, options.headers.get("access-control-allow-methods")]).toEqual([204, "GET, HEAD, OPTIONS"])
    expect((await get("/hls/news/index.m3u8", {}, "DELETE")).status).toBe(405)
  })

  it("gives up a segment whose reader went", async () => {
    const response = await get("/hls/news/web/1700000000-1.ts")
    const reader = response.body?.getReader()
    expect((await reader?.read())?.value?.length).toBe(65_536)
    await reader?.cancel()
  })

  it.each([
    "/hls/news/web/none.ts",
    "/hls/news/web/secret.txt",
    "/hls/news/web/part.ts.tmp",
    "/hls/news/web/..hidden.ts",
    "/hls/news/web/.ts",
    "/hls/news/web/dir.ts",
    "/hls/news/web/link.ts",
    "/hls/news/web/%2e%2e%2findex.m3u8",
    "/hls/news/web/..%2f..%2fetc%2fpasswd.ts",
    "/hls/news/web/a%00.ts",
    "/hls/news/web/index.m3u8%0a",
    "/hls/news/web/index.M3U8",
    `/hls/news/web/${"x".repeat(200)}.ts`,
    "/hls/news/other/index.m3u8",
    "/hls/sport/index.m3u8",
    "/hls/news/web/sub/index.m3u8",
  ])("has nothing at %s", async (path) => {
    const response = await get(path)
    expect(response.status).toBe(404)
    expect((await problemBody(response)).type).toBe("urn:stream-distributor:problem:not-found")
  })

  it("leads nobody to the rest without a key", async () => {
    expect((await get("/hls/../api/channels")).status).toBe(401)
    expect((await get("/hlsx")).status).not.toBe(200)
  })
})
