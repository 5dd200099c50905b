import { afterEach, describe, expect, it } from "vitest"
import type { ChannelView } from "../effects/model/channel.ts"
import type { BulkResult } from "./routes/bulk.ts"
import { makeRealApps, type RealApp } from "./testing/real-app.ts"
import type { ProblemBody } from "./testing/test-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

const outputs = [
  { name: "CDN", url: "srt://192.0.2.1:9000?passphrase=0123456789" },
  { name: "Local", url: "srt://:9100?mode=listener" },
  { name: "Off", url: "udp://192.0.2.1:9001", enabled: false },
]
const start = async (...ports: ReadonlyArray<number>) => {
  const app = await apps.start()
  for (const [index, rtp_port] of ports.entries()) {
    await app.call("POST", "/api/channels", {
      name: `Channel ${index + 1}`,
      rtp_port,
      outputs: index === 0 ? outputs : [outputs[2]],
    })
  }
  return app
}
const bulk = (app: RealApp, action: string, channels: ReadonlyArray<string>) =>
  app.call<{ results: BulkResult[] } & ProblemBody>("POST", "/api/channels/bulk", { action, channels })
const channels = async (app: RealApp) =>
  (await app.call<{ channels: ChannelView[] }>("GET", "/api/channels")).body.channels
const clone = (app: RealApp, ref: string, body: unknown) =>
  app.call<ChannelView & Pick<ProblemBody, "errors"> & { left_out: Array<{ output: string; reason: string }> }>(
    "POST",
    `/api/channels/${ref}/clone`,
    body,
  )

describe("POST /api/channels/bulk", () => {
  it("starts, stops and deletes what it finds, and says of each what came of it", async () => {
    const app = await start(5000, 5002, 5004)
    const [, second] = await channels(app)
    const started = await bulk(app, "start", ["channel-1", second?.id ?? "", "nobody", "3"])
    expect(started.status).toBe(200)
    expect(started.body.results).toEqual([
      { channel: "channel-1", ok: true, error: null },
      { channel: second?.id, ok: true, error: null },
      { channel: "nobody", ok: false, error: { status: 404, message: 'there is no channel "nobody"' } },
      { channel: "3", ok: true, error: null },
    ])
    expect((await channels(app)).map(({ status }) => status === "stopped")).toEqual([false, false, false])
    await bulk(app, "stop", ["1", "2"])
    expect((await channels(app)).map(({ status }) => status === "stopped")).toEqual([true, true, false])
    const deleted = await bulk(app, "delete", ["1", "1", "channel-3"])
    expect(deleted.body.results.map(({ ok }) => ok)).toEqual([true, false, true])
    expect((await channels(app)).map(({ slug }) => slug)).toEqual(["channel-2"])
  })

  it("switches outputs on and off", async () => {
    const app = await start(5000, 5002)
    const enabled = async () => (await channels(app)).map((channel) => channel.outputs.map((output) => output.enabled))
    await bulk(app, "disable_outputs", ["channel-1", "channel-2"])
    expect(await enabled()).toEqual([[false, false, false], [false]])
    await bulk(app, "enable_outputs", ["channel-1"])
    expect(await enabled()).toEqual([[true, true, true], [false]])
  })

  it.each([
    [{ action: "explode", channels: ["1"] }, "action"],
    [{ action: "start", channels: [] }, "channels"],
    [{ action: "start", channels: [1] }, "channels[0]"],
    [{ action: "start" }, "channels"],
    [{ action: "start", channels: ["1"], force: true }, "force"],
  ])("refuses %j", async (body, path) => {
    const app = await apps.start()
    const answer = await app.call<ProblemBody>("POST", "/api/channels/bulk", body)
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, path])
  })

  it("leaves a channel of that name alone", async () => {
    const app = await apps.start()
    await app.call("POST", "/api/channels", { name: "bulk", rtp_port: 5000 })
    expect((await app.call("GET", "/api/channels/bulk")).status).toBe(200)
    expect((await app.call("PUT", "/api/channels/bulk", { name: "Other" })).status).toBe(200)
  })
})

describe("POST /api/channels/{id}/clone", () => {
  it("takes the next free port, and disabled copies of what can be there twice", async () => {
    const app = await start(5000, 5002)
    await app.call("PUT", "/api/channels/1", {
      input: { reorder_ms: 7 },
      backup_rtp_ip: "0.0.0.0",
      backup_rtp_port: 5010,
      autostart: true,
    })
    const answer = await clone(app, "channel-1", { name: "Second" })
    expect(answer.status).toBe(201)
    expect(answer.headers.get("location")).toBe(`/api/channels/${answer.body.id}`)
    expect(answer.body).toMatchObject({
      slug: "second",
      name: "Second",
      status: "stopped",
      autostart: false,
      rtp_port: 5004,
      backup_rtp_port: 5014,
    })
    expect(answer.body.input.reorder_ms).toBe(7)
    expect(answer.body.outputs.map(({ enabled, slug, url }) => [slug, enabled, url])).toEqual([
      ["cdn", false, "srt://192.0.2.1:9000?passphrase=***"],
      ["off", false, "udp://192.0.2.1:9001"],
    ])
    expect(answer.body.left_out).toEqual([
      { output: "local", reason: 'UDP port 9100 is already used by output "Local" of channel "Channel 1"' },
    ])
    const whole = (await app.call("GET", "/api/config?secrets=1")).text
    expect(whole.match(/passphrase=0123456789/g)?.length).toBe(2)
    await app.stop()
    const again = await apps.start({ dataDir: app.dataDir })
    expect((await again.call("GET", "/api/config?secrets=1")).text).toBe(whole)
  })

  it("moves the backup with a port that is asked for", async () => {
    const app = await start(5000)
    await app.call("PUT", "/api/channels/1", { backup_rtp_ip: "0.0.0.0", backup_rtp_port: 5010 })
    expect((await clone(app, "1", { name: "B", rtp_port: 6000 })).body).toMatchObject({
      rtp_port: 6000,
      backup_rtp_port: 6010,
    })
    const beyond = await clone(app, "1", { name: "C", rtp_port: 65_530 })
    expect([beyond.status, beyond.body.errors?.[0]?.path]).toEqual([400, "rtp_port"])
  })

  it.each([
    [{ name: "B", rtp_port: 5002 }, 409, "rtp_port"],
    [{ name: "B", rtp_port: 9100 }, 409, "rtp_port"],
    [{ rtp_port: 6000 }, 400, "name"],
    [{ name: "B", rtp_port: 0 }, 400, "rtp_port"],
    [{ name: "B", url: "x" }, 400, "url"],
  ])("refuses %j", async (body, status, path) => {
    const app = await start(5000, 5002)
    const answer = await clone(app, "1", body)
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([status, path])
    expect((await channels(app)).length).toBe(2)
  })

  it("knows no channel that is not there", async () => {
    expect((await clone(await apps.start(), "nobody", { name: "B" })).status).toBe(404)
  })
})
