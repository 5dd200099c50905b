/**
 * What is left of engines that died or hung, and of control planes that died: a file for each, with the reason, what it
 * carried and was at, its last figures and the end of its log. A channel that was being handled in three deaths of an
 * engine within a minute is kept out of it, so that the others live, until somebody releases it.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { STAGES } from "../../engine/protocol/handling-memory.ts"
import type { EngineStats } from "../../engine/protocol/messages.ts"
import { AppConfig } from "../config/AppConfig.ts"

/** Crashes that are kept of engines, and as many of control planes; the oldest go. */
const KEPT = 20
/** Deaths with one channel in hand, and the time within which they have it kept out, in ms. */
const DEATHS = 3
const WITHIN_MS = 60_000
const KEEP_OUT_FILE = "kept-out.json"

/** What an engine was at: a channel, and what it did for it. */
export const Handled = Schema.Struct({ channel_id: Schema.String, stage: Schema.Literal(...STAGES) })

/** What a list shows of a crash. */
export const CrashSummary = Schema.Struct({
  /** Names the crash in the API, and its file. */
  id: Schema.String,
  /** When it was noticed; of a control plane when it was last known to live. ISO 8601. */
  at: Schema.String,
  /** What died. Files of earlier versions are of engines. */
  process: Schema.optionalWith(Schema.Literal("engine", "control_plane"), { default: () => "engine" }),
  /** Number of the engine; null of a control plane. */
  engine: Schema.NullOr(Schema.Number),
  pid: Schema.Number,
  /** A sentence. */
  why: Schema.String,
  /** Seconds from the start of the process. */
  uptime: Schema.Number,
  /** Channels that it carried, by id; of a control plane those that its engines carried. */
  channels: Schema.Array(Schema.String),
  /** What it was at; null when that was no channel, or nobody knows. */
  handled: Schema.NullOr(Handled),
})
export type CrashSummary = typeof CrashSummary.Type

/** All that is kept of a crash. */
export const Crash = Schema.Struct({
  ...CrashSummary.fields,
  /** Its last figures; of the channels only the one that was being handled. Null when it told none. */
  figures: Schema.NullOr(Schema.Unknown),
  /** End of its log, 64 kB at most. */
  log: Schema.String,
})
export type Crash = typeof Crash.Type

const KeptOut = Schema.Struct({ channel_id: Schema.String, since: Schema.String, crash: Schema.String })
/** A channel that is kept out of the engine, since when, and the crash that was one too many. */
export type KeptOut = typeof KeptOut.Type

export interface CrashReport extends Omit<Crash, "id" | "at" | "figures" | "process" | "engine"> {
  readonly engine: number
  readonly stats: EngineStats | null
  /** True where the death may be the fault of what was being handled: not when somebody ended the process. */
  readonly blames: boolean
}

export interface CrashesService {
  readonly record: (report: CrashReport) => Effect.Effect<void>
  /** Keeps the death of an earlier control plane of this data directory; the same one twice is kept once. */
  readonly recordControl: (death: Omit<Crash, "id" | "process" | "engine" | "handled">) => Effect.Effect<void>
  /** When this control plane found that the one before it had died, epoch ms; null when that one ended as it should. */
  readonly controlDeathFoundAt: Effect.Effect<number | null>
  /** Newest first. */
  readonly list: Effect.Effect<ReadonlyArray<CrashSummary>>
  /** Null for one that is not kept. */
  readonly get: (id: string) => Effect.Effect<Crash | null>
  readonly keptOut: Effect.Effect<ReadonlyArray<KeptOut>>
  /** Lets a channel in again; false for one that was not kept out. */
  readonly release: (channelId: string) => Effect.Effect<boolean>
  /** Why a channel is kept out, and what to do; null for one that is not. Synchronous, for the way of a command. */
  readonly refusal: (channelId: string) => string | null
}

const isId = (text: string): boolean => /^[\w.-]{1,64}$/.test(text) && !text.startsWith(".")

const read = <A, I>(schema: Schema.Schema<A, I>, file: string): A | null => {
  try {
    return Schema.decodeUnknownSync(Schema.parseJson(schema))(readFileSync(file, "utf8"))
  } catch {
    return null
  }
}

/** Writes a file whole or not at all; a full disk loses the record of a crash and nothing else. */
const write = (file: string, value: unknown): void => {
  const partial = `${file}.part`
  try {
    writeFileSync(partial, JSON.stringify(value), { mode: 0o600 })
    renameSync(partial, file)
  } catch {
    rmSync(partial, { force: true })
  }
}

/** Files of control planes end so, those of engines with a number. */
const OF_CONTROL = "-control"

const figuresOf = (stats: EngineStats | null, channelId: string | undefined): unknown =>
  stats === null ? null : { ...stats, channels: stats.channels.filter(({ id }) => id === channelId) }

const notKept = (cause: unknown) => Effect.logError("the record of a crash could not be kept", cause)

/** Keeps crashes in `directory`, which is made with the first of them. */
export const makeCrashes = (directory: string): CrashesService => {
  const fileOf = (id: string) => join(directory, `${id}.json`)
  const names = () => {
    try {
      return readdirSync(directory).filter((name) => name.endsWith(".json") && name !== KEEP_OUT_FILE)
    } catch {
      return []
    }
  }
  const keep = (crash: Crash): void => {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    write(fileOf(crash.id), crash)
    const isControl = (id: string) => id.includes(OF_CONTROL)
    const alike = names().filter((name) => isControl(name) === isControl(crash.id))
    for (const name of alike.sort().slice(0, -KEPT)) rmSync(join(directory, name), { force: true })
  }
  const keepOutFile = join(directory, KEEP_OUT_FILE)
  const kept = new Map((read(Schema.Array(KeptOut), keepOutFile) ?? []).map((one) => [one.channel_id, one]))
  /** Times, epoch ms, of the deaths that each channel was in hand at. */
  const deaths = new Map<string, ReadonlyArray<number>>()
  let controlDeathFoundAt: number | null = null

  const blame = (channelId: string, crash: string, nowMs: number): void => {
    const recent = [...(deaths.get(channelId) ?? []).filter((at) => nowMs - at < WITHIN_MS), nowMs]
    deaths.set(channelId, recent)
    if (recent.length < DEATHS || kept.has(channelId)) return
    kept.set(channelId, { channel_id: channelId, since: new Date(nowMs).toISOString(), crash })
    write(keepOutFile, [...kept.values()])
  }

  return {
    record: ({ blames, stats, ...report }) =>
      Effect.gen(function* () {
        const nowMs = yield* Clock.currentTimeMillis
        const at = new Date(nowMs).toISOString()
        const id = `${at.replaceAll(":", "-")}-${report.engine}`
        keep({ ...report, id, at, process: "engine", figures: figuresOf(stats, report.handled?.channel_id) })
        if (report.handled === null || !blames) return
        const { channel_id } = report.handled
        const before = kept.has(channel_id)
        blame(channel_id, id, nowMs)
        if (!before && kept.has(channel_id))
          yield* Effect.logError(
            `channel ${channel_id} is kept out of the engine, which died ${DEATHS} times within a minute while it was at it`,
          )
      }).pipe(Effect.catchAllDefect(notKept)),
    recordControl: (death) =>
      Effect.gen(function* () {
        controlDeathFoundAt = yield* Clock.currentTimeMillis
        const id = `${death.at.replaceAll(":", "-")}${OF_CONTROL}`
        keep({ ...death, id, process: "control_plane", engine: null, handled: null })
      }).pipe(Effect.catchAllDefect(notKept)),
    controlDeathFoundAt: Effect.sync(() => controlDeathFoundAt),
    list: Effect.sync(() =>
      names()
        .sort()
        .reverse()
        .flatMap((name) => read(CrashSummary, join(directory, name)) ?? []),
    ),
    get: (id) => Effect.sync(() => (isId(id) ? read(Crash, fileOf(id)) : null)),
    keptOut: Effect.sync(() => [...kept.values()]),
    release: (channelId) =>
      Effect.sync(() => {
        deaths.delete(channelId)
        if (!kept.delete(channelId)) return false
        write(keepOutFile, [...kept.values()])
        return true
      }),
    refusal: (channelId) => {
      const one = kept.get(channelId)
      return one === undefined
        ? null
        : `it is kept out since ${one.since}, because the engine died ${DEATHS} times within a minute while it was at this ` +
            `channel (crash ${one.crash} on the System page); release it there when the cause is gone`
    },
  }
}

export class Crashes extends Context.Tag("distributor/Crashes")<Crashes, CrashesService>() {
  static readonly Live = Layer.effect(
    Crashes,
    Effect.map(AppConfig, ({ dataDir }) => makeCrashes(join(dataDir, "crashes"))),
  )
}
