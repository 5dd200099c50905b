/**
 * `npm run bench`: every part on the same input in one go, interleaved when repeated; tables on stdout, JSON in
 * build/bench.json.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { cpus, release } from "node:os"
import { join } from "node:path"
import { cRelay, cSegments } from "./c-relay.ts"
import { engineTable, runEngines } from "./engines.ts"
import { type Measured, measure, type Work } from "./measure.ts"
import { measureRtmp, type RtmpMeasured } from "./measure-rtmp.ts"
import { type BenchOptions, benchOptions, type Part } from "./options.ts"
import { resultTable, rtmpTable, verdictTable } from "./print.ts"
import { abortAll, root, sleep } from "./processes.ts"
import { ffmpeg, ffmpegRtmp, srtLiveTransmit } from "./processes-peer.ts"
import { product, productBySrt } from "./product.ts"
import { rtmpServerMissing } from "./rtmp-server.ts"
import { judge, judgeRtmp, median } from "./targets.ts"

const say = (text: string) => process.stdout.write(`${text}\n`)

const workOf = (part: Part, options: BenchOptions): Work => {
  const { channels, outputs, processes, bitrate, warmupS, windowS } = options
  const srt = { part, channels, bitrate, warmupS, windowS, srtOutputs: outputs, udpOutputs: 0 }
  const udp = { ...srt, srtOutputs: 0, udpOutputs: outputs }
  // One process per output, each with an input of its own, since two processes cannot share unicast to one port.
  const single = { ...srt, channels: processes, srtOutputs: 1 }
  switch (part) {
    case "ours":
      return { ...srt, peer: product }
    case "ours-srt-in":
      return { ...srt, peer: productBySrt }
    case "ours-aes":
      return { ...srt, peer: product, passphrase: "0123456789abcdef" }
    case "ffmpeg":
      return { ...single, peer: ffmpeg }
    case "srt-live-transmit":
      return { ...single, peer: srtLiveTransmit }
    case "c-relay":
      return { ...srt, peer: cRelay }
    case "ours-udp":
      return { ...udp, peer: product }
    case "c-udp":
      return { ...udp, peer: cRelay }
    case "c-gso":
      return { ...udp, peer: cSegments }
    case "ours-udp-asked":
      return { ...udp, peer: product, asked: ["--rate", 500, "--sockets", 50, "--scrape", 1] }
    case "memory":
      return { ...srt, peer: product, srtOutputs: 2, udpOutputs: 2, windowS: Math.min(windowS, 5) }
  }
}

const works = (options: BenchOptions): ReadonlyArray<Work> => {
  const { capacity, bitrate, warmupS, windowS } = options
  if (capacity === null) return options.parts.map((part) => workOf(part, options))
  return [
    {
      part: "capacity",
      peer: product,
      channels: capacity.channels,
      bitrate,
      srtOutputs: capacity.outputs,
      udpOutputs: 0,
      warmupS,
      windowS,
    },
  ]
}

const run = async (options: BenchOptions) => {
  const results: Array<Measured> = []
  const notes: Array<string> = []
  const planned = works(options)
  for (let repeat = 0; repeat < options.runs; repeat++) {
    for (const work of planned) {
      const missing = work.peer.missing()
      if (missing !== null) {
        if (repeat === 0) notes.push(`${work.part}: skipped, ${missing}`)
        continue
      }
      process.stderr.write(`run ${repeat + 1} of ${options.runs}: ${work.part} ...\n`)
      try {
        results.push(await measure(work))
      } catch (cause) {
        notes.push(`${work.part}: failed, ${cause instanceof Error ? cause.message : String(cause)}`)
      }
      await sleep(0.5)
    }
  }
  return { results, notes }
}

/** Warm-up for RTMP outputs, in s. Without it the compiler's own work would be most of what is measured. */
const RTMP_WARMUP_S = 20

const runRtmp = async (options: BenchOptions, notes: Array<string>): Promise<ReadonlyArray<RtmpMeasured>> => {
  const { bitrate, rtmpOutputs: outputs, runs, warmupS, windowS } = options
  if (outputs === 0) return []
  const missing = rtmpServerMissing()
  if (missing !== null) {
    notes.push(`rtmp: skipped, ${missing}`)
    return []
  }
  const results: Array<RtmpMeasured> = []
  const parts = [
    { part: "ours-rtmp-1", peer: product, channels: 1, outputs: 1 },
    { part: "ours-rtmp", peer: product, channels: 1, outputs },
    { part: "ffmpeg-rtmp", peer: ffmpegRtmp, channels: outputs, outputs },
  ]
  for (let repeat = 0; repeat < runs; repeat++)
    for (const work of parts) {
      process.stderr.write(`run ${repeat + 1} of ${runs}: ${work.part} ...\n`)
      try {
        results.push(await measureRtmp({ ...work, bitrate, warmupS: Math.max(warmupS, RTMP_WARMUP_S), windowS }))
      } catch (cause) {
        notes.push(`${work.part}: failed, ${cause instanceof Error ? cause.message : String(cause)}`)
      }
    }
  return results
}

/** Writes all figures to build/bench.json. */
const keep = (figures: Readonly<Record<string, unknown>>) => {
  mkdirSync(join(root, "build"), { recursive: true })
  writeFileSync(
    join(root, "build", "bench.json"),
    `${JSON.stringify({ at: new Date().toISOString(), ...figures }, null, 2)}\n`,
  )
  say("figures: build/bench.json")
}

const main = async () => {
  const options = benchOptions()
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim() ?? "?"}, Linux ${release()}`
  say(
    `${machine}; ${options.bitrate / 1e6} Mbit/s a channel, ${options.windowS} s windows, ${options.runs} run(s), sink without TSBPD`,
  )
  if (options.engines !== null) {
    const { notes, steps } = await runEngines(options, options.engines)
    say(`\n${engineTable(steps)}`)
    for (const note of notes) say(`note: ${note}`)
    keep({ machine, options, steps, notes })
    process.exit(steps.length === 0 ? 1 : 0)
  }
  const { results, notes } = await run(options)
  const rtmp = options.capacity === null ? await runRtmp(options, notes) : []
  const verdicts = [...judge(results), ...judgeRtmp(rtmp)]
  if (results.some(({ part }) => part === "ffmpeg" || part === "srt-live-transmit"))
    notes.push(
      `ffmpeg and srt-live-transmit ran as ${options.processes} processes, one output each; figures are per output packet due, so they compare`,
      "ffmpeg remultiplexes: it drops the private PID (1 packet of 7) and is credited with all packets; its loss is counted in continuity errors",
    )
  for (const { asked, part } of results)
    if (asked !== null)
      notes.push(
        `${part}: ${asked["per_second"]} of 500 reads a second answered, p50 ${asked["p50_ms"]} ms, p99 ${asked["p99_ms"]} ms, ${asked["failed"]} failed, ` +
          `${asked["socket_messages"]} WebSocket messages, slowest scrape ${Math.round(asked["scrape_ms_max"] ?? 0)} ms`,
      )
  const perInput = (part: Part) => {
    const runs = results.filter((result) => result.part === part)
    return median(runs.map((r) => (r.cpu_us_per_packet * r.outputs) / r.channels))
  }
  const [bySrt, byRtp] = [perInput("ours-srt-in"), perInput("ours")]
  if (!Number.isNaN(bySrt - byRtp))
    notes.push(
      `an input packet and its ${options.outputs} SRT outputs cost ${bySrt.toFixed(2)} us by SRT and ${byRtp.toFixed(2)} us by RTP: SRT costs ${(bySrt - byRtp).toFixed(2)} us more for each input packet`,
    )
  if (results.some(({ steal_cores }) => steal_cores > 0.04))
    notes.push("steal above 4 % of a core in some window: repeat before trusting differences below 20 %")
  if (results.some(({ sink_kernel_drops }) => sink_kernel_drops > 0))
    notes.push("the sink's kernel buffers overflowed: some losses are the sink's own")
  if (results.length > 0) say(`\n${resultTable(results)}`)
  if (rtmp.length > 0) say(`\n${rtmpTable(rtmp)}`)
  if (results.length + rtmp.length > 0)
    say(`\n${verdictTable(verdicts.filter(({ result }) => result !== "not measured"))}`)
  for (const note of notes) say(`note: ${note}`)
  keep({ machine, options, results, rtmp, verdicts, notes })
  process.exit(notes.some((note) => note.includes(": failed,")) ? 1 : 0)
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)
  process.on(signal, () => {
    abortAll()
    process.exit(code)
  })
process.on("exit", abortAll)

await main()
