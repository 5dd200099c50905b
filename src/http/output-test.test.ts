import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { OutputInput } from "../effects/config/request-bodies.ts"
import { EngineUnavailable, InvalidInput } from "../effects/model/Errors.ts"
import { fakeTest } from "./testing/fake-views.ts"
import { makeTestApp, problemBody } from "./testing/test-app.ts"

describe("POST /api/outputs/test", () => {
  it("takes the body of an output and answers with what came of it", async () => {
    const asked: OutputInput[] = []
    const failed = {
      ...fakeTest,
      ok: false,
      error: { code: "rtmp_badname", message: "the key is in use", transient: true },
    }
    const { call } = makeTestApp({
      over: {
        dryRuns: {
          ofNew: (input) =>
            Effect.as(
              Effect.sync(() => asked.push(input)),
              failed,
            ),
        },
      },
    })
    const body = { preset: "youtube", stream_key: "KEY", settings: { verify_tls: false } }
    const response = await call("POST", "/api/outputs/test", body)
    expect([response.status, await response.json()]).toEqual([200, failed])
    expect(asked).toEqual([body])
  })

  it("refuses what is no output, and names no secret", async () => {
    const { call } = makeTestApp()
    const response = await call("POST", "/api/outputs/test", {
      url: 7,
      stream_key: 123456,
      settings: { s3_secret_access_key: 98765, keep_gb: "much" },
      x: 1,
    })
    expect(response.status).toBe(400)
    const { detail, errors } = await problemBody(response)
    expect(errors?.map(({ path }) => path).sort()).toEqual([
      "settings.keep_gb",
      "settings.s3_secret_access_key",
      "stream_key",
      "url",
      "x",
    ])
    expect(detail).not.toMatch(/123456|98765/)
    expect((await call("GET", "/api/outputs/test")).status).toBe(405)
  })

  it("tells what the control plane refuses, and that the engine is away", async () => {
    const bad = new InvalidInput({ errors: [{ path: "url", message: "is required, or a preset" }] })
    const refusing = makeTestApp({ over: { dryRuns: { ofNew: () => bad } } })
    expect((await refusing.call("POST", "/api/outputs/test", {})).status).toBe(400)
    const away = makeTestApp({
      over: { dryRuns: { ofNew: () => new EngineUnavailable({ reason: "it is starting" }) } },
    })
    expect((await away.call("POST", "/api/outputs/test", { url: "srt://h:1" })).status).toBe(503)
  })

  it("works for an output that there is", async () => {
    const { call } = makeTestApp()
    await call("POST", "/api/channels", {
      name: "A",
      rtp_port: 5000,
      outputs: [{ name: "out", url: "rtmp://h/a", stream_key: "KEY" }],
    })
    const response = await call("POST", "/api/channels/a/outputs/out/test")
    expect([response.status, await response.json()]).toEqual([200, fakeTest])
    expect((await call("POST", "/api/channels/a/outputs/none/test")).status).toBe(404)
  })
})

describe("GET /api/presets", () => {
  it("has every destination with its limits", async () => {
    const response = await makeTestApp().call("GET", "/api/presets")
    const { presets } = (await response.json()) as { presets: ReadonlyArray<Record<string, unknown>> }
    expect(presets.find(({ name }) => name === "facebook")).toMatchObject({
      protocol: "rtmp",
      url: "rtmps://live-api-s.facebook.com:443/rtmp/",
      limits: { max_video_bitrate: 9_000_000, max_audio_bitrate: 128_000, needs_audio: true },
    })
  })
})
