import { createSocket } from "node:dgram"
import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import type { ChannelView } from "../effects/model/channel.ts"
import type { InputOutputView, InputView, OutputLogLine } from "./routes/inputs-view.ts"
import { makeRealApps, type RealApp } from "./testing/real-app.ts"
import { withKey } from "./testing/test-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

const INPUT = { name: "Camera 1", udp_port: 5001 }
const YOUTUBE = { name: "YouTube", url: "rtmp://a.rtmp.youtube.com/live2/your-stream-key", protocol: "rtmp" }

const withInput = async () => {
  const app = await apps.start()
  const { body } = await app.call<InputView>("POST", "/api/inputs", INPUT)
  return { ...app, input: body }
}
const addOutput = async ({ call }: Pick<RealApp, "call">, body: unknown) =>
  (await call<InputOutputView>("POST", "/api/inputs/1/outputs", body)).body
const problem = ({ body }: { readonly body: unknown }) =>
  (body as { errors: ReadonlyArray<{ path: string; message: string }> }).errors[0]

describe("/api/inputs", () => {
  it("creates one as written, with the API key, and starts it at once on all addresses", async () => {
    const { call, engine } = await apps.start({ settings: withKey("your-api-key") })
    expect((await call("POST", "/api/inputs", INPUT)).status).toBe(401)
    const key = { "X-API-Key": "your-api-key" }
    const created = await call<InputView>("POST", "/api/inputs", INPUT, key)
    expect([created.status, created.headers.get("location")]).toEqual([201, "/api/inputs/1"])
    expect(created.body).toMatchObject({ id: 1, ...INPUT, status: "starting", outputs: [] })
    const [put] = engine.sent
    expect(put).toMatchObject({ cmd: "put_channel", channel: { legs: [{ ip: "0.0.0.0", port: 5001 }] } })
    const output = await call<InputOutputView>("POST", "/api/inputs/1/outputs", YOUTUBE, key)
    expect([output.status, output.headers.get("location")]).toEqual([201, "/api/inputs/1/outputs/1"])
    expect(output.body).toMatchObject({
      id: 1,
      input_id: 1,
      name: "YouTube",
      protocol: "rtmp",
      url: "rtmp://a.rtmp.youtube.com/live2/***",
    })
    expect(engine.log().at(-1)).toBe(`open_output ${output.body.output_id}`)
  })

  it("is a view of the same channels, either way", async () => {
    const { call, input } = await withInput()
    const channel = (await call<ChannelView>("GET", `/api/channels/${input.channel_id}`)).body
    expect(channel).toMatchObject({ number: 1, name: "Camera 1", rtp_port: 5001, rtp_ip: "0.0.0.0" })
    await call("POST", "/api/channels", { name: "Other", rtp_port: 5002, outputs: [{ url: "udp://192.0.2.1:9000" }] })
    const { inputs } = (await call<{ inputs: ReadonlyArray<InputView> }>("GET", "/api/inputs")).body
    expect(inputs.map(({ id, status, udp_port }) => [id, udp_port, status])).toEqual([
      [1, 5001, "starting"],
      [2, 5002, "stopped"],
    ])
    expect(inputs[1]?.outputs).toMatchObject([{ id: 1, input_id: 2, protocol: "udp" }])
  })

  it("shows, changes, stops, starts and deletes one", async () => {
    const { call } = await withInput()
    const changed = await call<InputView>("PUT", "/api/inputs/1", { id: 1, name: "Camera 2", udp_port: 5003 })
    expect([changed.status, changed.body.name, changed.body.udp_port]).toEqual([200, "Camera 2", 5003])
    expect((await call<InputView>("GET", "/api/inputs/1")).body).toMatchObject({ name: "Camera 2", udp_port: 5003 })
    expect((await call<InputView>("POST", "/api/inputs/1/stop")).body).toMatchObject({
      status: "stopped",
      lifecycle: "idle",
    })
    expect((await call<InputView>("POST", "/api/inputs/1/start")).body.status).toBe("starting")
    expect((await call("DELETE", "/api/inputs/1")).status).toBe(204)
    expect((await call("GET", "/api/inputs/1")).status).toBe(404)
    expect((await call<InputView>("POST", "/api/inputs", INPUT)).body.id).toBe(2)
  })

  it("stays stopped over a restart when it was stopped, and runs when it ran", async () => {
    const first = await withInput()
    await first.call("POST", "/api/inputs", { name: "Stopped", udp_port: 5002 })
    await first.call("POST", "/api/inputs/2/stop")
    await first.stop()
    const { call } = await apps.start({ dataDir: first.dataDir })
    const { inputs } = (await call<{ inputs: ReadonlyArray<InputView> }>("GET", "/api/inputs")).body
    expect(inputs.map(({ status }) => status)).toEqual(["starting", "stopped"])
  })

  it.each([
    ["POST", "/api/inputs", { name: "Twin", udp_port: 5001 }, 409, "udp_port"],
    ["POST", "/api/inputs", { name: "Far", udp_port: 70_000 }, 400, "udp_port"],
    ["POST", "/api/inputs", { name: "", udp_port: 5002 }, 400, "name"],
    ["POST", "/api/inputs", { udp_port: 5002 }, 400, "name"],
    ["POST", "/api/inputs", { name: "More", udp_port: 5002, rtp_ip: "127.0.0.1" }, 400, "rtp_ip"],
    ["PUT", "/api/inputs/1", { id: 7, name: "x" }, 400, "id"],
    ["PUT", "/api/inputs/1", { udp_port: "5001" }, 400, "udp_port"],
    ["POST", "/api/inputs/1/outputs", { protocol: "srt", url: "rtmp://h/app/key" }, 400, "protocol"],
    ["POST", "/api/inputs/1/outputs", { protocol: "rtmp" }, 400, "url"],
  ])("refuses %s %s %j in its own words", async (method, path, body, status, field) => {
    const { call } = await withInput()
    const refused = await call(method, path, body)
    expect([refused.status, problem(refused)?.path]).toEqual([status, field])
    expect((await call<{ inputs: unknown[] }>("GET", "/api/inputs")).body.inputs).toHaveLength(1)
  })

  it("gives a free port of the range to inputs that name none, and says when there is none left", async () => {
    // A port that another program has is no free one.
    const holder = createSocket("udp4")
    await new Promise<void>((resolve) => holder.bind(0, "0.0.0.0", resolve))
    const { port } = holder.address()
    const first = Math.min(port, 65_000)
    const { call } = await apps.start({ config: { udpPorts: { first, last: first + 40 } } })
    const given: number[] = []
    for (const name of ["a", "b"])
      given.push((await call<InputView>("POST", "/api/inputs", { name })).body.udp_port ?? 0)
    const isGood = (n: number) => n >= first && n <= first + 40 && n !== port
    expect(given.every(isGood)).toBe(true)
    expect(new Set(given).size).toBe(2)
    const twice = await Promise.all(
      ["c", "d"].map((name) => call<InputView>("POST", "/api/inputs", { name, udp_port: null })),
    )
    expect(new Set([...given, ...twice.map(({ body }) => body.udp_port)]).size).toBe(4)
    holder.close()
  })

  it("says so when the range is used up", async () => {
    const { call } = await apps.start({ config: { udpPorts: { first: 5001, last: 5001 } } })
    await call("POST", "/api/inputs", INPUT)
    const refused = await call("POST", "/api/inputs", { name: "b" })
    expect([refused.status, problem(refused)]).toMatchObject([
      409,
      { path: "udp_port", message: expect.stringContaining("5001 to 5001") },
    ])
  })
})

describe("/api/inputs/{id}/outputs", () => {
  it.each([
    ["srt", "srt://192.0.2.1:9000?streamid=x", "caller"],
    ["srt", "srt://0.0.0.0:8890?mode=listener", "listener"],
    ["rtmp", "rtmp://192.0.2.1/live/key", undefined],
    ["udp", "udp://239.0.0.1:5000", undefined],
    ["rtsp", "rtsp://192.0.2.1:8554/live", undefined],
  ])("takes %s %s", async (protocol, url, mode) => {
    const app = await withInput()
    const output = await addOutput(app, { name: "Out", url, protocol })
    expect(output).toMatchObject({ id: 1, protocol, enabled: true, status: "connecting", lifecycle: "starting" })
    if (mode !== undefined) expect(output.options["mode"]).toBe(mode)
  })

  it("gives listeners without a port one of their own", async () => {
    const app = await apps.start({ config: { srtPorts: { first: 28_890, last: 28_990 } } })
    await app.call("POST", "/api/inputs", INPUT)
    const bodies = [
      { protocol: "srt" },
      { url: "srt://0.0.0.0?mode=listener&latency=300" },
      { url: "srt://?mode=listener" },
      { url: "srt://[::]:0/?mode=server" },
    ]
    const urls: string[] = []
    for (const body of bodies) urls.push((await addOutput(app, body)).url)
    const portOf = (url: string) => Number(/:(\d+)(?:\/|\?)/.exec(url)?.[1])
    const ports = urls.map(portOf)
    expect(urls).toEqual([
      `srt://0.0.0.0:${ports[0]}?mode=listener`,
      `srt://0.0.0.0:${ports[1]}?mode=listener&latency=300`,
      `srt://:${ports[2]}?mode=listener`,
      `srt://[::]:${ports[3]}/?mode=server`,
    ])
    expect(new Set(ports).size).toBe(4)
    expect(ports.every((port) => port >= 28_890 && port <= 28_990)).toBe(true)
    const caller = await app.call("POST", "/api/inputs/1/outputs", { url: "srt://192.0.2.1?mode=caller" })
    expect([caller.status, problem(caller)?.path]).toEqual([400, "url"])
  })

  it("numbers them for good: a number of a removed one is not given out again, nor after a restart", async () => {
    const first = await withInput()
    const url = (n: number) => ({ url: `udp://192.0.2.1:${9000 + n}` })
    for (const n of [1, 2, 3]) expect((await addOutput(first, url(n))).id).toBe(n)
    expect((await first.call("DELETE", "/api/inputs/1/outputs/3")).status).toBe(204)
    await first.stop()
    const second = await apps.start({ dataDir: first.dataDir })
    expect((await addOutput(second, url(4))).id).toBe(4)
    await second.call("DELETE", "/api/inputs/1/outputs/2")
    const { outputs } = (await second.call<{ outputs: ReadonlyArray<InputOutputView> }>("GET", "/api/inputs/1/outputs"))
      .body
    expect(outputs.map(({ id }) => id)).toEqual([1, 4])
    expect((await second.call("GET", "/api/inputs/1/outputs/2")).status).toBe(404)
  })

  it("shows, changes, stops, starts and deletes one, by number, UUID or name", async () => {
    const app = await withInput()
    const output = await addOutput(app, YOUTUBE)
    for (const ref of ["1", output.output_id, "youtube"])
      expect((await app.call<InputOutputView>("GET", `/api/inputs/1/outputs/${ref}`)).body.output_id).toBe(
        output.output_id,
      )
    const path = "/api/inputs/1/outputs/1"
    expect((await app.call<InputOutputView>("PUT", path, { id: 1, name: "Tube" })).body).toMatchObject({
      id: 1,
      name: "Tube",
      url: output.url,
    })
    expect((await app.call("PUT", path, { id: 2 })).status).toBe(400)
    expect((await app.call<InputOutputView>("POST", `${path}/stop`)).body).toMatchObject({
      enabled: false,
      lifecycle: "ready",
    })
    expect((await app.call<InputOutputView>("POST", `${path}/start`)).body).toMatchObject({
      enabled: true,
      lifecycle: "starting",
    })
    expect((await app.call("DELETE", path)).status).toBe(204)
    expect((await app.call<InputView>("GET", "/api/inputs/1")).body.outputs).toEqual([])
  })

  it("has a log for each, newest first, as JSON and as text", async () => {
    const app = await withInput()
    const { output_id } = await addOutput(app, { name: "A", url: "udp://192.0.2.1:9000" })
    await addOutput(app, { name: "B", url: "udp://192.0.2.1:9001" })
    await Effect.runPromise(app.engine.output(output_id, "connected"))
    await Effect.runPromise(
      app.engine.output(output_id, "ended", { code: "x", message: "the peer  went\naway", transient: true }),
    )
    const path = "/api/inputs/1/outputs/1/logs"
    const { logs } = (await app.call<{ logs: ReadonlyArray<OutputLogLine> }>("GET", path)).body
    expect(logs.map(({ kind, level }) => [kind, level])).toEqual([
      ["output_failed", "warning"],
      ["output_connected", "info"],
    ])
    const text = await app.call("GET", path, undefined, { Accept: "text/plain" })
    expect(text.text).toMatch(/^\S+Z WARNING the peer went away\n\S+Z INFO {4}connected\n$/)
    expect(text.headers.get("content-type")).toContain("text/plain")
    expect((await app.call("GET", `${path}?format=text&limit=1`)).text.split("\n")).toHaveLength(2)
    expect((await app.call<{ logs: unknown[] }>("GET", "/api/inputs/1/outputs/2/logs")).body.logs).toEqual([])
    expect((await app.call("GET", `${path}?limit=0&format=xml`)).status).toBe(400)
  })
})

describe("resource usage", () => {
  it("tells what the two processes use, and what runs", async () => {
    const app = await withInput()
    await addOutput(app, YOUTUBE)
    const { body, status } = await app.call("GET", "/api/system/stats")
    expect(status).toBe(200)
    expect(body).toMatchObject({
      uptime: expect.any(Number),
      service: { pid: process.pid, cpu_percent: expect.any(Number), rss_bytes: expect.any(Number) },
      engine: { connected: true, pid: 4711, cpu_percent: 0, loop_max_ms: 0 },
      machine: { cpus: expect.any(Number), load_average: [expect.any(Number), expect.any(Number), expect.any(Number)] },
      inputs: { total: 1, running: 0, error: 0 },
      outputs: { total: 1, connected: 0, error: 0 },
    })
    expect((body["service"] as { rss_bytes: number }).rss_bytes).toBeGreaterThan(1_000_000)
  })
})
