/**
 * Everything that helps somebody else understand what the service does, without a secret: for the support bundle.
 */
import { open, readdir } from "node:fs/promises"
import { release } from "node:os"
import { join } from "node:path"
import { Clock, Context, Effect, Layer } from "effect"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { maskText } from "../config/Logging.ts"
import { shownEnvironment } from "../config/shown-environment.ts"
import { Configuration } from "../declarative/Configuration.ts"
import { History } from "../history/History.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { Notifications } from "../notifications/Notifications.ts"
import { procFacts, type TextFile } from "../show/proc-facts.ts"
import { System, type SystemService } from "../show/System.ts"
import { Channels } from "./Channels.ts"
import { Cues } from "./Cues.ts"
import { Events } from "./Events.ts"
import { Records } from "./Records.ts"

export interface SupportService {
  /** Files of the bundle. A part that cannot be read is replaced by a file that says why. */
  readonly files: Effect.Effect<ReadonlyArray<TextFile>>
}

const HOUR_MS = 3_600_000
/** Events and cues of the last hour at most. */
const MOST_ROWS = 5000
/** Bytes of the end of an engine's log that are handed on. */
const LOG_TAIL = 256 * 1024
const PART_WITHIN = "10 seconds"

const json = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`

/** The end of a file, by whole lines. */
const tailOf = async (path: string): Promise<string> => {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const begin = Math.max(0, size - LOG_TAIL)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - begin), 0, size - begin, begin)
    const text = buffer.subarray(0, bytesRead).toString("utf8")
    return begin === 0 ? text : text.slice(text.indexOf("\n") + 1)
  } finally {
    await file.close()
  }
}

const engineLogs = (dataDir: string) =>
  Effect.tryPromise(async () => {
    const names = (await readdir(dataDir)).filter((name) => /^engine(?:-\d+)?\.log$/.test(name))
    return Promise.all(
      names.map(
        async (name): Promise<TextFile> => ({ name: `log/${name}`, text: maskText(await tailOf(join(dataDir, name))) }),
      ),
    )
  })

/** Several files that an effect makes; what it fails with is told in their place. */
const many = <E>(name: string, effect: Effect.Effect<ReadonlyArray<TextFile>, E>) =>
  effect.pipe(
    Effect.timeout(PART_WITHIN),
    Effect.catchAllCause((cause) => Effect.succeed([{ name: `${name}.failed.txt`, text: maskText(String(cause)) }])),
  )

/** One file with what an effect yields; what it fails with is told in its place. */
const part = <A, E>(name: string, effect: Effect.Effect<A, E>) =>
  many(
    name,
    Effect.map(effect, (value) => [{ name, text: json(value) }]),
  )

const versionsOf = (system: SystemService) =>
  Effect.map(Effect.all([system.health, system.surroundings]), ([{ srt, version }, { ffmpeg }]) => ({
    product: version,
    runtimes: process.versions,
    platform: `${process.platform} ${process.arch}`,
    kernel: release(),
    ffmpeg,
    srt,
  }))

/** Facts of the kernel about the processes of the service. */
const procFactsOf = (system: SystemService) =>
  Effect.flatMap(system.health, ({ engines }) => {
    const pids = engines.flatMap(({ pid }) => (pid === null ? [] : [pid]))
    return Effect.promise(() => procFacts([process.pid, ...pids]))
  })

const make = Effect.gen(function* () {
  const settings = yield* AppConfig
  const book = yield* ChannelBook
  const channels = yield* Channels
  const configuration = yield* Configuration
  const cues = yield* Cues
  const events = yield* Events
  const history = yield* History
  const notifications = yield* Notifications
  const records = yield* Records
  const system = yield* System

  const lastHour = Effect.map(Clock.currentTimeMillis, (ms) => ({ limit: MOST_ROWS, sinceMs: ms - HOUR_MS }))
  const figuresOf = ({ id, slug }: ChannelConfig) =>
    Effect.gen(function* () {
      const nowS = Math.floor((yield* Clock.currentTimeMillis) / 1000)
      const { totals } = yield* records.figures(id, { fromS: nowS - 86_400, toS: nowS })
      return { channel: slug, last_day: totals, last_hour: yield* history.view(id, "1h") }
    })
  const figures = Effect.suspend(() => Effect.forEach(book.all(), figuresOf))
  const parts = [
    part("versions.json", versionsOf(system)),
    part(
      "environment.json",
      Effect.sync(() => shownEnvironment(process.env)),
    ),
    part("configuration.json", configuration.export(false)),
    part("health.json", system.health),
    part("engines.json", system.engineUsages),
    part("surroundings.json", system.surroundings),
    part("channels.json", channels.list),
    part("notices.json", notifications.notices),
    part("events.json", Effect.flatMap(lastHour, events.listAll)),
    part("cues.json", Effect.flatMap(lastHour, cues.listAll)),
    part("figures.json", figures),
    many("log/engine.log", engineLogs(settings.dataDir)),
    many("proc", procFactsOf(system)),
  ]
  return Support.of({ files: Effect.map(Effect.all(parts, { concurrency: 1 }), (made) => made.flat()) })
})

export class Support extends Context.Tag("distributor/Support")<Support, SupportService>() {
  static readonly Live = Layer.effect(Support, make)
}
