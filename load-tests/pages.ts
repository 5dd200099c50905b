/**
 * What the channel list costs: 50 channels with 8 outputs, all changing every second, in Chromium and on the server
 * (issue targets in brackets).
 *
 *     node_modules/.bin/bun load-tests/pages.ts [--channels 50] [--outputs 8] [--pages 10] [--seconds 20]
 *
 * The control plane is the one of the tests, without streams, so that the figures are those of pages alone. Prints a
 * table; ends with 1 when a target is missed. Needs the Chromium of `npm test` and a machine that does nothing else. The
 * main thread is judged by its processor time, and no automation library is attached to it: either adds half as much.
 */
import { Effect, Exit, Option, Scope } from "effect"
import { memoryAccounts, memoryAudit } from "../src/effects/testing/accounts.ts"
import { serveHttp } from "../src/http/HttpServer.ts"
import { makeFakeControlPlane } from "../src/http/testing/FakeControlPlane.ts"
import { fakeInput, fakeLeg, fakeOutput } from "../src/http/testing/fake-views.ts"
import { readArguments } from "./lib/arguments.ts"
import { startLoneChromium } from "./lib/lone-chromium.ts"

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
const browser = await startLoneChromium("about:blank", "")
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
let pace: ReturnType<typeof setInterval> | undefined
const results: Array<readonly [what: string, value: number, unit: string, most: number]> = []

try {
  const { ask, mainThreadMs, on } = browser
  const evaluate = async <T>(expression: string) =>
    (await ask<{ readonly result: { readonly value: T } }>("Runtime.evaluate", { expression })).result.value
  await ask("Network.enable")
  let weight = 0
  on<{ readonly encodedDataLength: number }>(
    "Network.loadingFinished",
    (loaded) => (weight += loaded.encodedDataLength),
  )
  await ask("Page.navigate", { url })
  await sleep(2000)
  results.push(["weight of the first visit, compressed", weight / 1000, "kB", 100])
  await ask("Network.disable")
  await ask("Page.navigate", { url })
  await sleep(2000)
  const paint = await evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime")
  results.push(["first paint of the list", paint, "ms", 300])

  pace = setInterval(change, 1000)
  await sleep(3000)
  await evaluate("window.swaps = 0, document.addEventListener('htmx:after:swap', () => window.swaps++), 0")
  const before = mainThreadMs()
  await sleep(seconds * 1000)
  results.push(["main thread of an open page", (mainThreadMs() - before) / seconds, "ms/s", 50])
  if ((await evaluate<number>("window.swaps")) < seconds / 2) throw new Error("the page was not updated")

  const cpu = async () => {
    const start = process.cpuUsage()
    await sleep(seconds * 1000)
    const { system, user } = process.cpuUsage(start)
    return (user + system) / 1e4 / seconds
  }
  await browser.close()
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
