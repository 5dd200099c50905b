/** CPU and memory of RTMP outputs: one channel of ours with all of them, against one ffmpeg for each. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, renameSync } from "node:fs"
import { join } from "node:path"
import type { Load, Peer } from "./peer.ts"
import { cpuSeconds, rssBytes, stealSeconds } from "./proc.ts"
import { freeUdpPorts, root, sleep, startTool } from "./processes.ts"
import { startRtmpServer } from "./rtmp-server.ts"

export interface RtmpMeasured {
  readonly part: string
  readonly outputs: number
  readonly seconds: number
  /** CPU in percent of one core, and below, MiB of resident memory, per output. */
  readonly cpu_percent_per_output: number
  readonly rss_mib_per_output: number
  /** Cores used, by role. */
  readonly cores: Readonly<Record<string, number>>
  /** Bit rate in bit/s that the server received from the slowest output, and below, from the fastest. */
  readonly received_min: number
  readonly received_max: number
  readonly steal_cores: number
}

export interface RtmpWork {
  readonly part: string
  readonly peer: Peer
  /** Number of channels: 1 with all outputs, or one for each output. */
  readonly channels: number
  readonly outputs: number
  readonly bitrate: number
  readonly warmupS: number
  readonly windowS: number
}

const READY_S = 30
const FILE_S = 90
const round = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits

/** A programme of real H.264 and AAC with pictures every 2 s to start at; made once. */
const programme = (bitrate: number): string => {
  const file = join(root, "build", `bench-rtmp-${bitrate}.ts`)
  if (existsSync(file)) return file
  mkdirSync(join(root, "build"), { recursive: true })
  const video = `${Math.round(bitrate * 0.88)}`
  const source = [
    "-f",
    "lavfi",
    "-i",
    "testsrc2=size=1280x720:rate=25,noise=alls=30:allf=t",
    "-f",
    "lavfi",
    "-i",
    "sine=frequency=1000:sample_rate=48000",
  ]
  const encode = [
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-bf",
    "0",
    "-g",
    "50",
    "-b:v",
    video,
    "-minrate",
    video,
    "-maxrate",
    video,
    "-bufsize",
    video,
  ]
  const mux = ["-c:a", "aac", "-b:a", "128k", "-muxrate", String(bitrate), "-f", "mpegts", `${file}.part`]
  const made = spawnSync(
    "ffmpeg",
    ["-y", "-nostdin", "-loglevel", "error", ...source, "-t", String(FILE_S), ...encode, ...mux],
    {
      encoding: "utf8",
    },
  )
  if (made.status !== 0) throw new Error(`ffmpeg could not make the test programme: ${made.stderr}`)
  renameSync(`${file}.part`, file)
  return file
}

/** Measures RTMP outputs. Throws with the peer's own words when they do not come up; always ends what it started. */
export const measureRtmp = async (work: RtmpWork): Promise<RtmpMeasured> => {
  const { bitrate, channels, outputs, peer } = work
  const file = programme(bitrate)
  const server = await startRtmpServer()
  const ends: Array<() => Promise<void>> = [() => server.stop()]
  try {
    const inputPort = await freeUdpPorts(channels * 2 + 2)
    const load: Load = {
      channels,
      bitrate,
      inputPort,
      srtPort: 0,
      srtOutputs: 0,
      udpPort: 0,
      udpOutputs: 0,
      rtmpPort: server.port,
      rtmpOutputs: outputs / channels,
    }
    const running = await peer.start(load)
    ends.unshift(() => running.stop())
    const sender = startTool("rtp-sender", [
      "--base-port",
      inputPort,
      "--port-step",
      2,
      "--channels",
      channels,
      "--bitrate",
      bitrate,
      "--file",
      file,
      ...(peer.input === "udp" ? ["--udp"] : []),
    ])
    ends.unshift(() => sender.stop())
    for (let waited = 0; ; waited += 0.5) {
      const live = [...(await server.received()).values()].filter((bytes) => bytes > 50_000).length
      if (live >= outputs) break
      if (waited >= READY_S)
        throw new Error(`${live} of ${outputs} outputs after ${READY_S} s: ${running.errors().slice(-1500)}`)
      await sleep(0.5)
    }
    await sleep(work.warmupS)
    const pids = running.pids()
    const usage = () => pids.map(({ pid, role }) => ({ role, cpu: cpuSeconds(pid) ?? 0 }))
    const before = { at: performance.now(), used: usage(), bytes: await server.received(), stolen: stealSeconds() }
    await sleep(work.windowS)
    const after = { at: performance.now(), used: usage(), bytes: await server.received(), stolen: stealSeconds() }
    const rss = pids.reduce((sum, { pid }) => sum + rssBytes(pid), 0)
    const seconds = (after.at - before.at) / 1000
    const cores: Record<string, number> = {}
    for (const [i, { cpu, role }] of after.used.entries())
      cores[role] = (cores[role] ?? 0) + (cpu - (before.used[i]?.cpu ?? 0)) / seconds
    const rates = [...after.bytes].map(([name, bytes]) => ((bytes - (before.bytes.get(name) ?? 0)) * 8) / seconds)
    const all = Object.values(cores).reduce((sum, used) => sum + used, 0)
    return {
      part: work.part,
      outputs,
      seconds: round(seconds, 2),
      cpu_percent_per_output: round((all / outputs) * 100, 3),
      rss_mib_per_output: round(rss / 1048576 / outputs, 2),
      cores: Object.fromEntries(Object.entries(cores).map(([role, used]) => [role, round(used, 4)])),
      received_min: Math.round(Math.min(...rates)),
      received_max: Math.round(Math.max(...rates)),
      steal_cores: round((after.stolen - before.stolen) / seconds, 3),
    }
  } finally {
    for (const end of ends) await end().catch(() => {})
  }
}
