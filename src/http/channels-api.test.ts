import { afterEach, describe, expect, it } from "vitest"
import type { ChannelView, OutputView } from "../effects/model/channel.ts"
import { makeRealApps } from "./testing/real-app.ts"
import { withKey } from "./testing/test-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

const CHANNEL = {
  name: "New Channel",
  rtp_ip: "192.168.1.100",
  rtp_port: 5000,
  backup_rtp_ip: "192.168.1.101",
  backup_rtp_port: 5001,
  outputs: [],
}
const OUTPUT = { name: "Output 1", protocol: "srt", url: "srt://destination:9000?streamid=publish" }

/** Every URL example of documents 000 and 003, and what must be understood from it. */
const URLS: ReadonlyArray<[protocol: string, url: string, options: Record<string, unknown>, shown?: string]> = [
  ["srt", "srt://destination.com:9000?streamid=publish/mystream", { mode: "caller", stream_id: "publish/mystream" }],
  ["srt", "srt://10.0.0.50:9000?mode=caller", { mode: "caller" }],
  ["srt", "srt://destination:9000?streamid=publish", { stream_id: "publish" }],
  ["srt", "srt://cdn.example.com:9000?streamid=publish/stream1", { stream_id: "publish/stream1" }],
  ["srt", "srt://10.0.0.50:9000?latency=2000", { latency_ms: 2000 }],
  ["rtmp", "rtmp://destination.com/live/streamkey", { app: "live", port: 1935 }, "rtmp://destination.com/live/***"],
  ["rtmp", "rtmp://10.0.0.50:1935/app/mystream", { app: "app" }, "rtmp://10.0.0.50:1935/app/***"],
  ["rtmp", "rtmp://cdn.example.com/live/streamkey", { host: "cdn.example.com" }, "rtmp://cdn.example.com/live/***"],
  ["rtmp", "rtmp://a.rtmp.youtube.com/live2/YOUR_STREAM_KEY", { app: "live2" }, "rtmp://a.rtmp.youtube.com/live2/***"],
  [
    "rtmp",
    "rtmps://live-api-s.facebook.com:443/rtmp/YOUR_KEY",
    { tls: true, port: 443 },
    "rtmps://live-api-s.facebook.com:443/rtmp/***",
  ],
]

describe("/api/channels and channels.json", () => {
  it("creates, shows, lists, starts, stops and deletes a channel as written", async () => {
    const { call } = await apps.start()
    expect((await call("GET", "/api/channels")).body).toEqual({ channels: [] })
    const created = await call<ChannelView>("POST", "/api/channels", CHANNEL)
    expect(created.status).toBe(201)
    expect(created.body).toMatchObject({ ...CHANNEL, outputs: [], status: "stopped", uptime: 0 })
    const path = `/api/channels/${created.body.id}`
    const listed = await call<{ channels: ReadonlyArray<ChannelView> }>("GET", "/api/channels")
    expect(listed.body.channels).toEqual([created.body])
    const started = await call<ChannelView>("POST", `${path}/start`)
    expect([started.status, started.body.id]).toEqual([200, created.body.id])
    expect(["starting", "running", "error"]).toContain(started.body.status)
    expect((await call("POST", `${path}/start`)).status).toBe(200)
    const stopped = await call("POST", `${path}/stop`)
    expect([stopped.status, stopped.body["status"], stopped.body["uptime"]]).toEqual([200, "stopped", 0])
    expect((await call("POST", `${path}/stop`)).status).toBe(200)
    expect((await call("DELETE", path)).status).toBe(204)
    expect((await call("GET", path)).status).toBe(404)
  })

  it("takes the quick reference's bodies: a channel of three fields, an output of two", async () => {
    const { call } = await apps.start()
    const { body } = await call<ChannelView>("POST", "/api/channels", {
      name: "Main Event",
      rtp_ip: "192.168.1.100",
      rtp_port: 5000,
    })
    const path = `/api/channels/${body.id}/outputs`
    const first = await call<OutputView>("POST", path, { protocol: "srt", url: "srt://destination:9000" })
    expect([first.status, first.body.name, first.body.enabled]).toEqual([201, "SRT 1", true])
    const blank = await call<OutputView>("POST", path, { name: "", protocol: "srt", url: "srt://destination:9001" })
    expect([blank.status, blank.body.name]).toEqual([201, "SRT 2"])
    expect((await call<OutputView>("POST", path, { name: null, protocol: "srt", url: "srt://d:9002" })).body.name).toBe(
      "SRT 3",
    )
  })

  it("adds, changes and removes outputs of a running channel without a word to the others", async () => {
    const { call, engine } = await apps.start()
    const { body: channel } = await call<ChannelView>("POST", "/api/channels", CHANNEL)
    await call("POST", `/api/channels/${channel.id}/start`)
    const path = `/api/channels/${channel.id}/outputs`
    const one = await call<OutputView>("POST", path, OUTPUT)
    expect([one.status, one.body.name, one.body.protocol, one.body.url]).toEqual([
      201,
      OUTPUT.name,
      OUTPUT.protocol,
      OUTPUT.url,
    ])
    expect(engine.log()).toContain(`open_output ${one.body.id}`)
    const two = await call<OutputView>("POST", path, { ...OUTPUT, name: "Output 2" })
    const changed = await call<OutputView>("PUT", `${path}/${two.body.id}`, { url: "srt://destination:9100" })
    expect([changed.status, changed.body.url, changed.body.name]).toEqual([200, "srt://destination:9100", "Output 2"])
    expect((await call("DELETE", `${path}/${two.body.id}`)).status).toBe(204)
    expect(engine.log().filter((line) => line.endsWith(one.body.id))).toEqual([`open_output ${one.body.id}`])
    const left = await call<ChannelView>("GET", `/api/channels/${channel.id}`)
    expect(left.body.outputs.map(({ id }) => id)).toEqual([one.body.id])
    for (const field of ["status", "uptime", "error_count", "last_error"])
      expect(left.body.outputs[0]).toHaveProperty(field)
  })

  it.each(URLS)("understands %s %s", async (protocol, url, options, shown) => {
    const { call } = await apps.start()
    const { body } = await call<ChannelView>("POST", "/api/channels", { name: "URLs", rtp_port: 5000 })
    const added = await call<OutputView>("POST", `/api/channels/${body.id}/outputs`, { protocol, url })
    expect([added.status, added.body.protocol, added.body.url]).toEqual([201, protocol, shown ?? url])
    expect(added.body.options).toMatchObject(options)
  })

  it("says why libsrt cannot use the one example whose passphrase is too short, without repeating it", async () => {
    const { call } = await apps.start()
    const { body } = await call<ChannelView>("POST", "/api/channels", { name: "URLs", rtp_port: 5000 })
    const url = "srt://destination:9000?mode=caller&passphrase=secret"
    const path = `/api/channels/${body.id}/outputs`
    const refused = await call<{ errors: ReadonlyArray<{ path: string; message: string }> }>("POST", path, {
      protocol: "srt",
      url,
    })
    expect([refused.status, refused.body.errors[0]?.path]).toEqual([400, "url"])
    expect(refused.body.errors[0]?.message).toMatch(/10 to 80 bytes long.*has 6/)
    expect(refused.text).not.toContain("secret")
    expect((await call("POST", path, { protocol: "srt", url: `${url}-enough` })).status).toBe(201)
  })

  it("takes 25 channels and says how it is", async () => {
    const { call } = await apps.start()
    for (let n = 0; n < 26; n++)
      expect((await call("POST", "/api/channels", { name: `C${n}`, rtp_port: 5000 + n })).status).toBe(201)
    const health = await call("GET", "/api/health")
    expect([health.status, health.body["status"], health.body["channels"]]).toEqual([
      200,
      "ok",
      { total: 26, running: 0, error: 0 },
    ])
  })

  const FILE = JSON.stringify({
    "channel-uuid": {
      config: { name: "Channel Name", rtp_ip: "192.168.1.100", rtp_port: 5000, outputs: [OUTPUT] },
      created_at: "2025-10-30T12:00:00",
    },
  })

  it("imports config/channels.json at the first start, keeps it, and exports the same bytes each time", async () => {
    const first = await apps.start({ files: { "channels.json": FILE } })
    expect(first.logs.find((line) => line.startsWith("imported"))).toMatch(
      /^imported 1 channels with 1 outputs from .*channels\.json$/,
    )
    const channel = (await first.call<ChannelView>("GET", "/api/channels/channel-uuid")).body
    expect(channel).toMatchObject({
      id: "channel-uuid",
      name: "Channel Name",
      rtp_port: 5000,
      created_at: "2025-10-30T12:00:00.000Z",
    })
    expect(channel.outputs).toMatchObject([OUTPUT])
    const exported = await first.call("GET", "/api/config/channels.json?secrets=true")
    expect((await first.call("GET", "/api/config/channels.json?secrets=1")).text).toBe(exported.text)
    expect((await first.call("GET", "/api/config/channels.json?secrets=perhaps")).status).toBe(400)
    const copy = await apps.start({ files: { "channels.json": exported.text } })
    expect((await copy.call("GET", "/api/config/channels.json?secrets=true")).text).toBe(exported.text)
  })

  it("masks secrets in the export unless asked, and does not import what is masked", async () => {
    const rtmp = { protocol: "rtmp", url: "rtmp://destination.com/live/streamkey" }
    const { call } = await apps.start()
    await call("POST", "/api/channels", {
      name: "A",
      rtp_port: 5000,
      outputs: [rtmp, { ...rtmp, url: "rtmp://h/app", stream_key: "k3y-apart" }],
    })
    const masked = await call("GET", "/api/config/channels.json")
    expect(masked.text).not.toMatch(/streamkey|k3y-apart/)
    expect(masked.headers.get("content-disposition")).toContain("channels.json")
    const whole = await call("GET", "/api/config/channels.json?secrets=true")
    expect(whole.text).toMatch(/live\/streamkey[\s\S]*k3y-apart/)
    await expect(apps.start({ files: { "channels.json": masked.text } })).rejects.toThrow(
      /masked|the secret itself|the key itself/,
    )
    const copy = await apps.start({ files: { "channels.json": whole.text } })
    expect((await copy.call("GET", "/api/config/channels.json?secrets=true")).text).toBe(whole.text)
  })

  it("shows secrets to who sends the key itself, not to a session", async () => {
    const { app, call } = await apps.start({ settings: withKey("the-key") })
    const login = await app.request("/login", {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: "key=the-key",
    })
    const cookie = { Cookie: login.headers.get("set-cookie")?.split(";")[0] ?? "" }
    expect((await call("GET", "/api/config/channels.json", undefined, cookie)).status).toBe(200)
    expect((await call("GET", "/api/config/channels.json?secrets=1", undefined, cookie)).status).toBe(403)
    expect(
      (await call("GET", "/api/config/channels.json?secrets=1", undefined, { "X-API-Key": "the-key" })).status,
    ).toBe(200)
  })

  it("names what it left out of a file, and takes over what was started with the service", async () => {
    const config = {
      name: "A",
      rtp_ip: "127.0.0.1",
      rtp_port: 5000,
      pid: 4711,
      autostart: true,
      outputs: [{ ...OUTPUT, status: "running" }],
    }
    const { call, logs } = await apps.start({ files: { "channels.json": JSON.stringify({ "7": { config } }) } })
    expect(logs.join("\n")).toMatch(/left out: outputs\.status, pid/)
    const [channel] = (await call<{ channels: ReadonlyArray<ChannelView> }>("GET", "/api/channels")).body.channels
    // A bare number would be taken for the number of a channel.
    expect(channel).toMatchObject({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), status: "starting" })
  })

  it("does not import again what was deleted", async () => {
    const first = await apps.start({ files: { "channels.json": FILE } })
    await first.call("DELETE", "/api/channels/channel-uuid")
    await first.stop()
    const second = await apps.start({ dataDir: first.dataDir })
    expect((await second.call("GET", "/api/channels")).body).toEqual({ channels: [] })
  })

  it.each([
    ["no JSON", '{"a": ', /channels\.json cannot be imported: file: is not valid JSON.*mend the file/],
    ["a list", "[]", /must be an object of channels/],
    ["an entry without config", '{"a": {}}', /a: must be an object with "config"/],
    [
      "a port that is none",
      FILE.replace("5000", "70000"),
      /channel-uuid\.config\.rtp_port: must be a whole number from 1 to 65535/,
    ],
    [
      "a URL that is none",
      FILE.replace("srt://destination:9000", "ftp://x"),
      /channel-uuid\.config\.outputs\[0\]\.\w+: /,
    ],
  ])("refuses to start with %s, and imports nothing", async (_, text, words) => {
    const { dataDir, stop } = await apps.start()
    await stop()
    const failing = apps.start({ dataDir, files: { "channels.json": text } })
    await expect(failing).rejects.toThrow(words)
    const after = await apps.start({ dataDir, files: { "channels.json": FILE } })
    expect((await after.call<{ channels: unknown[] }>("GET", "/api/channels")).body.channels).toHaveLength(1)
  })
})
