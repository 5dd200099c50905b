/** Options of `npm run soak`. */
import { readArguments } from "../lib/arguments.ts"
import type { LegImpairment } from "./leg-fork.ts"
import type { NetworkSettings } from "./network.ts"

const USAGE = `npm run soak -- [--hours 1 | --minutes 5] [--channels 25] [--bitrate 1000000] [--seed 1]
  [--kill-engine 3600 s] [--kill-control 600 s] [--fill-disk 1800 s; 0 for never] [--loss 0.01]
  [--step-clock 900 s] [--lose-names 900 s; 0 for never]
  [--stop-postgres 900 s; without it the store is SQLite]
  [--hurry 1; so many times as often come changes, receivers, pages, scrapes, and faults without a time of their own]`

export interface SoakOptions {
  readonly seconds: number
  readonly channels: number
  /** TS bit/s of a channel. */
  readonly bitrate: number
  readonly seed: number
  /** Changes, receivers, pages, scrapes, and faults without a time of their own come so many times as often. */
  readonly hurry: number
  /** Seconds between faults; 0 for never. */
  readonly killEngineS: number
  readonly killControlS: number
  readonly fillDiskS: number
  readonly stepClockS: number
  readonly loseNamesS: number
  /** Seconds between outages of PostgreSQL, which is the store then; null for SQLite. */
  readonly stopPostgresS: number | null
  readonly impairment: { readonly legs: Omit<LegImpairment, "seed">; readonly relay: NetworkSettings["relay"] }
}

export const soakOptions = (): SoakOptions => {
  const args = readArguments(
    {
      hours: "number",
      minutes: "number",
      channels: "number",
      bitrate: "number",
      seed: "number",
      hurry: "number",
      "kill-engine": "number",
      "kill-control": "number",
      "fill-disk": "number",
      "step-clock": "number",
      "lose-names": "number",
      "stop-postgres": "number",
      loss: "number",
    },
    USAGE,
  )
  const seconds = Math.round((args.hours ?? 0) * 3600 + (args.minutes ?? (args.hours === undefined ? 60 : 0)) * 60)
  if (!(seconds >= 60)) {
    process.stderr.write(`a soak takes a minute at least\n${USAGE}\n`)
    process.exit(2)
  }
  const loss = args.loss ?? 0.01
  const hurry = args.hurry ?? 1
  if (!(hurry >= 1)) {
    process.stderr.write(`--hurry is 1 or more\n${USAGE}\n`)
    process.exit(2)
  }
  /** Without times of their own, faults come in a run of any length: so many parts of it lie between them. */
  const scaled = (asked: number | undefined, usual: number, parts: number): number =>
    asked ?? Math.min(usual / hurry, Math.floor(seconds / parts))
  return {
    seconds,
    channels: args.channels ?? 25,
    bitrate: args.bitrate ?? 1_000_000,
    seed: args.seed ?? 1,
    hurry,
    killEngineS: scaled(args["kill-engine"], 3600, 2),
    killControlS: scaled(args["kill-control"], 600, 5),
    fillDiskS: scaled(args["fill-disk"], 1800, 3),
    stepClockS: scaled(args["step-clock"], 900, 3),
    loseNamesS: scaled(args["lose-names"], 900, 4),
    stopPostgresS: args["stop-postgres"] ?? null,
    impairment: {
      legs: { loss, duplicates: 0.002, overtaken: 0.005, backupDelayMs: 30, overtakenMs: 10 },
      relay: { loss, delayMs: 20, duplicates: 0.002, overtaken: 0.005 },
    },
  }
}
