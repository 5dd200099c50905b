/** A control plane that dies leaves a record for the next one; one that is told to end leaves none. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, expect, it } from "vitest"
import type { Crash, CrashSummary } from "../../src/effects/engine/Crashes.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"

const THROWS = { BUN_OPTIONS: `--preload=${fileURLToPath(new URL("throw-on-signal.ts", import.meta.url))}` }

let product: Product | null = null
afterEach(async () => {
  await product?.dispose()
  product = null
})

const start = async (options: Parameters<typeof Product.start>[0]) => {
  product = await Product.start(options)
  return product
}
const crashesOf = async (of: Product) =>
  (await of.api<{ crashes: ReadonlyArray<CrashSummary> }>("GET", "/api/engine/crashes")).body.crashes

/** When the product found that the one before it had died, Unix time; 0 when that one ended as it should. */
const deathFoundAt = async ({ url }: Product): Promise<number> => {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Number(/^distributor_control_plane_death_found_timestamp_seconds (\S+)$/m.exec(metrics)?.[1])
}

/** A product with a channel that its engine carries, which is then ended, and the next one. */
const endedBy = async (signal: NodeJS.Signals) => {
  const first = await start({ env: THROWS })
  const channel = await first.channel({ name: "Main", rtp_ip: "127.0.0.1", rtp_port: await freeUdpPort() })
  expect(await crashesOf(first)).toEqual([])
  const noted = () => readFileSync(join(first.dataDir, "control.json"), "utf8").includes(channel.id)
  await eventually("it notes what it carries, every 5 s", () => (noted() ? true : null))
  const code = await first.kill(signal)
  const next = await start({ dataDir: first.dataDir, port: first.port })
  return { channel, code, first, next }
}

const theOnlyOne = async (next: Product): Promise<Crash> => {
  const [crash, ...others] = await crashesOf(next)
  expect(others).toEqual([])
  return (await next.api<Crash>("GET", `/api/engine/crashes/${crash?.id}`)).body
}

it("kill -9: the next start tells of it by REST, on the pages and in its log", async () => {
  const { channel, first, next } = await endedBy("SIGKILL")
  const crash = await theOnlyOne(next)
  expect(crash).toMatchObject({
    process: "control_plane",
    engine: null,
    pid: first.child.pid,
    why: expect.stringMatching(/^the control plane \(pid \d+\) was killed and left no reason: /),
    channels: [channel.id],
    handled: null,
    figures: { engines: 1, channels: 1 },
    log: expect.stringContaining("the engine started (pid"),
  })
  expect(crash.uptime).toBeGreaterThan(1)
  expect(Math.abs(Date.now() - Date.parse(crash.at))).toBeLessThan(120_000)
  expect(next.output).toContain("was killed and left no reason")

  expect(Math.abs(Date.now() / 1000 - (await deathFoundAt(next)))).toBeLessThan(120)

  const system = await (await fetch(`${next.url}/system`)).text()
  expect(system).toContain(`href="/system/crashes/${crash.id}"`)
  const page = await (await fetch(`${next.url}/system/crashes/${crash.id}`)).text()
  for (const words of ["Crash of the control plane", "was killed and left no reason", "the engine started (pid"])
    expect(page).toContain(words)

  // An orderly end makes no record, and what was told is not told again.
  expect(await next.kill("SIGTERM")).toBe(0)
  const third = await start({ dataDir: next.dataDir, port: next.port })
  expect((await crashesOf(third)).map(({ id }) => id)).toEqual([crash.id])
  expect(await deathFoundAt(third)).toBe(0)
})

it.each([
  ["an error that nobody catches", "SIGUSR2", "Error: thrown by the test"],
  ["a promise that is rejected, and nobody waits", "SIGWINCH", "Error: rejected by the test"],
] as const)("%s: the next start has its words and where it came from", async (_, signal, words) => {
  const { code, first, next } = await endedBy(signal)
  expect(code).toBe(1)
  await eventually("its words", () => (first.output.includes(words) ? true : null), 5000)
  const crash = await theOnlyOne(next)
  expect(crash.why).toContain(`ended by an error that nobody caught: ${words}`)
  expect(crash.log).toMatch(/throw-on-signal\.ts:\d+/)
  for (const text of [crash.why, crash.log, first.output]) expect(text).not.toContain("verysecretwords")
})
