/** What the engine tells of itself and its process. */
import { randomUUID } from "node:crypto"
import { EVENT_OVERFLOW } from "../core/assembly/memory/layout.ts"
import type { PacketCore } from "../core/packet-core/packet-core.ts"
import type { EngineChannel } from "./engine-channel.ts"
import type { Faults } from "./faults.ts"
import type { PacketLoop } from "./packet-loop.ts"
import { ownBuildId } from "./protocol/build-id.ts"
import { type EngineInfo, type EngineStats, PROTOCOL_VERSION } from "./protocol/messages.ts"
import type { OwnSrt } from "./srt/own/stack.ts"
import { clockSync } from "./system/clock-sync.ts"

const runtimeName = `${"Deno" in globalThis ? "deno" : (process.versions["bun"] ?? "") !== "" ? "bun" : "node"}`

/** How an engine that starts now introduces itself; the id is new with each call. */
export const newEngineInfo = (srt: EngineInfo["srt"], handling_fd: number | null): EngineInfo => ({
  protocol: PROTOCOL_VERSION,
  engine_id: randomUUID(),
  pid: process.pid,
  started_at: Date.now(),
  runtime: runtimeName,
  build: ownBuildId(),
  handling_fd,
  srt,
})

export interface EngineParts {
  readonly core: PacketCore
  readonly loop: PacketLoop
  readonly faults: Faults
  readonly srt: Pick<OwnSrt, "malformed">
  readonly channels: Iterable<EngineChannel>
}

/** Figures of the engine and all its channels as of `nowUs`, monotonic microseconds. */
export const engineStats = ({ channels, core, faults, loop, srt }: EngineParts, nowUs: number): EngineStats => {
  const at = Date.now()
  const usage = process.cpuUsage()
  return {
    at,
    cpu_seconds: (usage.user + usage.system) / 1e6,
    rss_bytes: process.memoryUsage.rss(),
    loop_max_ms: loop.maxGapUs / 1000,
    loop_passes: loop.passes,
    event_overflows: core.u32[EVENT_OVERFLOW >> 2] ?? 0,
    output_faults: faults.counts.output,
    input_faults: faults.counts.input,
    engine_faults: faults.counts.engine,
    srt_malformed: { ...srt.malformed },
    clock: clockSync(),
    channels: [...channels].map((channel) => channel.stats(nowUs, at - nowUs / 1000)),
  }
}
