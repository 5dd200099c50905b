/** What the page of the service itself shows: read from the control plane, this process and its machine. */
import { availableParallelism, freemem, loadavg, totalmem } from "node:os"
import { Clock, Effect } from "effect"
import manifest from "../../../package.json" with { type: "json" }
import { makeSteady } from "../../../views/channel/steady.ts"
import { type Frame, may } from "../../../views/layout/frame.ts"
import type { SystemShown } from "../../../views/system/system-shown.ts"
import type { ChannelView } from "../../effects/model/channel.ts"
import { processMetrics } from "../metrics/process-metrics.ts"
import { makeCpuMeter, ofThisProcess } from "../routes/system.ts"
import type { AppServices } from "../services/services.ts"

type ReadServices = Pick<AppServices, "channels" | "crashes" | "live" | "openSockets" | "system">

const RUNTIME = ["bun", "deno", "node"].flatMap((name) => {
  const version = process.versions[name]
  return version === undefined ? [] : [{ name: `${name.charAt(0).toUpperCase()}${name.slice(1)}`, version }]
})[0] ?? { name: "Runtime", version: "unknown" }

/** Matches the engine's warning about receive buffers, which names the remedy. */
const OF_BUFFERS = /receive buffer/

const networkOf = (channels: ReadonlyArray<ChannelView>): SystemShown["network"] => {
  const legs = channels.flatMap(({ input, name, slug }) => input.legs.map((leg) => ({ leg, name, slug })))
  return {
    drops: legs.reduce((sum, { leg }) => sum + leg.kernel_drops, 0),
    lines: legs.flatMap(({ leg, name, slug }) =>
      leg.warnings
        .filter((text) => OF_BUFFERS.test(text))
        .map((text) => ({ channel: name, slug, text: `${leg.source}: ${text}` })),
    ),
  }
}

/** One reading of all that the control plane tells. */
const readAll = ({ channels, crashes, system }: ReadServices) =>
  Effect.all({
    health: system.health,
    crashes: crashes.list,
    usages: system.engineUsages,
    channels: channels.list,
    around: system.surroundings,
    now: Clock.currentTimeMillis,
  })
type Reading = Effect.Effect.Success<ReturnType<typeof readAll>>

const crashesOf = ({ channels, crashes, health }: Reading, caller: Frame["caller"]): SystemShown["crashes"] => ({
  list: crashes,
  keptOut: health.kept_out.map(({ channel_id, since }) => {
    const found = channels.find(({ id }) => id === channel_id)
    return { name: found?.name ?? channel_id, slug: found?.slug ?? channel_id, since }
  }),
  mayLook: may({ caller }, "admin"),
  mayRelease: may({ caller }, "operator"),
})

const machineOf = ({ health }: Reading): SystemShown["machine"] => ({
  cpus: availableParallelism(),
  load: loadavg(),
  totalBytes: totalmem(),
  freeBytes: freemem(),
  checks: health.machine,
})

const versionsOf = ({ around, health }: Reading): SystemShown["versions"] => ({
  product: health.version,
  runtime: RUNTIME,
  ffmpeg: around.ffmpeg,
  licence: manifest.license,
  libsrt: health.srt.version,
  libsrtProblem: health.srt.problem,
})

/** Makes the effect that reads what the page shows to a caller; it measures the process's load between two readings. */
export const makeSystemReading = (services: ReadServices) => {
  const cpuPercent = makeCpuMeter(ofThisProcess)
  const ofProcess = processMetrics()
  const steady = makeSteady()

  return (caller: Frame["caller"]) =>
    Effect.map(readAll(services), (reading) => {
      const { around, channels, health, now, usages } = reading
      const startOf = (name: string, uptime: number) => new Date(steady(name, now - uptime * 1000)).toISOString()
      const shown: SystemShown = {
        problems: health.problems,
        service: {
          pid: process.pid,
          startedAt: startOf("service", health.uptime),
          cpuPercent: cpuPercent(),
          rssBytes: process.memoryUsage().rss,
          loopDelayMs: ofProcess.worstDelayMs(),
        },
        engines: health.engines.map(({ channels, connected, number, outdated, pid, restarts, uptime }) => ({
          number,
          connected,
          pid,
          restarts,
          channels,
          outdated,
          mayReplace: may({ caller }, "operator"),
          usage: usages.find((one) => one.number === number)?.usage ?? null,
          startedAt: connected ? startOf(`engine ${pid}`, uptime) : null,
        })),
        crashes: crashesOf(reading, caller),
        network: networkOf(channels),
        store: { ...around.store, ok: health.store.ok },
        disks: around.disks,
        machine: machineOf(reading),
        open: { pages: services.live.size(), sockets: services.openSockets() },
        versions: versionsOf(reading),
      }
      return { now, shown }
    })
}
