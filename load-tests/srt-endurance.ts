/**
 * Sends channels over SRT through an impaired network for as long as asked, and tells each minute what has arrived and
 * what the engine's memory is: `bun load-tests/srt-endurance.ts --stack own --seconds 7200 --loss 0.02`. Ends with status
 * 1 when a packet was lost or altered.
 */

import { EngineProcess } from "../test/e2e/engine-process.ts"
import { runSender } from "../test/e2e/load-process.ts"
import { freeUdpPort } from "../test/e2e/ports.ts"
import { residentKb } from "../test/e2e/resident-memory.ts"
import { readArguments } from "./lib/arguments.ts"
import { ImpairedRelay } from "./lib/impaired-relay.ts"
import { createSrtSink } from "./lib/srt-sink.ts"

const args = readArguments(
  {
    stack: "string",
    seconds: "number",
    bitrate: "number",
    latency: "number",
    loss: "number",
    burst: "number",
    duplicates: "number",
    overtaken: "number",
    delay: "number",
    refresh: "number",
    passphrase: "string",
    seed: "number",
  },
  "srt-endurance [--stack own|libsrt] [--seconds 60] [--bitrate 4000000] [--latency 400 ms] [--delay 20 ms one way]\n" +
    "  [--loss 0.02] [--burst 1] [--duplicates 0] [--overtaken 0] [--passphrase 0123456789abcdef]\n" +
    "  [--refresh 20000 packets a key] [--seed 1]",
)
const seconds = args.seconds ?? 60
const latency = args.latency ?? 400
const passphrase = args.passphrase ?? "0123456789abcdef"
const refresh = args.refresh ?? 20_000

const engine = await EngineProcess.start()
const input = await engine.channel()
const sink = createSrtSink({ port: await freeUdpPort(), passphrase, latencyMs: latency })
const relay = await ImpairedRelay.open(sink.port, {
  loss: args.loss ?? 0.02,
  delayMs: args.delay ?? 20,
  seed: args.seed ?? 1,
  ...(args.burst === undefined ? {} : { burst: args.burst }),
  ...(args.duplicates === undefined ? {} : { duplicates: args.duplicates }),
  ...(args.overtaken === undefined ? {} : { overtaken: args.overtaken }),
})
const keys = `passphrase=${passphrase}&key_refresh_packets=${refresh}`
await engine.connect(`srt://127.0.0.1:${relay.port}?latency=${latency}&${keys}&stack=${args.stack ?? "own"}`)

/** Why the connection is over, with what the engine said; undefined while it is there. */
const whyEnded = () => {
  const { state, reason } = engine.stateOf("o1") ?? {}
  return state === "connected" ? undefined : `${state}: ${JSON.stringify(reason)}\n${engine.log}`
}

/**
 * The longest time in ms that this process, which is the network and the receiver, has stood still since it was last
 * told: what is lost then is the machine's doing.
 */
const TICK_MS = 50
let ticked = performance.now()
let stoodMs = 0
const ticks = setInterval(() => {
  stoodMs = Math.max(stoodMs, performance.now() - ticked - TICK_MS)
  ticked = performance.now()
}, TICK_MS)

const tell = async () => {
  const { received, lost, corrupt, duplicated, out_of_order } = sink.stats()
  const stood_ms = Math.round(Math.max(stoodMs, performance.now() - ticked - TICK_MS))
  stoodMs = 0
  const ended = whyEnded()
  if (ended !== undefined) throw new Error(`the connection is ${ended}`)
  const { srt, packets_dropped } = await engine.output()
  const report = {
    seconds: Math.round((performance.now() - began) / 1000),
    received,
    lost,
    corrupt,
    duplicated,
    out_of_order,
    dropped: packets_dropped,
    resent: srt?.packets_retransmitted,
    reports: srt?.naks_received,
    rtt_ms: srt?.rtt_ms,
    stood_ms,
    relay_lost: relay.lost,
    resident_kb: residentKb(engine.pid),
  }
  console.log(JSON.stringify(report))
  return report
}

const began = performance.now()
const sending = runSender(
  ["--base-port", `${input}`, "--bitrate", `${args.bitrate ?? 4_000_000}`, "--duration", `${seconds}`],
  [],
  (seconds + 30) * 1000,
)
const timer = setInterval(() => void tell(), 60_000)
const { sent } = await sending
clearInterval(timer)
clearInterval(ticks)
// The receiver hands the last packets over when their latency is over.
await new Promise((resolve) => setTimeout(resolve, latency + 1000))
const { received, lost, corrupt } = await tell()
console.log(JSON.stringify({ stack: args.stack ?? "own", sent, received, missing: sent - received, lost, corrupt }))
sink.close()
relay.close()
await engine.dispose()
process.exit(lost + corrupt === 0 ? 0 : 1)
