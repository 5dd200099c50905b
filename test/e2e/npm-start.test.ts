/** `npm start`, from the sources, and the demo. */
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, describe, expect, it } from "vitest"
import { eventually, Product, type ProductOptions } from "./product.ts"
import { SrtReceiver } from "./receivers.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const products: Product[] = []
const folders: string[] = []
const start = async (options: ProductOptions) => {
  const product = await Product.start(options)
  products.push(product)
  return product
}
const folder = () => {
  const path = mkdtempSync(join(tmpdir(), "distributor-"))
  folders.push(path)
  return path
}
afterEach(async () => {
  await Promise.all(products.splice(0).map((p) => p.dispose()))
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true })
})

describe("npm start", () => {
  it("is a session of its own, and killed with all its group leaves the engine to the next start, and the port", async () => {
    const env = { ...process.env, DATA_DIR: folder(), PORT: "0", LOG_FORMAT: "json" }
    const begin = async () => {
      const npm = spawn("npm", ["start"], { cwd: root, env, detached: true })
      let text = ""
      for (const stream of [npm.stdout, npm.stderr]) stream.on("data", (chunk) => (text += String(chunk)))
      const url = await eventually("it listens", () => /listening on (http:[^"]+)/.exec(text)?.[1], 30_000)
      const health = async () => (await (await fetch(`${url}/api/health`)).json()) as { engine: { pid: number } }
      const engine = await eventually("the engine is connected", async () => (await health()).engine.pid)
      return { npm, url, engine }
    }
    const first = await begin()
    process.kill(-(first.npm.pid ?? 0), "SIGKILL")
    await eventually("the service is gone", async () =>
      (await fetch(first.url).catch(() => null)) === null ? true : null,
    )
    expect(existsSync(`/proc/${first.engine}`)).toBe(true)
    const second = await begin()
    expect(second.engine).toBe(first.engine)
    process.kill(-(second.npm.pid ?? 0), "SIGTERM")
    await eventually("the engine is gone", () => !existsSync(`/proc/${first.engine}`) || null)
  })

  it.each(["SIGTERM", "SIGINT"] as const)(
    "ends with its service and its engine when it is told to by %s",
    async (signal) => {
      const npm = spawn("npm", ["start"], {
        cwd: root,
        env: { ...process.env, DATA_DIR: folder(), PORT: "0", LOG_FORMAT: "json" },
      })
      let text = ""
      for (const stream of [npm.stdout, npm.stderr]) stream.on("data", (chunk) => (text += String(chunk)))
      const ended = new Promise((resolve) => npm.once("exit", (code, by) => resolve(code ?? by)))
      const url = await eventually("it listens", () => /listening on (http:[^"]+)/.exec(text)?.[1], 30_000)
      const engine = Number(/engine started \(pid (\d+)\)/.exec(text)?.[1])
      expect(engine).toBeGreaterThan(0)
      npm.kill(signal)
      expect(await ended).toBe(0)
      await expect(fetch(url)).rejects.toThrow()
      // Its exit status may wait for whoever adopted it.
      await eventually("the engine is gone", () => !existsSync(`/proc/${engine}`) || null)
    },
  )
})

describe.each(["bun", "deno"] as const)("the demo on %s", (runtime) => {
  it("shows a running channel, and its SRT listener gives the programme with SCTE-35", async () => {
    const product = await start({ runtime, args: ["--demo"], env: { LOG_FORMAT: "pretty" } })
    const view = await product.until("running", "demo", (v) => v.status === "running" && v, 20_000)
    const url = view.outputs[0]?.url ?? ""
    expect(url).toMatch(/^srt:\/\//)
    const port = /:(\d+)/.exec(url)?.[1]
    await eventually("the terminal says what to run", () =>
      product.output.includes(`ffplay srt://127.0.0.1:${port}`) && product.output.includes(product.url) ? true : null,
    )
    const receiver = await SrtReceiver.open(`srt://127.0.0.1:${port}`)
    await receiver.atLeast(1_000_000, 20_000)
    await receiver.stop()
    const bytes = receiver.bytes()
    expect(bytes.length % 188).toBe(0)
    expect(bytes.includes(Buffer.from([0x86, 0xe1, 0xf4]))).toBe(true)
    expect(bytes.includes(Buffer.from("CUEI"))).toBe(true)
  })
  it("is fed over SRT with --srt-input, and over RTP again without", async () => {
    const first = await start({ runtime, args: ["--demo", "--srt-input"], env: { LOG_FORMAT: "pretty" } })
    const view = await first.until("running", "demo", (v) => v.status === "running" && v, 30_000)
    expect(view.input.legs[0]).toMatchObject({ framing: "srt", srt: { mode: "listener", state: "connected" } })
    await eventually("the terminal says how", () => first.output.includes('by the channel "Demo source"') || null)
    await first.kill("SIGTERM")
    const second = await start({ runtime, args: ["--demo"], dataDir: first.dataDir })
    const again = await second.until("running", "demo", (v) => v.status === "running" && v, 30_000)
    expect(again).toMatchObject({ input_url: null, rtp_ip: "127.0.0.1" })
    expect((await second.api("GET", "/api/channels/demo-source")).status).toBe(404)
  })
})
