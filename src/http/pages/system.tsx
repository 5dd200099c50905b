/** @jsxImportSource hono/jsx */
/** The page of the service itself. */
import { availableParallelism, freemem, loadavg, totalmem } from "node:os"
import { Clock, Effect } from "effect"
import type { Context, Hono } from "hono"
import manifest from "../../../package.json" with { type: "json" }
import { makeSteady } from "../../../views/channel/steady.ts"
import { may } from "../../../views/layout/frame.ts"
import { SystemPage, systemRegions } from "../../../views/system/SystemPage.tsx"
import type { SystemShown } from "../../../views/system/system-shown.ts"
import type { ChannelView } from "../../effects/model/channel.ts"
import { processMetrics } from "../metrics/process-metrics.ts"
import { methods } from "../request/methods.ts"
import { makeCpuMeter, ofThisProcess } from "../routes/system.ts"
import type { AppServices } from "../services/services.ts"
import { frameOf } from "./frame.ts"

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

export const systemPageRoutes = (
  app: Hono,
  {
    access,
    channels,
    crashes,
    grafana,
    live,
    openSockets,
    runner,
    system,
  }: Pick<AppServices, "access" | "channels" | "crashes" | "grafana" | "live" | "openSockets" | "runner" | "system">,
): void => {
  const cpuPercent = makeCpuMeter(ofThisProcess)
  const ofProcess = processMetrics()
  const steady = makeSteady()
  const readFor = (c: Context) =>
    Effect.all({
      health: system.health,
      crashes: crashes.list,
      usages: system.engineUsages,
      channels: channels.list,
      around: system.surroundings,
      now: Clock.currentTimeMillis,
    }).pipe(
      Effect.map(({ around, channels, crashes, health, now, usages }) => {
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
          engines: health.engines.map(({ channels, connected, number, pid, restarts, uptime }) => ({
            number,
            connected,
            pid,
            restarts,
            channels,
            usage: usages.find((one) => one.number === number)?.usage ?? null,
            startedAt: connected ? startOf(`engine ${pid}`, uptime) : null,
          })),
          crashes: {
            list: crashes,
            keptOut: health.kept_out.map(({ channel_id, since }) => {
              const found = channels.find(({ id }) => id === channel_id)
              return { name: found?.name ?? channel_id, slug: found?.slug ?? channel_id, since }
            }),
            mayLook: may({ caller: access.callerOf(c) }, "admin"),
            mayRelease: may({ caller: access.callerOf(c) }, "operator"),
          },
          network: networkOf(channels),
          store: { ...around.store, ok: health.store.ok },
          disks: around.disks,
          machine: {
            cpus: availableParallelism(),
            load: loadavg(),
            totalBytes: totalmem(),
            freeBytes: freemem(),
            checks: health.machine,
          },
          open: { pages: live.size(), sockets: openSockets() },
          versions: {
            product: health.version,
            runtime: RUNTIME,
            ffmpeg: around.ffmpeg,
            licence: manifest.license,
            libsrt: health.srt.version,
            libsrtProblem: health.srt.problem,
          },
        }
        return { now, shown }
      }),
    )
  methods(app, "/system", {
    GET: (c) =>
      runner.run(c, readFor(c), ({ now, shown }) => {
        const dashboard = grafana?.host(new URL(c.req.url).origin)
        return c.html(<SystemPage frame={frameOf(c, { access })} now={now} shown={shown} dashboard={dashboard} />)
      }),
  })
  methods(app, "/live/system", {
    GET: (c) =>
      live.stream(
        c,
        `system for ${access.callerOf(c)?.role ?? "nobody"}`,
        Effect.map(readFor(c), ({ shown }) => systemRegions(shown)),
      ),
  })
}
