/**
 * What survives a restart: channels, outputs, what happened to channels and their cues. Each change is one transaction;
 * it is on disk when the effect succeeds, and nothing has changed when it fails.
 */
import { dirname, join } from "node:path"
import * as Client from "@effect/sql/SqlClient"
import { Cause, Context, Effect, Layer, Option, type Redacted } from "effect"
import { AppConfig } from "../config/AppConfig.ts"
import type { NodeSettings } from "../config/node-settings.ts"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import type { CueQuery, CueView } from "../model/cue.ts"
import { type StartRefused, StoreError } from "../model/Errors.ts"
import type { ChannelEventView, EventQuery, NewEvent } from "../model/event.ts"
import { within } from "../model/within.ts"
import { makeChannelRows } from "./channel-rows.ts"
import { CUE_BOUNDS, type CueBounds, type CueWrite, makeCueRows } from "./cue-rows.ts"
import { EVENT_BOUNDS, type EventBounds, makeEventRows } from "./event-rows.ts"
import { nameOf, openFigures, openPostgres, openSqlite, refuseStore, rootOf } from "./open-store.ts"
import { CommitUnanswered } from "./postgres/CommitUnanswered.ts"
import { keepPrivate } from "./private-files.ts"
import { openStore } from "./sealed-rows.ts"
import type { SecretBox } from "./secret-box.ts"
import type { FigureAccess, StoreAccess } from "./store-access.ts"
import type { StoreChange } from "./store-change.ts"
import { sizeOf, sizeOfBoth } from "./store-size.ts"

export interface StoreService {
  /** All channels by number, each with its outputs in the order they were added. */
  readonly load: Effect.Effect<ReadonlyArray<ChannelConfig>, StoreError>
  /** Stores a channel with its outputs and returns it with the number it was given. */
  readonly insertChannel: (channel: Omit<ChannelConfig, "number">) => Effect.Effect<ChannelConfig, StoreError>
  /** Stores many channels with their outputs: all of them or none. */
  readonly insertChannels: (channels: ReadonlyArray<Omit<ChannelConfig, "number">>) => Effect.Effect<void, StoreError>
  /** Stores a channel that was deleted, with its outputs, as it was and under the number it had. */
  readonly restoreChannel: (channel: ChannelConfig) => Effect.Effect<void, StoreError>
  /** True when there never was a channel, as opposed to all being deleted. */
  readonly isNew: Effect.Effect<boolean, StoreError>
  /** Stores the channel's own fields; outputs have their own operations. */
  readonly updateChannel: (channel: ChannelConfig) => Effect.Effect<void, StoreError>
  /** Deletes a channel, its outputs, events and cues. */
  readonly deleteChannel: (id: string) => Effect.Effect<void, StoreError>
  readonly setShouldRun: (id: string, shouldRun: boolean) => Effect.Effect<void, StoreError>
  readonly insertOutput: (channelId: string, output: OutputConfig) => Effect.Effect<void, StoreError>
  /** Stores many outputs of a channel: all of them or none. */
  readonly insertOutputs: (channelId: string, outputs: ReadonlyArray<OutputConfig>) => Effect.Effect<void, StoreError>
  readonly updateOutput: (output: OutputConfig) => Effect.Effect<void, StoreError>
  readonly deleteOutput: (id: string) => Effect.Effect<void, StoreError>
  /**
   * Carries out all changes or none, and `beside` in the same transaction, after them. Returns what `beside` came to,
   * and the numbers that new channels were given, by their ids. `operation` names the whole in an error.
   */
  readonly applyChanges: <A, E>(
    operation: string,
    changes: ReadonlyArray<StoreChange>,
    beside: Effect.Effect<A, E>,
  ) => Effect.Effect<{ readonly numbers: ReadonlyMap<string, number>; readonly beside: A }, StoreError>
  /**
   * Stores events in their order, and lets go of the oldest above the bounds. Those of channels that are gone are
   * left out.
   */
  readonly appendEvents: (events: ReadonlyArray<NewEvent>) => Effect.Effect<void, StoreError>
  /** Events of a channel, newest first. */
  readonly events: (channelId: string, query: EventQuery) => Effect.Effect<ReadonlyArray<ChannelEventView>, StoreError>
  /** Those of all channels. */
  readonly allEvents: (
    query: EventQuery,
  ) => Effect.Effect<ReadonlyArray<{ readonly channelId: string; readonly event: ChannelEventView }>, StoreError>
  /**
   * Stores or changes cues and lets go of the oldest above the bounds; returns the id of each, null for those of
   * channels that are gone.
   */
  readonly writeCues: (writes: ReadonlyArray<CueWrite>) => Effect.Effect<ReadonlyArray<number | null>, StoreError>
  /** Cues of a channel, newest first. `nowMs` is Unix time in ms. */
  readonly cues: (
    channelId: string,
    query: CueQuery,
    nowMs: number,
  ) => Effect.Effect<ReadonlyArray<CueView>, StoreError>
  /** Those of all channels. */
  readonly allCues: (
    query: CueQuery,
    nowMs: number,
  ) => Effect.Effect<ReadonlyArray<{ readonly channelId: string; readonly cue: CueView }>, StoreError>
  /** For features that keep rows of their own. */
  readonly access: StoreAccess
  /** For the figures that are kept. */
  readonly figures: FigureAccess
  /** The number that the next channel gets. */
  readonly nextChannelNumber: Effect.Effect<number, StoreError>
  /** False when the store does not answer. */
  readonly ok: Effect.Effect<boolean>
  /** Which database it is, and how much room it takes; null when it does not say. */
  readonly size: Effect.Effect<{ readonly kind: "SQLite" | "PostgreSQL"; readonly bytes: number | null }>
  /** A sentence: what does not answer, why, and what goes on without it; null when the store answers. */
  readonly problem: Effect.Effect<string | null>
}

export class Store extends Context.Tag("distributor/Store")<Store, StoreService>() {
  static readonly Live = Layer.unwrapEffect(
    Effect.flatMap(AppConfig, ({ databaseFile, dataDir, keyFile, nodes, postgresUrl }) =>
      Effect.as(
        keepPrivate({ dataDir, databaseFile: Option.isNone(postgresUrl) ? databaseFile : null, keyFile }),
        Option.match(postgresUrl, {
          onSome: (url) => layerPostgres(url, keyFile, EVENT_BOUNDS, CUE_BOUNDS, Option.getOrNull(nodes)),
          onNone: () => layerFile(databaseFile, EVENT_BOUNDS, CUE_BOUNDS, join(dataDir, "backups"), keyFile),
        }),
      ),
    ),
  )
}

const ANSWERS_WITHIN = "2 seconds"

/** Transactions and reads with the store's error. */
const accessTo = (sql: Client.SqlClient, box: SecretBox): StoreAccess => ({
  sql,
  box,
  // A commit that fails dies inside @effect/sql; here it is a StoreError like every other refusal.
  change: (operation, effect) =>
    sql.withTransaction(effect).pipe(
      Effect.catchAllCause((cause) => {
        if (Cause.isInterruptedOnly(cause)) return Effect.interrupt
        const root = rootOf(Cause.squash(cause))
        return new StoreError({
          operation,
          cause: root,
          ...(root instanceof CommitUnanswered ? { outcome: "unknown" as const } : {}),
        })
      }),
    ),
  read: (operation, effect) => Effect.mapError(effect, (e) => new StoreError({ operation, cause: rootOf(e) })),
})

/** A sentence when the store does not answer in time; null when it does. */
const problemOf = (sql: Client.SqlClient, name: string): Effect.Effect<string | null> =>
  sql`SELECT 1`.pipe(
    Effect.as(null),
    Effect.catchAll((error) => {
      const root = rootOf(error)
      return Effect.succeed(root instanceof Error ? root.message : String(root))
    }),
    within(ANSWERS_WITHIN),
    Effect.map(Option.getOrElse(() => `nothing within ${ANSWERS_WITHIN}`)),
    Effect.map((why) =>
      why === null
        ? null
        : `the configuration store ${name} does not answer (${why}): streams go on as they are, and nothing can be changed until it is back`,
    ),
  )

const make = Effect.fn("Store.make")(function* (
  name: string,
  bounds: EventBounds,
  cueBounds: CueBounds,
  box: SecretBox,
  figures: Client.SqlClient,
) {
  const sql = yield* Client.SqlClient
  const access = accessTo(sql, box)
  const { change, read } = access
  const rows = makeChannelRows(access)
  const eventRows = makeEventRows(sql, bounds)
  const cueRows = makeCueRows(sql, cueBounds)
  const recount = Effect.sync(eventRows.recount)
  const problem = problemOf(sql, name)

  return Store.of({
    access,
    figures: figures === sql ? access : accessTo(figures, box),
    load: read("read the channels", rows.load),
    nextChannelNumber: read("read the channels", rows.nextNumber),
    insertChannel: (channel) => change("store the channel", rows.insertChannel(channel)),
    insertChannels: (channels) =>
      change("store the channels", Effect.forEach(channels, rows.insertChannel, { discard: true })),
    restoreChannel: (channel) => change("store the channel", rows.restoreChannel(channel)),
    isNew: read("read the channels", rows.isNew),
    updateChannel: (channel) => change("store the channel", rows.updateChannel(channel)),
    deleteChannel: (id) => Effect.zipLeft(change("delete the channel", rows.deleteChannel(id)), recount),
    setShouldRun: (id, shouldRun) => change("store the channel's state", rows.setShouldRun(id, shouldRun)),
    insertOutput: (channelId, output) => change("store the output", rows.insertOutput(channelId, output)),
    insertOutputs: (channelId, outputs) =>
      change(
        "store the outputs",
        Effect.forEach(outputs, (output) => rows.insertOutput(channelId, output), { discard: true }),
      ),
    updateOutput: (output) => change("store the output", rows.updateOutput(output)),
    deleteOutput: (id) => change("delete the output", rows.deleteOutput(id)),
    applyChanges: (operation, changes, beside) => {
      const all = Effect.gen(function* () {
        const numbers = yield* rows.write(changes)
        return { numbers, beside: yield* beside }
      })
      return Effect.zipLeft(change(operation, all), recount)
    },
    appendEvents: (events) => Effect.map(change("store what happened", eventRows.append(events)), eventRows.commit),
    events: (channelId, query) => read("read the events", eventRows.list(channelId, query)),
    allEvents: (query) => read("read the events", eventRows.listAll(query)),
    writeCues: (writes) => change("store the cues", cueRows.write(writes)),
    cues: (channelId, query, nowMs) => read("read the cues", cueRows.list(channelId, query, nowMs)),
    allCues: (query, nowMs) => read("read the cues", cueRows.listAll(query, nowMs)),
    size: figures === sql ? sizeOf(sql) : sizeOfBoth(sizeOf(sql), sizeOf(figures)),
    ok: Effect.map(problem, (found) => found === null),
    problem,
  })
})

/** Fails when the store holds what this software does not understand: better at the start than in the middle. */
const layerOver = (
  opened: Layer.Layer<Client.SqlClient, StartRefused>,
  name: string,
  keyFile: string,
  bounds: EventBounds,
  cueBounds: CueBounds,
  figures: Layer.Layer<Client.SqlClient> | null,
) =>
  Layer.scoped(
    Store,
    Effect.gen(function* () {
      const sql = yield* Client.SqlClient
      const box = yield* openStore(sql, keyFile)
      const ofFigures = figures === null ? sql : Context.get(yield* Layer.build(Layer.fresh(figures)), Client.SqlClient)
      return yield* Effect.tap(make(name, bounds, cueBounds, box, ofFigures), (store) => store.load)
    }).pipe(Effect.mapError(refuseStore(name))),
  ).pipe(Layer.provide(opened))

/**
 * The store in one SQLite file, with at most so many events and cues, copies of it in `backups` when that is given, and
 * secrets encrypted by a key file, beside it unless told. Fails with `StartRefused`, naming the file, when it cannot be
 * used as it is.
 */
export const layerFile = (
  file: string,
  bounds: EventBounds = EVENT_BOUNDS,
  cueBounds: CueBounds = CUE_BOUNDS,
  backups: string | null = null,
  keyFile: string = join(dirname(file), "secret.key"),
): Layer.Layer<Store, StartRefused> =>
  layerOver(openSqlite(file, backups), file, keyFile, bounds, cueBounds, openFigures(file))

/**
 * The store in a PostgreSQL database (`postgres://user:password@host:port/database`), which no other service has at the
 * same time, or as a `node` that others share with it. Fails with `StartRefused`, naming the database without its password. A change whose COMMIT was not
 * answered, because the connection was lost at that moment, is a StoreError with an unknown outcome: it may have been
 * carried out.
 */
export const layerPostgres = (
  url: Redacted.Redacted,
  keyFile: string,
  bounds: EventBounds = EVENT_BOUNDS,
  cueBounds: CueBounds = CUE_BOUNDS,
  node: Pick<NodeSettings, "name" | "timing"> | null = null,
): Layer.Layer<Store, StartRefused> => layerOver(openPostgres(url, node), nameOf(url), keyFile, bounds, cueBounds, null)
