/**
 * Tries documented requests, settings and files (`/api/channels`, `channels.json`, `/api/inputs`, destinations) on the
 * real product: each must do what its documentation says. Only ports and keys are those of a test.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, describe, expect, it } from "vitest"
import type { ChannelView, OutputView } from "../../src/effects/model/channel.ts"
import type { InputOutputView, InputView, OutputLogLine } from "../../src/http/routes/inputs-view.ts"
import { curl, JSON_HEADER } from "./curl.ts"
import { freeTcpPort, freeUdpPort } from "./ports.ts"
import { eventually, Product, type ProductOptions } from "./product.ts"
import { SrtReceiver, UdpReceiver } from "./receivers.ts"
import { RtmpTestServer } from "./rtmp-test-server.ts"
import { startSource } from "./source.ts"
import { startInDirectory } from "./start-in-directory.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const cleanUp: Array<() => unknown> = []
const start = async (options: ProductOptions = {}) => {
  const product = await Product.start(options)
  cleanUp.push(() => product.dispose())
  return product
}
const folder = () => {
  const path = mkdtempSync(join(tmpdir(), "documented-"))
  cleanUp.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}
const source = async (port: number, udp: boolean) => {
  const running = await startSource({ port, udp, bitrate: 4_000_000 })
  cleanUp.push(() => running.stop())
  return running
}
afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end()
})

/** Starts the service in this directory. Returns what it has printed so far. */
const startIn = async (cwd: string, port: number, env: Readonly<Record<string, string>> = {}) => {
  const service = startInDirectory(cwd, env)
  cleanUp.push(service.stop)
  const ready = async () => ((await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200 ? true : null)
  await eventually("the service is ready", ready, 20_000)
  return service.printed
}

describe("/api/channels and channels.json", () => {
  it("every endpoint, by curl, on a service without authentication", async () => {
    const product = await start()
    const api = `http://localhost:${product.port}/api`
    const port = await freeUdpPort()
    expect(curl(`${api}/health`)).toMatchObject({ status: 200, body: { status: "ok" } })
    const created = curl<ChannelView>(
      ...["-X", "POST", `${api}/channels`, ...JSON_HEADER, "-d"],
      `{"name": "New Channel", "rtp_ip": "127.0.0.1", "rtp_port": ${port}, "backup_rtp_ip": "127.0.0.1", "backup_rtp_port": ${await freeUdpPort()}, "outputs": []}`,
    )
    expect([created.status, created.body.status, created.body.outputs]).toEqual([201, "stopped", []])
    const channel = `${api}/channels/${created.body.id}`
    expect(curl(channel).body).toMatchObject({ name: "New Channel", rtp_port: port })
    expect(curl("-X", "POST", `${channel}/start`).status).toBe(200)
    await source(port, false)
    await product.until("running", created.body.id, (view) => view.status === "running" && view.uptime > 0)

    const receiver = await UdpReceiver.open()
    cleanUp.push(() => receiver.close())
    const untouched = await product.addOutput(created.body.id, { url: `udp://127.0.0.1:${receiver.port}` })
    const output = curl<OutputView>(
      ...["-X", "POST", `${channel}/outputs`, ...JSON_HEADER, "-d"],
      '{"name": "Output 1", "protocol": "srt", "url": "srt://destination:9000?streamid=publish"}',
    )
    expect(output).toMatchObject({ status: 201, body: { name: "Output 1", protocol: "srt" } })
    const path = `${channel}/outputs/${output.body.id}`
    expect(curl("-X", "PUT", path, ...JSON_HEADER, "-d", '{"name": "Renamed"}').body).toMatchObject({ name: "Renamed" })
    // The name in the URL does not resolve: the output shows that, and its neighbour does not care.
    await product.until("an error", created.body.id, (view) =>
      view.outputs.some((o) => o.id === output.body.id && o.last_error !== null),
    )
    expect(curl("-X", "DELETE", path).status).toBe(204)
    await receiver.atLeast(50)
    const left = await product.view(created.body.id)
    expect(left.outputs).toMatchObject([{ id: untouched.id, status: "connected", reconnects: 0, error_count: 0 }])
    await product.until("its uptime counts", created.body.id, (view) => (view.outputs[0]?.uptime ?? 0) > 0)

    expect(curl("-X", "POST", `${channel}/stop`)).toMatchObject({ status: 200, body: { status: "stopped" } })
    expect(curl("-X", "DELETE", channel).status).toBe(204)
    expect(curl(`${api}/channels`).body).toEqual({ channels: [] })
  })

  it("the dashboard at / and the WebSocket at /ws", async () => {
    const product = await start()
    await product.api("POST", "/api/channels", { name: "Main Event", rtp_ip: "192.168.1.100", rtp_port: 5000 })
    const page = await fetch(`${product.url}/`)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("Main Event")])
    const socket = new WebSocket(`ws://localhost:${product.port}/ws`)
    cleanUp.push(() => socket.close())
    const seen = await new Promise<ReadonlyArray<ChannelView>>((resolve, reject) => {
      socket.onmessage = (event) =>
        resolve((JSON.parse(String(event.data)) as { channels: ReadonlyArray<ChannelView> }).channels)
      socket.onerror = () => reject(new Error("the WebSocket failed"))
    })
    expect(seen).toMatchObject([{ name: "Main Event", status: "stopped", outputs: [] }])
  })

  it("config/channels.json is taken over at the first start, and a broken one stops it by name", async () => {
    const dataDir = folder()
    const url = "srt://destination:9000?streamid=publish"
    const config = {
      name: "Channel Name",
      rtp_ip: "192.168.1.100",
      rtp_port: 5000,
      outputs: [{ name: "Output 1", protocol: "srt", url }],
    }
    const file = join(dataDir, "channels.json")
    writeFileSync(file, '{"channel-uuid": {"config": ')
    const bun = join(root, "node_modules", ".bin", "bun")
    const env = { ...process.env, PORT: "0", DATA_DIR: dataDir }
    const refused = spawnSync(bun, [join(root, "src", "main.ts")], { env, encoding: "utf8", timeout: 20_000 })
    expect([refused.status, `${refused.stdout}${refused.stderr}`]).toEqual([
      1,
      expect.stringMatching(/channels\.json cannot be imported/),
    ])
    writeFileSync(file, JSON.stringify({ "channel-uuid": { config, created_at: "2025-10-30T12:00:00" } }))
    const product = await start({ dataDir })
    expect(product.output).toMatch(/imported 1 channels with 1 outputs/)
    expect(await product.view("channel-uuid")).toMatchObject({ ...config, id: "channel-uuid", status: "stopped" })
    const whole = await (await fetch(`${product.url}/api/config/channels.json`)).text()
    expect(await (await fetch(`${product.url}/api/config/channels.json`)).text()).toBe(whole)
    expect(JSON.parse(whole)).toMatchObject({ "channel-uuid": { config } })
  })
})

describe("/api/inputs", () => {
  const KEY = ["-H", "X-API-Key: your-api-key"]

  it("the quick examples, by curl, with the key; the stream goes through", async () => {
    const http = await freeTcpPort()
    const printed = await startIn(folder(), http, { API_KEY: "your-api-key", PORT: String(http) })
    const api = `http://localhost:${http}/api`
    const port = await freeUdpPort()
    const body = `{"name": "Camera 1", "udp_port": ${port}}`
    expect(curl("-X", "POST", `${api}/inputs`, ...JSON_HEADER, "-d", body).status).toBe(401)
    const input = curl<InputView>("-X", "POST", `${api}/inputs`, ...KEY, ...JSON_HEADER, "-d", body)
    expect(input).toMatchObject({ status: 201, body: { id: 1, name: "Camera 1", udp_port: port } })
    await source(port, true)
    const rtmp = await RtmpTestServer.start()
    cleanUp.push(() => rtmp.stop())
    const youtube = curl<InputOutputView>(
      ...["-X", "POST", `${api}/inputs/1/outputs`, ...KEY, ...JSON_HEADER, "-d"],
      `{"name": "YouTube", "url": "rtmp://127.0.0.1:${rtmp.port}/live2/your-stream-key", "protocol": "rtmp"}`,
    )
    expect(youtube).toMatchObject({ status: 201, body: { id: 1, input_id: 1, name: "YouTube" } })
    expect(JSON.stringify(youtube.body)).not.toContain("your-stream-key")
    const listener = curl<InputOutputView>(
      "-X",
      "POST",
      `${api}/inputs/1/outputs`,
      ...KEY,
      ...JSON_HEADER,
      "-d",
      '{"protocol": "srt"}',
    )
    const srtPort = Number(/:(\d+)\?/.exec(listener.body.url)?.[1])
    expect([listener.status, srtPort >= 8890]).toEqual([201, true])
    const receiver = await SrtReceiver.open(`srt://127.0.0.1:${srtPort}`)
    cleanUp.push(() => receiver.stop())
    await receiver.atLeast(200_000)
    await eventually("both outputs are connected and the input runs", () => {
      const { body } = curl<InputView>(`${api}/inputs/1`, ...KEY)
      return body.status === "running" && body.bitrate > 0 && body.outputs.every((o) => o.status === "connected")
        ? true
        : null
    })
    expect(curl<{ inputs: InputView[] }>(`${api}/inputs`, ...KEY).body.inputs).toHaveLength(1)
    const { logs } = curl<{ logs: ReadonlyArray<OutputLogLine> }>(`${api}/inputs/1/outputs/1/logs`, ...KEY).body
    expect(logs[0]).toMatchObject({ kind: "output_connected", level: "info" })
    const stats = curl<{ engine: { cpu_seconds: number }; service: { rss_bytes: number } }>(
      `${api}/system/stats`,
      ...KEY,
    )
    expect(stats.body.engine.cpu_seconds).toBeGreaterThan(0)
    expect(stats.body.service.rss_bytes).toBeGreaterThan(1e6)
    expect(curl("-X", "DELETE", `${api}/inputs/1/outputs/1`, ...KEY).status).toBe(204)
    expect(curl("-X", "DELETE", `${api}/inputs/1`, ...KEY).status).toBe(204)
    expect(printed()).not.toContain("your-stream-key")
  })

  it("its .env file, in the directory where the service is started", async () => {
    const cwd = folder()
    const port = await freeTcpPort()
    const settings = [
      "# Database",
      "DATABASE_URL=sqlite:///./stream_manager.db",
      "# For PostgreSQL: postgresql://user:pass@postgres:5432/streamdb",
      "",
      "SECRET_KEY=your-secret-key-change-this",
      "API_KEY=your-secret-api-key-change-in-production",
      "MEDIAMTX_CONFIG_PATH=/config/mediamtx.yml",
      "MEDIAMTX_API_URL=http://mediamtx:9997",
      "LOG_LEVEL=INFO",
      `PORT=${port}`,
      "DEFAULT_RECONNECT_DELAY=5",
      "MAX_RECONNECT_ATTEMPTS=0  # 0 = infinite",
      "UDP_PORT_RANGE_START=5000",
      "UDP_PORT_RANGE_END=5100",
      "SRT_PORT_RANGE_START=8890",
    ]
    writeFileSync(join(cwd, ".env"), `${settings.join("\n")}\n`)
    const printed = await startIn(cwd, port)
    const url = `http://127.0.0.1:${port}`
    expect(existsSync(join(cwd, "stream_manager.db"))).toBe(true)
    expect((await fetch(`${url}/api/inputs`)).status).toBe(401)
    const key = { "X-API-Key": "your-secret-api-key-change-in-production" }
    expect(await (await fetch(`${url}/api/inputs`, { headers: key })).json()).toEqual({ inputs: [] })
    const created = await fetch(`${url}/api/inputs`, {
      method: "POST",
      headers: { ...key, "Content-Type": "application/json" },
      body: '{"name": "Any port"}',
    })
    const { udp_port } = (await created.json()) as { udp_port: number }
    expect([created.status, udp_port >= 5000 && udp_port <= 5100]).toEqual([201, true])
    for (const name of ["SECRET_KEY", "MEDIAMTX_CONFIG_PATH", "MEDIAMTX_API_URL"]) {
      const lines = printed().split("\n")
      expect(lines.filter((line) => line.includes(`${name} is set`))).toHaveLength(1)
    }
    expect(printed()).not.toMatch(/your-secret/)
    expect(readFileSync(join(cwd, ".env"), "utf8")).toContain("SECRET_KEY")
  })

  it("reconnects by its settings: that delay, so many times, and again when the output is started", async () => {
    const product = await start({ env: { DEFAULT_RECONNECT_DELAY: "0.2", MAX_RECONNECT_ATTEMPTS: "2" } })
    await product.api("POST", "/api/inputs", { name: "Camera 1", udp_port: await freeUdpPort() })
    const dead = await freeTcpPort()
    await product.api("POST", "/api/inputs/1/outputs", { url: `rtmp://127.0.0.1:${dead}/live/key`, protocol: "rtmp" })
    const output = async () => (await product.api<InputOutputView>("GET", "/api/inputs/1/outputs/1")).body
    const givenUp = () =>
      eventually("given up", async () => {
        const now = await output()
        return now.status === "error" && now.next_retry_at === null ? now : null
      })
    const first = await givenUp()
    expect([first.error_count, first.lifecycle]).toEqual([3, "error"])
    expect(first.last_error).toMatch(/given up after 2 attempts to reconnect: start the output again/)
    await product.api("POST", "/api/inputs/1/outputs/1/start")
    await eventually("tried three times more", async () => ((await output()).error_count === 6 ? true : null))
    await givenUp()
    const { logs } = (await product.api<{ logs: OutputLogLine[] }>("GET", "/api/inputs/1/outputs/1/logs")).body
    expect(logs[0]).toMatchObject({ kind: "output_failed", level: "error" })
  })
})

describe("destinations", () => {
  it("a destination from ready to streaming to deleted, and the channel that runs for it", async () => {
    const product = await start()
    const port = await freeUdpPort()
    const channel = await product.api<ChannelView>("POST", "/api/channels", {
      name: "Stream A",
      rtp_ip: "127.0.0.1",
      rtp_port: port,
      auto_run: "on_demand",
    })
    expect(channel.body).toMatchObject({ status: "stopped", lifecycle: "idle", auto_run: "on_demand" })
    await source(port, false)
    const receivers = [await UdpReceiver.open(), await UdpReceiver.open()]
    cleanUp.push(() => receivers.map((receiver) => receiver.close()))
    const ids: string[] = []
    for (const [index, receiver] of receivers.entries()) {
      const name = `Destination ${index + 1}`
      const created = await product.addOutput("stream-a", {
        name,
        url: `udp://127.0.0.1:${receiver.port}`,
        enabled: false,
      })
      expect(created.lifecycle).toBe("ready")
      ids.push(created.id)
    }
    expect((await product.view("stream-a")).lifecycle).toBe("idle")
    const path = (index: number) => `/api/channels/stream-a/outputs/${ids[index]}`
    expect((await product.api<OutputView>("POST", `${path(0)}/start`)).body.lifecycle).toMatch(/starting|streaming/)
    await product.until(
      "streaming",
      "stream-a",
      (v) => v.lifecycle === "running" && v.outputs[0]?.lifecycle === "streaming",
    )
    await product.api("POST", `${path(1)}/start`)
    await receivers[1]?.atLeast(20)
    expect((await product.api<OutputView>("POST", `${path(0)}/stop`)).body.lifecycle).toBe("ready")
    expect((await product.view("stream-a")).lifecycle).toBe("running")
    // Deleting a destination that streams stops it first; after the last one, the channel stops too.
    expect((await product.api("DELETE", path(1))).status).toBe(204)
    expect(await product.view("stream-a")).toMatchObject({
      status: "stopped",
      lifecycle: "idle",
      outputs: [{ lifecycle: "ready" }],
    })
  })
})
