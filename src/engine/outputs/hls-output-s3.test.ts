import { createHash } from "node:crypto"
import { mkdirSync } from "node:fs"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { analyseStrictly } from "../../../test/strict-analyser.ts"
import { readPlaylist } from "../../core/hls/playlist.ts"
import type { HlsTarget } from "../../core/output/output-url.ts"
import { BITRATE, PROGRAMME, SETTINGS, useHlsStage } from "./uploads/testing/hls-stage.ts"
import { S3_KEY, startS3 } from "./uploads/testing/s3-server.ts"

const { stage, place, start, stop, idle } = useHlsStage()

describe("uploads to S3, a real server of its interface", () => {
  const keys = { s3_access_key_id: S3_KEY, s3_secret_access_key: S3_KEY }
  const target: HlsTarget = { protocol: "hls", kind: "s3", bucket: "media", prefix: "live/my channel" }
  let server: Awaited<ReturnType<typeof startS3>>
  let endpoint: string
  beforeEach(async () => {
    mkdirSync(place("s3"))
    server = await startS3(place("s3"), "media")
    endpoint = server.endpoint
  })
  afterEach(() => server.close())

  it("puts segments and playlist under the prefix, with their types", async () => {
    const output = start(target, { ...SETTINGS, ...keys, s3_endpoint: endpoint })
    await stage().play(PROGRAMME, BITRATE)
    await idle(output, 13)
    expect(output.stats()).toMatchObject({ state: "connected", send_errors: 0, last_send_error: null })
    await stop(output)
    const fetched = async (name: string) => {
      const answer = await fetch(`${endpoint}/media/live/my%20channel/${name}`)
      const bytes = Buffer.from(await answer.arrayBuffer())
      return { bytes, type: answer.headers.get("content-type"), md5: answer.headers.get("etag")?.replaceAll('"', "") }
    }
    // s3rver answers a PUT before it has written the object, and cuts off who reads it meanwhile; its ETag is the MD5
    // of what it was sent.
    const get = async (name: string) => {
      for (;;) {
        const object = await fetched(name).catch(() => null)
        if (object !== null && object.md5 === createHash("md5").update(object.bytes).digest("hex")) return object
      }
    }
    const list = await get("index.m3u8")
    expect(list.type).toBe("application/vnd.apple.mpegurl")
    const read = readPlaylist(list.bytes.toString())
    expect(read?.segments.length).toBeGreaterThanOrEqual(6)
    const media = await Promise.all((read?.segments ?? []).map(async ({ name }) => (await get(name)).bytes))
    expect(analyseStrictly(Buffer.concat(media)).violations).toEqual([])
  })

  it.each([
    [
      "a key that nobody knows",
      { s3_access_key_id: "wrong" },
      "media",
      "http_403",
      /HTTP 403 Forbidden; .*InvalidAccessKeyId/,
    ],
    ["a bucket that is not there", {}, "nowhere", "http_404", /HTTP 404 Not Found; .*NoSuchBucket/],
    ["an endpoint that is none", { s3_endpoint: "minio" }, "media", "s3_endpoint", /must be the URL of a server/],
  ])("%s ends the session for good, in the server's words", async (_, settings, bucket, code, message) => {
    const output = start({ ...target, bucket }, { ...SETTINGS, ...keys, s3_endpoint: endpoint, ...settings })
    await stage().play(PROGRAMME.subarray(0, 188 * 8000), BITRATE)
    await stage().until("ended", () => output.state === "ended")
    expect(output.reason).toMatchObject({ code, message: expect.stringMatching(message), transient: false })
    expect(JSON.stringify(output.stats())).not.toContain(`"${S3_KEY}"`)
  })
})
