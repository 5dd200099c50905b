/**
 * What the channel list costs: 50 channels with 8 outputs, all changing every second, in Chromium and on the server
 * (issue targets in brackets).
 *
 *     node_modules/.bin/bun load-tests/pages.ts [--channels 50] [--outputs 8] [--pages 10] [--seconds 20]
 *
 * The control plane is the one of the tests, without streams, so that the figures are those of pages alone. Prints a
 * table; ends with 1 when a target is missed. Needs the Chromium of `npm test` and a machine that does nothing else.
 */
import { Effect, Exit, Option, Scope } from "effect"
import { memoryAccounts, memoryAudit } from "../src/effects/testing/accounts.ts"
import { serveHttp } from "../src/http/HttpServer.ts"
import { makeFakeControlPlane } from "../src/http/testing/FakeControlPlane.ts"
import { fakeInput, fakeLeg, fakeOutput } from "../src/http/testing/fake-views.ts"
import { startBrowser } from "../test/e2e/browser.ts"
import { readArguments } from "./lib/arguments.ts"

const USAGE = "pages [--channels 50] [--outputs 8] [--pages 10] [--seconds 20]"
const args = readArguments({ channels: "number", outputs: "number", pages: "number", seconds: "number" }, USAGE)
const { channels = 50, outputs = 8, pages = 10, seconds = 20 } = args

const recent = new Map<string, { readonly bitrates: ReadonlyArray<number>; readonly cc_errors: number }>()
const plane = makeFakeControlPlane({ history: { recent: Effect.sync(() => recent) } })
const any = (most: number) => Math.floor(Math.random() * most)

for (let i = 0; i < channels; i++) {
  await Effect.runPromise(plane.channels.create({ name: `Channel ${i + 1}`, rtp_port: 5000 + 2 * i }))
}
const ids = (await Effect.runPromise(plane.channels.list)).map(({ id }) => id)

/** Every figure of every channel changes, and one output in ten fails; the order stays. */
const change = () => {
  for (const id of ids) {
    const made = Array.from({ length: outputs }, (_, i) => {
      const failing =
        i === 0
          ? { last_error: "connection refused", next_retry_at: new Date(Date.now() + any(9000)).toISOString() }
          : {}
      return fakeOutput({
        id: `out-${i}`,
        status: i === 0 ? "retrying" : "connected",
        bitrate: 4e6 + any(4e6),
        ...failing,
      })
    })
    const input = fakeInput({ legs: [fakeLeg({ bitrate: 4e6 + any(8e6) })] })
    plane.show(id, { status: "running", uptime: any(1e6), outputs: made, input })
    recent.set(id, { bitrates: Array.from({ length: 30 }, () => 4e6 + any(8e6)), cc_errors: any(100) })
  }
}
change()

const scope = await Effect.runPromise(Scope.make())
const settings = { host: "127.0.0.1", port: 0, apiKey: Option.none(), auth: true }
const accounts = { accounts: memoryAccounts({ apiKey: false }), audit: memoryAudit() }
const { url } = await Effect.runPromise(Scope.extend(serveHttp(settings, plane, accounts), scope))
const browser = await startBrowser()
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
let pace: ReturnType<typeof setInterval> | undefined
const results: Array<readonly [what: string, value: number, unit: string, most: number]> = []

try {
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } })
  const session = await page.context().newCDPSession(page)
  await session.send("Performance.enable")
  await session.send("Network.enable")
  let weight = 0
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (weight += encodedDataLength))
  await page.goto(url)
  await sleep(500)
  results.push(["weight of the first visit, compressed", weight / 1000, "kB", 100])
  await page.reload()
  await sleep(500)
  const paint = await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime")
  results.push(["first paint of the list", paint, "ms", 300])

  const busy = async () => {
    const { metrics } = await session.send("Performance.getMetrics")
    return new Map(metrics.map(({ name, value }) => [name, value]))
  }
  pace = setInterval(change, 1000)
  await sleep(3000)
  const before = await busy()
  await page.evaluate("window.swaps = 0, document.addEventListener('htmx:after:swap', () => window.swaps++), 0")
  await sleep(seconds * 1000)
  const after = await busy()
  const perSecond = (name: string) => ((after.get(name) ?? 0) - (before.get(name) ?? 0)) * (1000 / seconds)
  results.push(["main thread of an open page", perSecond("TaskDuration"), "ms/s", 50])
  const parts = ["ScriptDuration", "RecalcStyleDuration", "LayoutDuration"].map(
    (name) => `${name} ${perSecond(name).toFixed(1)}`,
  )
  process.stdout.write(`of the main thread, in ms/s: ${parts.join(", ")}\n`)
  if ((await page.evaluate<number>("window.swaps")) < seconds / 2) throw new Error("the page was not updated")

  const cpu = async () => {
    const start = process.cpuUsage()
    await sleep(seconds * 1000)
    const { system, user } = process.cpuUsage(start)
    return (user + system) / 1e4 / seconds
  }
  await page.close()
  const idle = await cpu()
  const readers = await Promise.all(
    Array.from({ length: pages }, async () => (await fetch(`${url}/live/channels`)).body?.getReader()),
  )
  // In this process, so reading is part of the figure.
  for (const reader of readers)
    void (async () => {
      while ((await reader?.read())?.done === false);
    })()
  await sleep(2000)
  results.push([`server for ${pages} open pages`, (((await cpu()) - idle) * 10) / pages, "% of a core", 3])
  for (const reader of readers) await reader?.cancel()
} finally {
  clearInterval(pace)
  await browser.close()
  await Effect.runPromise(Scope.close(scope, Exit.void))
}

for (const [what, value, unit, most] of results) {
  process.stdout.write(
    `${value <= most ? "ok    " : "MISSED"} ${what}: ${value.toFixed(1)} ${unit} (at most ${most})\n`,
  )
}
process.exit(results.every(([, value, , most]) => value <= most) ? 0 : 1)
