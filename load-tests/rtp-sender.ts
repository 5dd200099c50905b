/**
 * Sends N channels of MPEG-TS over RTP or raw UDP with real pacing, and prints a JSON report at the end or on SIGTERM.
 * See README.md for the options.
 */
import { readFileSync } from "node:fs"
import { readArguments } from "./lib/arguments.ts"
import { monotonicNs, sleepUntilNs } from "./lib/native.ts"
import { RtpSource } from "./lib/rtp-source.ts"
import type { RtpSourceOptions } from "./lib/rtp-source-options.ts"
import { parseSelection } from "./lib/selection.ts"

const USAGE = `rtp-sender --base-port 20000 [--host 127.0.0.1] [--channels 1] [--port-step 2] [--bitrate 8000000] [--slots 8]
  [--duration seconds | --count datagrams] [--udp] [--seq-start 0] [--ssrc n] [--payload-type 33] [--first-channel 0]
  [--file some.ts [--once] [--packets 7]] [--loss S] [--duplicate S] [--reorder S] [--ttl 1] [--interface 127.0.0.1]
  S: every:N, burst:N:L, list:a,b or a fraction`

const args = readArguments(
  {
    host: "string",
    channels: "number",
    "base-port": "number",
    "port-step": "number",
    bitrate: "number",
    slots: "number",
    duration: "number",
    count: "number",
    udp: "boolean",
    "seq-start": "number",
    ssrc: "number",
    "payload-type": "number",
    "first-channel": "number",
    file: "string",
    once: "boolean",
    packets: "number",
    loss: "string",
    duplicate: "string",
    reorder: "string",
    ttl: "number",
    interface: "string",
  },
  USAGE,
)

/** Between two of these the thread sleeps without looking at signals. */
const YIELD_NS = 20e6

const present = <T extends object>(options: T) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

const options: RtpSourceOptions = {
  basePort: args["base-port"] ?? 20000,
  rtp: args.udp !== true,
  mediaOnce: args.once === true,
  ...present({
    host: args.host,
    channels: args.channels,
    portStep: args["port-step"],
    bitrate: args.bitrate,
    slots: args.slots,
    count: args.count,
    seqStart: args["seq-start"],
    ssrc: args.ssrc,
    payloadType: args["payload-type"],
    firstChannel: args["first-channel"],
    packetsPerDatagram: args.packets,
    ttl: args.ttl,
    interface: args.interface,
    media: args.file === undefined ? undefined : new Uint8Array(readFileSync(args.file)),
    loss: args.loss === undefined ? undefined : parseSelection(args.loss),
    duplicate: args.duplicate === undefined ? undefined : parseSelection(args.duplicate),
    reorder: args.reorder === undefined ? undefined : parseSelection(args.reorder),
  }),
}

let stopped = false
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => (stopped = true))

const source = new RtpSource(options)
source.start(monotonicNs() + 1e6)
const endNs = monotonicNs() + (args.duration ?? Number.POSITIVE_INFINITY) * 1e9

while (!stopped && !source.done && monotonicNs() < endNs) {
  const yieldNs = monotonicNs() + YIELD_NS
  while (!source.done && source.nextNs < Math.min(yieldNs, endNs)) {
    sleepUntilNs(source.nextNs)
    source.pump()
  }
  if (source.nextNs >= yieldNs) sleepUntilNs(Math.min(yieldNs, endNs))
  await new Promise((resolve) => setImmediate(resolve))
}
process.stdout.write(`${JSON.stringify(source.report())}\n`)
source.close()
