/**
 * Whether the service answers beside neighbours that take all they get: the product with channels and outputs, and
 * processes that compute without end. Asks for `/livez` and for pages, each twice a second over a new connection as an
 * orchestrator does, and verifies every packet meanwhile. Ends with 1 when a target is missed.
 *
 *     node_modules/.bin/bun load-tests/busy.ts [--loops 8] [--seconds 60] [--channels 25] [--outputs 2] [--bitrate 4000000]
 */
import { getPriority, setPriority } from "node:os"
import { loadOf, startSender, startSinkOf, untilLive } from "./bench/measure.ts"
import { abortAll, sleep, start } from "./bench/processes.ts"
import { product } from "./bench/product.ts"
import { readArguments } from "./lib/arguments.ts"

const USAGE = "busy [--loops 8] [--seconds 60] [--channels 25] [--outputs 2] [--bitrate 4000000]"
const args = readArguments(
  { loops: "number", seconds: "number", channels: "number", outputs: "number", bitrate: "number" },
  USAGE,
)
const { loops = 8, seconds = 60, channels = 25, outputs = 2, bitrate = 4_000_000 } = args

/** Longest time in ms that an answer may take. */
const TARGETS = { "/livez": 1000, "/": 3000, "/channels/bench-0": 3000, "/events": 3000, "/api/health": 3000 } as const
const EVERY_S = 0.5
/** After this time without an answer in ms the question has failed. */
const PATIENCE_MS = 15_000
const ASKER_NICE = -15
const say = (text: string) => process.stdout.write(`${text}\n`)

/** How long each answer of a path took, in ms, from `afterS` until `ended`; infinite where none came. */
const ask = async (url: string, afterS: number, ended: () => boolean): Promise<number[]> => {
  const took: number[] = []
  await sleep(afterS)
  while (!ended()) {
    const from = performance.now()
    const answer = await fetch(url, {
      headers: { connection: "close", accept: "text/html, application/json" },
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch(() => null)
    const body = await answer?.arrayBuffer().catch(() => null)
    took.push(answer?.status === 200 && body != null ? performance.now() - from : Number.POSITIVE_INFINITY)
    await sleep(Math.max(0, EVERY_S - (performance.now() - from) / 1000))
  }
  return took.sort((a, b) => a - b)
}

const load = await loadOf({ channels, bitrate, srtOutputs: outputs, udpOutputs: 0 })
process.on("exit", abortAll)
const sink = await startSinkOf(product.verify, load)
const running = await product.start(load)
const sender = startSender(product.input, load)
await untilLive(sink, channels * outputs, running)

// With an environment, since those without are helpers, which are raised.
const neighbours = Array.from({ length: loops }, () => start(process.execPath, ["-e", "for (;;) {}"], {}))
try {
  // Answers are timed by somebody who does not wait for a processor himself.
  setPriority(ASKER_NICE)
} catch {
  say("without CAP_SYS_NICE the service and who asks it run at the normal priority")
}
await sleep(2)
await sink.reset()
const until = performance.now() + seconds * 1000
const paths = Object.entries(TARGETS)
// The questions are spread over the time between two of a path, so that an answer does not wait for the others.
const answers = await Promise.all(
  paths.map(([path], at) =>
    ask(`${running.url}${path}`, (EVERY_S * at) / paths.length, () => performance.now() > until),
  ),
)
const { kernel_drops, totals } = await sink.report()
const priorities = running.pids().map(({ pid, role }) => `${role} ${getPriority(pid)}`)
for (const neighbour of neighbours) await neighbour.stop()
const own = await running.counters()
await sender.stop()
await running.stop()
await sink.started.stop()

say(
  `${loops} busy loops for ${seconds} s beside ${channels} channels x ${outputs} SRT outputs of ${bitrate / 1e6} Mbit/s`,
)
say(`nice values: ${priorities.join(", ")}`)
let missed = 0
for (const [at, [path, target]] of paths.entries()) {
  const took = answers[at] ?? []
  const part = (share: number) => Math.round(took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0)
  const failed = took.filter((ms) => ms === Number.POSITIVE_INFINITY).length
  const most = took.at(-1) ?? Number.POSITIVE_INFINITY
  if (most > target) missed++
  const figures = `${took.length} answers, p50 ${part(0.5)} ms, p99 ${part(0.99)} ms, longest ${Math.round(most)} ms`
  say(`${path.padEnd(20)} ${figures}, ${failed} failed (at most ${target} ms): ${most > target ? "MISS" : "pass"}`)
}
const wrong = totals.lost + totals.corrupt + totals.duplicated + totals.out_of_order
const drops = `${kernel_drops} dropped before the sink, ${own?.input_drops ?? 0} before the engine`
say(`packets: ${totals.received} received, ${wrong} lost or wrong, ${drops}, longest gap ${totals.gap_max_ms} ms`)
process.exit(missed + wrong > 0 ? 1 : 0)
