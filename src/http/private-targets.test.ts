/** ALLOW_PRIVATE_TARGETS=off: a setting that names a private address is refused where it is entered, with its field. */
import { afterEach, describe, expect, it } from "vitest"
import type { ChannelView } from "../effects/model/channel.ts"
import type { FakeEngine } from "../effects/testing/FakeEngine.ts"
import { makeRealApps } from "./testing/real-app.ts"
import type { ProblemBody } from "./testing/test-app.ts"

const { start, stopAll } = makeRealApps()
afterEach(stopAll)

const s3 = { s3_endpoint: "http://127.0.0.1:9000", s3_access_key_id: "a", s3_secret_access_key: "b" }
const CASES: ReadonlyArray<readonly [string, Record<string, unknown>, string]> = [
  ["srt", { url: "srt://127.0.0.1:9000" }, "url"],
  [
    "srt, its backup",
    { url: "srt://203.0.113.5:9000", settings: { backup_url: "srt://10.0.0.7:9000" } },
    "settings.backup_url",
  ],
  ["udp", { url: "udp://192.168.1.7:9000" }, "url"],
  ["rtp", { url: "rtp://10.0.0.1:9000" }, "url"],
  ["rtmp", { url: "rtmp://[::1]/app/S3CRET" }, "url"],
  ["rtmps", { url: "rtmps://localhost/app/S3CRET" }, "url"],
  ["rtsp", { url: "rtsp://[fd00::1]/live" }, "url"],
  ["https", { url: "https://169.254.169.254/latest/index.m3u8" }, "url"],
  [
    "s3 in hexadecimal",
    { url: "s3://bucket/p", settings: { ...s3, s3_endpoint: "http://0x7f.1:9000" } },
    "settings.s3_endpoint",
  ],
  [
    "s3 in decimal",
    { url: "s3://bucket/p", settings: { ...s3, s3_endpoint: "http://2130706433:9000" } },
    "settings.s3_endpoint",
  ],
  ["s3", { url: "s3://bucket/p", settings: s3 }, "settings.s3_endpoint"],
]
const FREE: ReadonlyArray<readonly [string, Record<string, unknown>]> = [
  ["a public address", { url: "srt://203.0.113.5:9000" }],
  [
    "a public address with a public backup",
    { url: "srt://203.0.113.5:9000", settings: { backup_url: "srt://203.0.113.6:9000" } },
  ],
  ["a name, which the engine looks at", { url: "srt://far.example:9000" }],
  ["a listener", { url: "srt://127.0.0.1:9000?mode=listener" }],
  ["multicast", { url: "udp://239.1.1.1:5000" }],
  ["a directory", { url: "hls://one" }],
]
const opened = ({ sent }: FakeEngine) =>
  sent.flatMap((command) => (command.cmd === "open_output" ? [command.output] : []))
const channel = { name: "One", rtp_port: 5000 }

describe("with ALLOW_PRIVATE_TARGETS=off", () => {
  it("refuses private literals in every request that names a destination, and changes nothing", async () => {
    const { call } = await start({ config: { allowPrivateTargets: false } })
    const { id } = (await call<ChannelView>("POST", "/api/channels", channel)).body
    for (const [name, output, field] of CASES) {
      const at = (path: string) => [
        expect.objectContaining({ path, message: expect.stringContaining("ALLOW_PRIVATE_TARGETS=off") }),
      ]
      const refused = async (method: string, path: string, body: unknown, where: string) => {
        const answer = await call<ProblemBody>(method, path, body)
        expect([name, path, answer.status, answer.body.errors]).toEqual([name, path, 400, at(where)])
        expect(answer.text).not.toContain("S3CRET")
      }
      await refused("POST", `/api/channels/${id}/outputs`, output, field)
      await refused("POST", "/api/outputs/test", output, field)
      await refused(
        "POST",
        "/api/channels",
        { name: "Two", rtp_port: 5010, outputs: [FREE[0]?.[1], output] },
        `outputs[1].${field}`,
      )
      const document = { version: 1, channels: [{ ...channel, slug: "one", outputs: [{ slug: "a", ...output }] }] }
      await refused("PUT", "/api/config", document, `channels[0].outputs[0].${field}`)
    }
    const { channels } = (await call<{ channels: ReadonlyArray<ChannelView> }>("GET", "/api/channels")).body
    expect(channels.map(({ name, outputs }) => [name, outputs.length])).toEqual([["One", 0]])
  })

  it("takes what is none, and refuses to change it into one", async () => {
    const { call } = await start({ config: { allowPrivateTargets: false } })
    const { id } = (await call<ChannelView>("POST", "/api/channels", channel)).body
    for (const [name, output] of FREE) {
      const { status } = await call("POST", `/api/channels/${id}/outputs`, output)
      expect([name, status]).toEqual([name, 201])
    }
    const { status } = await call("PUT", `/api/channels/${id}/outputs/srt-1`, { url: "srt://127.0.0.1:1" })
    expect(status).toBe(400)
  })

  it("lets one that was stored before be renamed and stopped, and has the engine refuse it", async () => {
    const before = await start()
    const { id } = (
      await before.call<ChannelView>("POST", "/api/channels", {
        ...channel,
        outputs: [{ url: "srt://127.0.0.1:9000" }],
      })
    ).body
    await before.call("POST", `/api/channels/${id}/start`)
    expect(opened(before.engine).map(({ public_only }) => public_only)).toEqual([undefined])
    await before.stop()
    const { call, engine } = await start({ dataDir: before.dataDir, config: { allowPrivateTargets: false } })
    await call("POST", `/api/channels/${id}/start`)
    expect(opened(engine).map(({ public_only }) => public_only)).toEqual([true])
    expect((await call("PUT", `/api/channels/${id}/outputs/srt-1`, { name: "Old" })).status).toBe(200)
    expect((await call("POST", `/api/channels/${id}/outputs/srt-1/stop`)).status).toBe(200)
  })
})

it("takes them all without it", async () => {
  const { call } = await start()
  const { id } = (await call<ChannelView>("POST", "/api/channels", channel)).body
  for (const [name, output] of CASES) {
    const { status } = await call("POST", `/api/channels/${id}/outputs`, output)
    expect([name, status]).toEqual([name, 201])
  }
})
