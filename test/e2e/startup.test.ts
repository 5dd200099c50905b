import { createSocket } from "node:dgram"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, describe, expect, it } from "vitest"
import type { ChannelView } from "../../src/effects/model/channel.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product, type ProductOptions } from "./product.ts"
import { SrtReceiver } from "./receivers.ts"
import { runUntilEnd } from "./run-until-end.ts"
import { sendTs } from "./send-ts.ts"
import { startSource } from "./source.ts"

const products: Product[] = []
const folders: string[] = []
const start = async (options: ProductOptions = {}) => {
  const product = await Product.start(options)
  products.push(product)
  return product
}
const folder = () => {
  const path = mkdtempSync(join(tmpdir(), "distributor-"))
  folders.push(path)
  return path
}
/** One for tests that need a service of no special kind: each start takes a second of the processor. */
let plain: Promise<Product> | null = null
const plainProduct = () => {
  plain ??= Product.start()
  return plain
}
afterAll(async () => (await plain)?.dispose())
afterEach(async () => {
  await Promise.all(products.splice(0).map((p) => p.dispose()))
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true })
})

const refusedStart = (env: Readonly<Record<string, string>>) => runUntilEnd({ DATA_DIR: folder(), PORT: "0", ...env })

describe("a service that cannot start", () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ["an open address without a key", { HOST: "0.0.0.0" }, /API_KEY|AUTH=off/],
    ["a port that is no port", { PORT: "99999" }, /PORT/],
    ["an unknown log level", { LOG_LEVEL: "loud" }, /LOG_LEVEL/],
  ])("%s: says so in words and exits with 1", async (_, env, words) => {
    const { code, text } = await refusedStart(env)
    expect([code, words.test(text)]).toEqual([1, true])
    expect(text).not.toMatch(/at .*\.ts:\d+/)
  })

  it("row 34: the HTTP port is taken", async () => {
    const holder = createServer()
    const port = await new Promise<number>((resolve) =>
      holder.listen(0, "127.0.0.1", () => resolve((holder.address() as { port: number }).port)),
    )
    const { code, text } = await refusedStart({ PORT: String(port) })
    holder.close()
    expect(code).toBe(1)
    expect(text).toContain(String(port))
  })

  it("a store that is not a database is refused by name, and left as it is", async () => {
    const dataDir = folder()
    writeFileSync(join(dataDir, "distributor.db"), "this is not a database, but somebody's file".repeat(100))
    const { code, text } = await refusedStart({ DATA_DIR: dataDir })
    expect(code).toBe(1)
    expect(text).toContain("distributor.db")
  })

  it("a second service on the same data directory is refused", async () => {
    const first = await plainProduct()
    const { code, text } = await refusedStart({ DATA_DIR: first.dataDir })
    expect(code).toBe(1)
    expect(text).toMatch(/another control plane|already/i)
    expect((await first.health()).engine.connected).toBe(true)
  })
})

describe("without libsrt", () => {
  it("SRT and UDP work; an SRT output that needs libsrt, and health, say what to install", async () => {
    const product = await start({ env: { DISTRIBUTOR_LIBSRT: "libsrt-is-not-here.so" } })
    const [port, srt] = [await freeUdpPort(), await freeUdpPort()]
    const receiver = await SrtReceiver.open(`srt://127.0.0.1:${srt}?mode=listener`)
    const channel = await product.channel({
      name: "no srt",
      rtp_ip: "127.0.0.1",
      rtp_port: port,
      outputs: [
        { url: "srt://127.0.0.1:9000?packetfilter=fec,cols:10,rows:5" },
        { url: `srt://127.0.0.1:${srt}` },
        { url: `udp://127.0.0.1:${await freeUdpPort()}` },
      ],
    })
    const view = await product.until(
      "the output that needs libsrt is in error",
      channel.id,
      ({ outputs }) => outputs.map(({ status }) => status).join() === "error,connected,connected" && { outputs },
    )
    await receiver.stop("SIGKILL")
    expect(view.outputs[0]?.last_error).toMatch(/packetfilter needs libsrt.*apt-get install libsrt1\.5-openssl/)
    const health = await product.health()
    expect(health).toMatchObject({ status: "degraded", srt: { available: false } })
    expect(health.problems.join(" ")).toMatch(/libsrt1\.5-openssl/)
  })

  it("a vulnerable libsrt is named by health, and still works", async () => {
    const status = join(folder(), "status")
    writeFileSync(status, "Package: libsrt1.5-openssl\nStatus: install ok installed\nVersion: 1.5.1-1+deb12u1\n")
    const product = await start({ env: { DISTRIBUTOR_DPKG_STATUS: status } })
    expect((await product.health()).problems.join(" ")).toMatch(/1\.5\.1-1\+deb12u1.*CVE-2026-55868/)
  })
})

/** The fields after "(comm)": the 17th is the nice value. */
const niceOf = (process: number | string | undefined) =>
  Number(readFileSync(`/proc/${process}/stat`, "utf8").split(") ").at(-1)?.split(" ")[16])

describe("on a busy machine", () => {
  it("the engine comes before other work: its threads, and the session that it leads, which autogroups weigh against all others", async () => {
    const product = await plainProduct()
    const pid = await product.enginePid()
    const inProc = (name: string) => readFileSync(`/proc/${pid}/${name}`, "utf8")
    if (process.getuid?.() !== 0) return expect(product.engineLog()).toContain("cannot raise the priority to -10 (")
    expect(niceOf(pid)).toBe(-10)
    if (existsSync(`/proc/${pid}/autogroup`)) expect(inProc("autogroup")).toMatch(/ nice -10$/m)
    expect(product.engineLog()).not.toContain("priority")
  })

  it.skipIf(process.getuid?.() !== 0)(
    "the control plane comes behind the engine and before other work, and other programs do not come with it",
    async () => {
      // The test source of the demo is such a program.
      const product = await start({ args: ["--demo"] })
      const children = () =>
        readFileSync(`/proc/${product.child.pid}/task/${product.child.pid}/children`, "utf8").trim().split(" ")
      const source = await eventually("the test source runs", () =>
        children().find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("test-source.ts")),
      )
      const engine = await product.enginePid()
      const threads = readdirSync(`/proc/${product.child.pid}/task`).map((tid) =>
        niceOf(`${product.child.pid}/task/${tid}`),
      )
      expect([niceOf(engine), niceOf(product.child.pid), [...new Set(threads)], niceOf(source)]).toEqual([
        -10,
        -5,
        [-5],
        0,
      ])
    },
  )
})

describe("bad input", () => {
  it("row 34: a port in use makes the channel say so, and it recovers by itself", async () => {
    const product = await plainProduct()
    const holder = createSocket("udp4")
    const port = await freeUdpPort()
    await new Promise<void>((resolve) => holder.bind(port, "127.0.0.1", () => resolve()))
    const channel = await product.channel({ name: "taken", rtp_ip: "127.0.0.1", rtp_port: port })
    const view = await product.until("error", channel.id, (v) => v.status === "error" && v)
    expect(view.error).toMatch(/EADDRINUSE.*taken by another program/)
    await new Promise<void>((resolve) => holder.close(() => resolve()))
    const source = await startSource({ port })
    await product.until("running", channel.id, (v) => v.status === "running")
    await source.stop()
  })

  it("an address that is not local, and one port for two channels", async () => {
    const product = await plainProduct()
    const far = await product.channel({ name: "far", rtp_ip: "192.168.1.100", rtp_port: await freeUdpPort() })
    expect((await product.until("error", far.id, (v) => v.status === "error" && v)).error).toMatch(
      /not one of this machine/,
    )
    const port = await freeUdpPort()
    await product.channel({ name: "one", rtp_ip: "127.0.0.1", rtp_port: port })
    const twice = await product.api<{ errors: Array<{ path: string; message: string }> }>("POST", "/api/channels", {
      name: "two",
      rtp_ip: "0.0.0.0",
      rtp_port: port,
    })
    expect([twice.status, twice.body.errors[0]?.path]).toEqual([409, "rtp_port"])
    expect(twice.headers.get("content-type")).toContain("application/problem+json")
  })

  it("no input is an error with the reason after a while; garbage says what arrives", async () => {
    const product = await plainProduct()
    const port = await freeUdpPort()
    const channel = await product.channel({ name: "quiet", rtp_ip: "127.0.0.1", rtp_port: port })
    expect((await product.view(channel.id)).status).toBe("starting")
    const silent = await product.until("error", channel.id, (v) => v.status === "error" && v, 12_000)
    expect(silent.error).toContain(String(port))
    const stop = new AbortController()
    const noSync = Buffer.alloc(188 * 70, 1)
    const sending = sendTs(noSync, { port, rtp: false, loop: true, signal: stop.signal })
    await product.until("the reason names the sync byte", channel.id, (v) => v.error?.includes("0x47"), 10_000)
    stop.abort()
    await sending
  })

  it("a flood of garbage does not flood the log", async () => {
    const product = await plainProduct()
    const port = await freeUdpPort()
    await product.channel({ name: "flooded", rtp_ip: "127.0.0.1", rtp_port: port })
    const before = product.output.split("\n").length
    await sendTs(Buffer.alloc(188 * 7 * 4000, 3), { port, rtp: false, bitrate: 20e6 })
    const lines = product.output.split("\n").length - before
    expect(lines).toBeLessThan(20)
  })
})

describe("/api/channels as documented", () => {
  it("create, start, add, list, remove, delete", async () => {
    const product = await plainProduct()
    const body = {
      name: "New Channel",
      rtp_ip: "192.168.1.100",
      rtp_port: 5000,
      backup_rtp_ip: "192.168.1.101",
      backup_rtp_port: 5001,
      outputs: [],
    }
    const created = await product.api<ChannelView>("POST", "/api/channels", body)
    expect(created.status).toBe(201)
    expect(created.body).toMatchObject({ ...body, outputs: [], status: "stopped", uptime: 0 })
    const output = await product.api<{ id: string; name: string; status: string }>(
      "POST",
      `/api/channels/${created.body.id}/outputs`,
      {
        protocol: "srt",
        url: "srt://destination:9000?streamid=publish",
      },
    )
    expect(output.status).toBe(201)
    expect(output.body.name).not.toBe("")
    const named = await product.api("POST", `/api/channels/${created.body.id}/outputs`, {
      name: "Output 1",
      protocol: "srt",
      url: "srt://destination:9000?streamid=publish",
    })
    expect(named.body).toMatchObject({ name: "Output 1", protocol: "srt" })
    const list = await product.api<{ channels: ChannelView[] }>("GET", "/api/channels")
    expect(list.body.channels.find(({ id }) => id === created.body.id)?.outputs).toHaveLength(2)
    expect((await product.api("DELETE", `/api/channels/${created.body.id}/outputs/${output.body.id}`)).status).toBe(204)
    expect((await product.api("POST", `/api/channels/${created.body.id}/start`)).status).toBe(200)
    expect((await product.api("POST", `/api/channels/${created.body.id}/stop`)).body).toMatchObject({
      status: "stopped",
    })
    expect((await product.api("DELETE", `/api/channels/${created.body.id}`)).status).toBe(204)
    expect((await product.api("GET", `/api/channels/${created.body.id}`)).status).toBe(404)
    expect((await product.api("GET", "/api/health")).status).toBe(200)
  })

  it("the WebSocket sends the channels", async () => {
    const product = await plainProduct()
    const { id } = await product.channel({ name: "Seen", rtp_ip: "127.0.0.1", rtp_port: await freeUdpPort() })
    const socket = new WebSocket(`ws://127.0.0.1:${product.port}/ws`)
    const message = await new Promise<string>((resolve, reject) => {
      socket.onmessage = (event) => resolve(String(event.data))
      socket.onerror = () => reject(new Error("WebSocket failed"))
    })
    socket.close()
    const { channels } = JSON.parse(message) as { channels: ChannelView[] }
    expect(channels.find((channel) => channel.id === id)).toMatchObject({ name: "Seen" })
  })
})

describe("an open address without a key, where a first key may be made", () => {
  it("starts with a key that it says once, and lets nobody in without it", async () => {
    const dataDir = folder()
    const env = {
      HOST: "0.0.0.0",
      FIRST_KEY_FILE: join(dataDir, "first.key"),
      METRICS_KEY_FILE: join(dataDir, "keys", "prometheus.key"),
    }
    const status = async (product: Product, path: string, key: string) =>
      (await fetch(`${product.url}${path}`, { headers: { Authorization: `Bearer ${key}` } })).status
    const said = (product: Product) => product.output.split(readFileSync(env.FIRST_KEY_FILE, "utf8").trim()).length - 1
    const options = { env, dataDir, keyFile: env.FIRST_KEY_FILE }
    const first = await start(options)
    const key = readFileSync(env.FIRST_KEY_FILE, "utf8").trim()
    const metrics = readFileSync(env.METRICS_KEY_FILE, "utf8").trim()
    expect([said(first), await status(first, "/api/channels", ""), await status(first, "/api/channels", key)]).toEqual([
      1, 401, 200,
    ])
    expect([await status(first, "/metrics", ""), await status(first, "/metrics", metrics)]).toEqual([401, 200])
    expect(
      (await fetch(`${first.url}/api/channels`, { method: "POST", headers: { Authorization: `Bearer ${metrics}` } }))
        .status,
    ).toBe(403)
    await first.kill("SIGTERM")
    const second = await start(options)
    expect([said(second), await status(second, "/api/channels", key)]).toEqual([0, 200])
  })
})
