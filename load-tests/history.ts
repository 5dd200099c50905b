/**
 * What stored figures cost: fills the store with the figures of 50 channels with 8 outputs and two legs for 400 days as
 * they are kept (minutes, quarter hours, hours), tells its size, times plots of any range, and what a minute costs the
 * service that counts and writes it.
 *
 *     node_modules/.bin/bun load-tests/history.ts [--channels 50] [--outputs 8] [--days 400] [--database sqlite|postgres]
 *
 * Prints a line for each figure with its target; ends with 1 when one is missed.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { encodeSums } from "../src/core/figures/figure-codec.ts"
import { type ChannelSums, noSums } from "../src/core/figures/figure-sums.ts"
import { FigureSampler } from "../src/effects/history/figure-sampler.ts"
import { figureView } from "../src/effects/history/figure-view.ts"
import {
  DAY_S,
  type FigureStep,
  HOUR_S,
  KEPT_S,
  MINUTE_S,
  makeFigureRows,
  QUARTER_S,
} from "../src/effects/store/figure-rows.ts"
import { figuresFileOf } from "../src/effects/store/open-store.ts"
import { Store, type StoreService } from "../src/effects/store/Store.ts"
import { channelConfig, outputConfig } from "../src/effects/testing/configs.ts"
import { channelStats, legStats, outputStats } from "../src/effects/testing/FakeEngine.ts"
import { startPostgres } from "../src/effects/testing/postgres.ts"
import { storeAt } from "../src/effects/testing/store-at.ts"
import { readArguments } from "./lib/arguments.ts"

const USAGE = "history [--channels 50] [--outputs 8] [--days 400] [--database sqlite|postgres]"
const args = readArguments({ channels: "number", outputs: "number", days: "number", database: "string" }, USAGE)
const { channels = 50, database = "sqlite", days = 400, outputs = 8 } = args
/** A full hour. */
const NOW_S = Math.floor(Date.now() / 1000 / HOUR_S) * HOUR_S
const PLOT_MS = 200
const CORE_PERCENT = 0.5

let seed = 42
/** A whole number below `most`, the same in every run. */
const any = (most: number) => {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
  return Math.floor((seed / 2 ** 31) * most)
}

/** Figures of a channel at 8 Mbit/s over so many seconds, with losses and jitter as they come. */
const figuresOf = (seconds: number): ChannelSums => {
  const sums: ChannelSums = new Map()
  for (let subject = 0; subject < outputs + 2; subject++) {
    const one = noSums()
    const isLeg = subject < 2
    const down = any(50) === 0 ? any(seconds) : 0
    const bytes = (1_000_000 + any(20_000)) * (seconds - down)
    const lost = any(4) === 0 ? any(seconds) : 0
    const rtt = isLeg ? [0, 0, 0] : [seconds * (180 + any(60)), seconds, 240 + any(400)]
    one.set([
      seconds - down,
      down,
      bytes,
      Math.round(bytes / 1316),
      lost,
      isLeg ? any(3) : 0,
      0,
      lost,
      ...rtt,
      980_000,
      1_040_000,
    ])
    sums.set(subject, one)
  }
  return sums
}

/** Writes spans straight into the table, as the product would have left them. */
const fill = async (store: StoreService) => {
  const { sql } = store.figures
  let rows = 0
  let bytes = 0
  for (const step of [DAY_S, HOUR_S, QUARTER_S, MINUTE_S] as ReadonlyArray<FigureStep>) {
    const from = Math.floor((NOW_S - Math.min(KEPT_S[step], days * DAY_S)) / step) * step
    const perBatch = Math.max(1, Math.floor(4000 / channels))
    for (let at = from; at < NOW_S; at += step * perBatch) {
      const batch = []
      for (let i = 0; i < perBatch && at + i * step < NOW_S; i++)
        for (let channel = 1; channel <= channels; channel++) {
          const body = encodeSums(figuresOf(step))
          bytes += body.length
          batch.push({ step, channel, at: at + i * step, body })
        }
      rows += batch.length
      await Effect.runPromise(store.figures.change("fill", sql`INSERT INTO figures ${sql.insert(batch)}`))
    }
  }
  return { rows, bytes }
}

const config = channelConfig({
  number: Math.ceil(channels / 2),
  backup_rtp_port: 5002,
  outputs: Array.from({ length: outputs }, (_, i) =>
    outputConfig({ id: `o-${i}`, slug: `srt-${i + 1}`, number: i + 1 }),
  ),
})
const nothing = { list: () => Effect.succeed([]) }

const timed = async (run: () => Promise<unknown>) => {
  const begin = performance.now()
  await run()
  return performance.now() - begin
}

const plots = async (store: StoreService, report: Report) => {
  const rows = makeFigureRows(store.figures)
  const figures = { read: rows.read, flush: Effect.void, current: () => null }
  for (const [name, agoDays, length] of [
    ["1 hour", 0, 1 / 24],
    ["24 hours", 0, 1],
    ["48 hours", 0, 2],
    ["7 days", 0, 7],
    ["30 days", 0, 30],
    ["a week half a year ago", 180, 7],
    ["90 days", 0, 90],
    ["400 days", 0, 400],
  ] as const) {
    const toS = NOW_S - agoDays * DAY_S
    const span = { fromS: toS - Math.round(length * DAY_S), toS }
    const show = () => Effect.runPromise(figureView({ figures, events: nothing, cues: nothing }, config, span))
    const first = await timed(show)
    const again = [await timed(show), await timed(show), await timed(show)].sort((a, b) => a - b)
    const text = JSON.stringify(await show())
    report(`plot of ${name}, first`, first, "ms", PLOT_MS)
    report(`plot of ${name}, again (${Math.round(text.length / 1024)} KiB of JSON)`, again[1] ?? 0, "ms", PLOT_MS)
  }
}

/** CPU time of counting 60 seconds and of writing the minute, as percent of a core. */
const minute = async (store: StoreService, report: Report) => {
  const rows = makeFigureRows(store.figures)
  const configs = Array.from({ length: channels }, (_, n) => ({ ...config, id: `c-${n}`, number: n + 1 }))
  const sampler = new FigureSampler()
  const at = (second: number) =>
    configs.map(({ id, outputs: all }) =>
      channelStats({
        id,
        legs: (["primary", "backup"] as const).map((name) =>
          legStats({ name, counters: { bytes: second * 1e6, ts_packets: second * 5319 } }),
        ),
        outputs: all.map((one) =>
          outputStats({ id: one.id, session: "s", url: "", bytes_sent: second * 1e6, packets_sent: second * 760 }),
        ),
      }),
    )
  const counted = Array.from({ length: 61 }, (_, second) => at(second))
  const cpu = () => {
    const { system, user } = process.cpuUsage()
    return (system + user) / 1000
  }
  const write = async (beginS: number) => {
    const sums = new Map<number, ChannelSums>(configs.map(({ number }) => [number, new Map()]))
    for (const stats of counted)
      for (const [n, one] of configs.entries())
        sampler.take(one, stats[n], { whole: 1, seconds: 1 }, sums.get(one.number) ?? new Map())
    await Effect.runPromise(rows.write([{ at: beginS, channels: sums }], beginS + 61, () => undefined))
  }
  await write(NOW_S)
  const costs: number[] = []
  const walls: number[] = []
  // Two hours: quarters and hours are summed up, and what is old goes.
  for (let i = 1; i <= 120; i++) {
    const before = cpu()
    walls.push(await timed(() => write(NOW_S + i * 60)))
    costs.push(cpu() - before)
  }
  const mean = costs.reduce((sum, one) => sum + one, 0) / costs.length
  report("counting and writing a minute, CPU", (mean / 60_000) * 100, "% of a core", CORE_PERCENT)
  report("the longest of 120 minutes, with what it sums up", Math.max(...walls), "ms", 1000)
}

let missed = false
type Report = (what: string, value: number, unit: string, most?: number) => void
const report: Report = (what, value, unit, most) => {
  const bad = most !== undefined && value > most
  missed ||= bad
  const target = most === undefined ? "" : ` (${bad ? "MISS, " : ""}at most ${most})`
  process.stdout.write(`${what.padEnd(62)} ${value.toFixed(value < 10 ? 2 : 0)} ${unit}${target}\n`)
}

const measure = async (place: string, sizeOf: () => Promise<number>) => {
  process.stdout.write(`${database}: ${channels} channels with ${outputs} outputs and two legs, ${days} days\n`)
  const run = Effect.flatMap(Store, (store) =>
    Effect.promise(async () => {
      const spent = await timed(async () => {
        const { bytes, rows } = await fill(store)
        report("spans", rows, "rows")
        report("their bodies", bytes / 1e6, "MB")
      })
      report("filled within", spent / 1000, "s")
      report("size of the store", (await sizeOf()) / 1e6, "MB")
      await plots(store, report)
      await minute(store, report)
    }),
  )
  await Effect.runPromise(Effect.scoped(Effect.provide(run, storeAt(place))))
}

if (database === "postgres") {
  const server = await startPostgres()
  try {
    const place = await server.createDatabase()
    const { executePostgres } = await import("../src/effects/testing/postgres.ts")
    await measure(place, async () => {
      const [row] = await executePostgres(place, "SELECT pg_database_size(current_database()) AS bytes")
      return Number(row?.["bytes"])
    })
  } finally {
    await server.end()
  }
} else {
  const directory = mkdtempSync(join(tmpdir(), "distributor-history-"))
  try {
    const place = join(directory, "distributor.db")
    await measure(place, async () => statSync(figuresFileOf(place)).size)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
process.exit(missed ? 1 : 0)
