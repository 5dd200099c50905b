/**
 * Whether the wall can stand in a gallery for weeks: opens it in Chromium with many channels whose pictures are renewed,
 * and tells each minute what the page costs and holds (issue targets in brackets at the end).
 *
 *     node_modules/.bin/bun load-tests/wall.ts --minutes 120 [--channels 50] [--outputs 8] [--faster 1] [--url http://…/wall]
 *
 * `--faster 8` renews pictures eight times as often: a quarter of an hour is then two hours of pictures. `--url` watches
 * the wall of a service that runs already. Without it the control plane is that of the tests, so that hours of it
 * disturb nobody. Ends with 1 when a target is missed. Needs `chromium-headless-shell` and, without `--url`, ffmpeg.
 */
import { readArguments } from "./lib/arguments.ts"
import { grownSince, heapOf, sizeOf } from "./lib/heap-snapshot.ts"
import { startLoneChromium } from "./lib/lone-chromium.ts"
import { startWallService } from "./lib/wall-service.ts"

const USAGE = "wall --minutes 120 [--channels 50] [--outputs 8] [--faster 1] [--url http://127.0.0.1:8000/wall]"
const args = readArguments(
  { minutes: "number", channels: "number", outputs: "number", faster: "number", url: "string" },
  USAGE,
)
const { minutes = 120, channels = 50, outputs = 8, faster = 1, url } = args

/** What a page renews by itself in ms, see views/assets/thumbnails.js. */
const EVERY_MS = 8000
const MINUTE_MS = 60_000
/** Time in which a page comes to its level: caches fill, scripts are compiled. */
const WARMING_MS = Math.min(5, minutes / 4) * MINUTE_MS
/** Growth that counts as none: garbage is collected when the browser sees fit. */
const MOST_GROWTH = 1.05

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const say = (text: string) => process.stdout.write(`${text}\n`)
const mb = (bytes: number) => (bytes / 1e6).toFixed(1)

interface Minute {
  readonly mainMs: number
  readonly heap: number
  readonly nodes: number
  readonly listeners: number
  readonly renderer: number
  readonly browser: number
}

const service = url === undefined ? await startWallService(channels, outputs, faster) : undefined
const chromium = await startLoneChromium(
  url ?? `${service?.url}/wall`,
  `
  const every = setInterval
  globalThis.setInterval = (tell, ms, ...rest) => every(tell, ms === ${EVERY_MS} ? ms / ${faster} : ms, ...rest)`,
)
const taken: Minute[] = []

const figures = async () => {
  await chromium.ask("HeapProfiler.collectGarbage")
  const { metrics } = await chromium.ask<{
    readonly metrics: ReadonlyArray<{ readonly name: string; readonly value: number }>
  }>("Performance.getMetrics")
  const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0
  return { heap: of("JSHeapUsedSize"), nodes: of("Nodes"), listeners: of("JSEventListeners"), ...chromium.memory() }
}

/** Whether the last third reached more than the one before it, beyond what counts as none. */
const grew = (of: (minute: Minute) => number): number => {
  const third = Math.floor(taken.length / 3)
  const most = (some: ReadonlyArray<Minute>) => Math.max(...some.map(of))
  return most(taken.slice(-third)) / most(taken.slice(-2 * third, -third))
}

const results: Array<readonly [what: string, value: number, unit: string, most: number]> = []
try {
  await chromium.ask("Performance.enable")
  await sleep(WARMING_MS)
  const before = await heapOf(chromium)
  let [cpu, since] = [chromium.mainThreadMs(), performance.now()]
  for (let minute = 1; minute <= minutes; minute++) {
    await sleep(MINUTE_MS - ((performance.now() - since) % MINUTE_MS))
    const [nowCpu, now] = [chromium.mainThreadMs(), performance.now()]
    const mainMs = ((nowCpu - cpu) * 1000) / (now - since)
    const one = { mainMs, ...(await figures()) }
    ;[cpu, since] = [chromium.mainThreadMs(), performance.now()]
    taken.push(one)
    say(
      `minute ${minute}: main thread ${mainMs.toFixed(1)} ms/s, heap ${mb(one.heap)} MB, ${one.nodes} nodes, ${one.listeners} listeners, ` +
        `PSS of the page ${mb(one.renderer)} MB, of the browser ${mb(one.browser)} MB`,
    )
  }
  const after = await heapOf(chromium)
  say("what the heap holds more of than at first:")
  for (const { count, kind, size } of grownSince(before, after).slice(0, 8))
    say(`  ${kind.slice(0, 60)}: ${count >= 0 ? "+" : ""}${count}, +${(size / 1000).toFixed(1)} kB`)
  const mean = taken.reduce((sum, { mainMs }) => sum + mainMs, 0) / taken.length
  results.push(["main thread", mean, "ms/s", 100])
  results.push(["heap snapshot, against the first", sizeOf(after) / sizeOf(before), "times", 1.1])
  results.push([
    "PSS of the page, last third against the one before",
    grew(({ renderer }) => renderer),
    "times",
    MOST_GROWTH,
  ])
  results.push([
    "PSS of the browser, last third against the one before",
    grew(({ browser }) => browser),
    "times",
    MOST_GROWTH,
  ])
  results.push(["nodes, last third against the one before", grew(({ nodes }) => nodes), "times", MOST_GROWTH])
  results.push(["listeners, last third against the one before", grew(({ listeners }) => listeners), "times", 1])
} finally {
  await chromium.close()
  await service?.close()
}

for (const [what, value, unit, most] of results)
  say(`${value <= most ? "ok    " : "MISSED"} ${what}: ${value.toFixed(2)} ${unit} (at most ${most})`)
process.exit(results.length > 0 && results.every(([, value, , most]) => value <= most) ? 0 : 1)
