/** What the service uses of its machine, and its channels as one file. */
import { availableParallelism, freemem, loadavg, totalmem } from "node:os"
import { Effect } from "effect"
import type { Hono } from "hono"
import { totalUsage } from "../../effects/engine/engine-usage.ts"
import { InvalidInput } from "../../effects/model/Errors.ts"
import { keyNeeded, maySeeSecrets } from "../access/secrets-shown.ts"
import { methods } from "../request/methods.ts"
import { makeQueryReader } from "../request/read-query.ts"
import type { AppServices } from "../services/services.ts"

interface Sample {
  readonly atMs: number
  readonly cpuMs: number
}

/** Shorter intervals would show the scheduler rather than the service. */
const SHORTEST_MS = 1000

/** Measures a process between this question and an earlier one, where there is one a second old at least. */
export const makeCpuMeter = (sample: () => Sample) => {
  let before = sample()
  let last = before
  /** Per cent of one core. */
  return (): number => {
    const now = sample()
    if (now.atMs - last.atMs >= SHORTEST_MS) {
      before = last
      last = now
    }
    const ms = now.atMs - before.atMs
    return ms <= 0 ? 0 : (100 * (now.cpuMs - before.cpuMs)) / ms
  }
}

/** CPU time of this process until now. */
export const ofThisProcess = (): Sample => {
  const { system, user } = process.cpuUsage()
  return { atMs: performance.now(), cpuMs: (system + user) / 1000 }
}

const NO_USAGE = { cpu_seconds: 0, cpu_percent: 0, rss_bytes: 0, loop_max_ms: 0 }
const SECRETS = { true: true, "1": true, false: false, "0": false } as const

export const systemRoutes = (
  app: Hono,
  {
    access,
    channels,
    channelsJson,
    runner,
    system,
  }: Pick<AppServices, "access" | "channels" | "channelsJson" | "runner" | "system">,
): void => {
  const cpuPercent = makeCpuMeter(ofThisProcess)

  methods(app, "/api/system/stats", {
    GET: (c) =>
      runner.run(
        c,
        Effect.all({ health: system.health, usages: system.engineUsages, channels: channels.list }),
        ({ channels, health, usages }) => {
          const outputs = channels.flatMap((channel) => channel.outputs)
          return c.json({
            version: health.version,
            uptime: health.uptime,
            service: {
              pid: process.pid,
              uptime: health.uptime,
              cpu_seconds: ofThisProcess().cpuMs / 1000,
              cpu_percent: cpuPercent(),
              rss_bytes: process.memoryUsage().rss,
            },
            engine: {
              ...health.engine,
              ...(totalUsage(usages) ?? NO_USAGE),
            },
            engines: health.engines.map((engine) => ({
              ...engine,
              ...(usages.find(({ number }) => number === engine.number)?.usage ?? NO_USAGE),
            })),
            machine: {
              cpus: availableParallelism(),
              load_average: loadavg(),
              memory_bytes: totalmem(),
              memory_free_bytes: freemem(),
            },
            inputs: health.channels,
            outputs: {
              total: outputs.length,
              connected: outputs.filter(({ status }) => status === "connected").length,
              error: outputs.filter(({ status }) => status === "error" || status === "retrying").length,
              bitrate: outputs.reduce((sum, { bitrate }) => sum + bitrate, 0),
            },
          })
        },
      ),
  })

  methods(app, "/api/config/channels.json", {
    GET: (c) => {
      const read = Effect.gen(function* () {
        const { errors, read } = makeQueryReader(new URL(c.req.url).searchParams, ["secrets"])
        const secrets = read(
          "secrets",
          (text) => Object.entries(SECRETS).find(([name]) => name === text)?.[1] ?? null,
          "1 or 0",
        )
        if (errors.length > 0) return yield* new InvalidInput({ errors })
        if (secrets === true && !maySeeSecrets(c, access)) return yield* keyNeeded
        return yield* channelsJson.text(secrets ?? false)
      })
      return runner.run(c, read, (text) =>
        c.body(text, 200, {
          "Content-Type": "application/json; charset=utf-8",
          "Content-Disposition": 'attachment; filename="channels.json"',
        }),
      )
    },
  })
}
