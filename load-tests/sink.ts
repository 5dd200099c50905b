/**
 * Receives UDP, RTP and SRT streams, checks every packet, and prints a JSON report at the end, on SIGTERM, or when told
 * on stdin. See README.md for the options and the figures.
 */
import { createInterface } from "node:readline"
import { readArguments } from "./lib/arguments.ts"
import { libsrt } from "./lib/libsrt.ts"
import { createSrtSink, type SrtSink, type SrtSinkOptions } from "./lib/srt-sink.ts"
import { totals, type Verify } from "./lib/stream-check.ts"
import { createUdpSink, type UdpSink } from "./lib/udp-sink.ts"

const USAGE = `sink [--udp 30000[:count[:step]]] [--srt-listen 9000[:count[:step]]] [--srt-call 9000[:count[:step]]] [--host 127.0.0.1]
  [--group 239.1.1.1] [--verify pattern|ts|none] [--duration seconds] [--no-tsbpd] [--latency ms] [--passphrase s] [--pbkeylen 16|24|32]
  [--streamid s] [--reconnect ms] [--poll ms] [--summary] [--control]
  RTP and raw UDP are told apart by datagram. --summary leaves single streams out of the report.
  --control reads stdin, a word a line: report (prints one), reset (counts from zero, answers {"reset":true}), stop.`

const args = readArguments(
  {
    udp: "string",
    "srt-listen": "string",
    "srt-call": "string",
    host: "string",
    group: "string",
    verify: "string",
    duration: "number",
    "no-tsbpd": "boolean",
    latency: "number",
    passphrase: "string",
    pbkeylen: "number",
    streamid: "string",
    reconnect: "number",
    poll: "number",
    summary: "boolean",
    control: "boolean",
  },
  USAGE,
)

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

/** `30000:25:2` is 25 ports from 30000 in steps of 2. */
const ports = (text: string | undefined): ReadonlyArray<number> => {
  if (text === undefined) return []
  if (!/^\d+(:\d+){0,2}$/.test(text)) fail(`"${text}" is not port[:count[:step]]`)
  const [first = 0, count = 1, step = 1] = text.split(":").map(Number)
  return Array.from({ length: count }, (_, i) => first + i * step)
}

const isVerify = (text: string): text is Verify => text === "pattern" || text === "ts" || text === "none"
const verify = args.verify ?? "pattern"
if (!isVerify(verify)) throw fail(`--verify ${verify} is not pattern, ts or none`)

const srtOptions = (mode: "listener" | "caller", port: number): SrtSinkOptions => ({
  mode,
  port,
  verify,
  pollMs: 0,
  tsbpd: args["no-tsbpd"] !== true,
  ...(args.host === undefined ? {} : { host: args.host }),
  ...(args.latency === undefined ? {} : { latencyMs: args.latency }),
  ...(args.passphrase === undefined ? {} : { passphrase: args.passphrase }),
  ...(args.pbkeylen === undefined ? {} : { pbkeylen: args.pbkeylen }),
  ...(args.streamid === undefined ? {} : { streamid: args.streamid }),
  ...(args.reconnect === undefined ? {} : { reconnectMs: args.reconnect }),
})

const udpSinks: ReadonlyArray<UdpSink> = ports(args.udp).map((port) =>
  createUdpSink({
    port,
    verify,
    pollMs: 0,
    ...(args.host === undefined ? {} : { host: args.host }),
    ...(args.group === undefined ? {} : { group: args.group }),
  }),
)
const srtSinks: ReadonlyArray<SrtSink> = [
  ...ports(args["srt-listen"]).map((port) => createSrtSink(srtOptions("listener", port))),
  ...ports(args["srt-call"]).map((port) => createSrtSink(srtOptions("caller", port))),
]
if (udpSinks.length + srtSinks.length === 0) fail(USAGE)

const report = () => {
  const checks = [...udpSinks.map((sink) => sink.check), ...srtSinks.flatMap((sink) => sink.checks())]
  return {
    totals: totals(checks),
    connected: srtSinks.reduce((sum, sink) => sum + sink.stats().connected, 0),
    kernel_drops: udpSinks.reduce((sum, sink) => sum + sink.stats().kernel_drops, 0),
    ...(args.summary === true
      ? {}
      : { streams: [...udpSinks.map((sink) => sink.stats()), ...srtSinks.flatMap((sink) => sink.streams())] }),
  }
}
export type SinkReport = ReturnType<typeof report>

const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)
const poll = () => {
  for (const sink of udpSinks) sink.poll()
  for (const sink of srtSinks) sink.poll()
}
const timer = setInterval(poll, args.poll ?? 10)

const stop = () => {
  clearInterval(timer)
  poll()
  process.stdout.write(`${JSON.stringify(report())}\n`, () => {
    for (const sink of [...udpSinks, ...srtSinks]) sink.close()
    if (srtSinks.length > 0) libsrt().cleanup()
    process.exit(0)
  })
}

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, stop)
if (args.duration !== undefined) setTimeout(stop, args.duration * 1000)
if (args.control === true) {
  const lines = createInterface({ input: process.stdin })
  lines.on("line", (line) => {
    if (line === "report") say(report())
    else if (line === "reset") {
      for (const sink of [...udpSinks, ...srtSinks]) sink.reset()
      say({ reset: true })
    } else if (line === "stop") stop()
  })
  // The one who started this is gone.
  lines.on("close", stop)
  say({ ready: true })
}
