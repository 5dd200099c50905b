/**
 * Asks a running service as its users do, all at once: reads at a steady rate over kept connections, WebSocket clients
 * that take every message, and a scrape of /metrics each second. Prints a JSON report at the end or on SIGTERM. See
 * README.md for the options.
 */
import { Agent, get } from "node:http"
import { readArguments } from "./lib/arguments.ts"

const USAGE = `api-load --url http://127.0.0.1:8000 [--rate 500] [--sockets 50] [--scrape seconds] [--duration seconds] [--key KEY]`
const args = readArguments(
  { url: "string", rate: "number", sockets: "number", scrape: "number", duration: "number", key: "string" },
  USAGE,
)
const base = args.url ?? "http://127.0.0.1:8000"
const rate = args.rate ?? 500
const headers: Record<string, string> = args.key === undefined ? {} : { "X-API-Key": args.key }

/** Connections kept open for reads. */
const agent = new Agent({ keepAlive: true, maxSockets: 16 })
const took: number[] = []
const report = {
  asked: 0,
  answered: 0,
  failed: 0,
  bytes: 0,
  scrapes: 0,
  scrape_ms_max: 0,
  socket_messages: 0,
  socket_errors: 0,
}

const ask = (path: string): Promise<number> => {
  const from = performance.now()
  return new Promise((resolve) => {
    const failed = () => {
      report.failed += 1
      resolve(performance.now() - from)
    }
    const request = get(`${base}${path}`, { agent, headers, timeout: 10_000 }, (answer) => {
      answer.on("data", (chunk: Uint8Array) => {
        report.bytes += chunk.byteLength
      })
      answer.once("error", failed)
      answer.once("end", () => {
        if (answer.statusCode !== 200) return failed()
        report.answered += 1
        resolve(performance.now() - from)
      })
    })
    request.once("error", failed)
    request.once("timeout", () => request.destroy(new Error("no answer in 10 s")))
  })
}

/** What automation reads: single channels and outputs mostly, the whole list and health now and then. */
const pathOf = (n: number, ids: ReadonlyArray<number>): string => {
  const id = ids[n % ids.length] ?? 1
  if (n % 50 === 0) return "/api/channels"
  return n % 10 === 0 ? "/api/health" : n % 3 === 0 ? `/api/channels/${id}/outputs` : `/api/channels/${id}`
}

const listed = (await (await fetch(`${base}/api/channels`, { headers })).json()) as {
  channels: ReadonlyArray<{ number: number }>
}
const ids = listed.channels.map(({ number }) => number)
for (let i = 0; i < (args.sockets ?? 50); i++) {
  const socket = new WebSocket(
    `${base.replace(/^http/, "ws")}/ws`,
    args.key === undefined ? [] : [`bearer.${args.key}`],
  )
  socket.addEventListener("message", () => {
    report.socket_messages += 1
  })
  socket.addEventListener("error", () => {
    report.socket_errors += 1
  })
}

const begun = performance.now()
const TICK_MS = 20
const reading = setInterval(() => {
  const due = Math.floor(((performance.now() - begun) / 1000) * rate)
  // No more than a second behind: a service that cannot follow is asked less, and the report says so.
  report.asked = Math.max(report.asked, due - rate)
  for (; report.asked < due; report.asked++) void ask(pathOf(report.asked, ids)).then((ms) => took.push(ms))
}, TICK_MS)
const scraping =
  args.scrape === undefined
    ? undefined
    : setInterval(() => {
        report.scrapes += 1
        void ask("/metrics").then((ms) => {
          report.scrape_ms_max = Math.max(report.scrape_ms_max, ms)
        })
      }, args.scrape * 1000)

const end = () => {
  clearInterval(reading)
  clearInterval(scraping)
  took.sort((a, b) => a - b)
  const at = (share: number) => Math.round((took[Math.floor(took.length * share)] ?? 0) * 10) / 10
  const seconds = (performance.now() - begun) / 1000
  const rates = { per_second: Math.round(report.answered / seconds), p50_ms: at(0.5), p99_ms: at(0.99) }
  process.stdout.write(`${JSON.stringify({ ...report, ...rates, seconds: Math.round(seconds * 10) / 10 })}\n`, () =>
    process.exit(0),
  )
}
process.on("SIGTERM", end)
process.on("SIGINT", end)
if (args.duration !== undefined) setTimeout(end, args.duration * 1000)
