/**
 * The C relay of peers/relay.c, built when a compiler is there, at the same ticks and callers per port as the engine's
 * source says.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Peer } from "./peer.ts"
import { root, start } from "./processes.ts"
import { hasProgram } from "./processes-peer.ts"

/** A numeric constant of the engine's source, so that both sides always run alike; throws when it has been renamed. */
const engineConstant = (file: string, name: string): number => {
  const match = new RegExp(`\\b${name} = ([\\d_]+)`).exec(readFileSync(join(root, "src", "engine", file), "utf8"))
  if (match?.[1] === undefined)
    throw new Error(`src/engine/${file} has no constant ${name}: the C relay cannot run like the engine`)
  return Number(match[1].replaceAll("_", ""))
}

const compiler = (): string | undefined => ["gcc", "cc", "clang"].find(hasProgram)
const binary = join(root, "build", "c-relay")

const build = (): string | null => {
  const cc = compiler()
  if (cc === undefined) return "no C compiler: install gcc to compare with the C relay"
  mkdirSync(join(root, "build"), { recursive: true })
  const made = spawnSync(cc, ["-O2", "-o", binary, join(root, "load-tests", "peers", "relay.c"), "-l:libsrt.so.1.5"], {
    encoding: "utf8",
  })
  return made.status === 0 ? null : `the C relay does not compile: ${made.stderr.split("\n")[0] ?? ""}`
}

let built: string | null | undefined

/** `isSegmented`: sends by UDP_SEGMENT, at the tick of our own SRT stack. */
const cPeer = (name: string, isSegmented = false): Peer => ({
  name,
  input: "rtp",
  verify: "pattern",
  missing: () => {
    if (built === undefined) built = build()
    return built
  },
  start: (load) => {
    const isFast = load.udpOutputs > 0 && !isSegmented
    const tickUs = engineConstant("packet-loop.ts", isFast ? "FAST_TICK_US" : "SLOW_TICK_US")
    const args: Record<string, number> = {
      "--channels": load.channels,
      "--base-port": load.inputPort,
      "--port-step": 2,
      "--tick-us": tickUs,
      "--callers-per-port": engineConstant("srt/port-pool.ts", "CALLERS_PER_PORT"),
      ...(load.srtOutputs > 0 ? { "--srt-port": load.srtPort, "--srt-outputs": load.srtOutputs } : {}),
      ...(load.udpOutputs > 0 ? { "--udp-port": load.udpPort, "--udp-outputs": load.udpOutputs } : {}),
      ...(isSegmented ? { "--gso": 1 } : {}),
    }
    const relay = start(
      binary,
      Object.entries(args).flatMap(([name, value]) => [name, String(value)]),
    )
    return Promise.resolve({
      pids: () => [{ pid: relay.pid, role: "relay" }],
      counters: () => Promise.resolve(null),
      errors: relay.errors,
      stop: () => relay.stop(),
    })
  },
})

export const cRelay = cPeer("C relay")

/** What the kernel takes to receive, and to send in the bursts of our own SRT stack: no SRT, nothing looked at. */
export const cSegments = cPeer("C relay by UDP_SEGMENT", true)
