/**
 * What survives a restart: channels, outputs, what happened to channels and their cues. Each change is one transaction; it is on disk
 * when the effect succeeds, and nothing has changed when it fails.
 */
import { dirname, join } from "node:path"
import * as Client from "@effect/sql/SqlClient"
import { Cause, Context, Effect, Layer, Option, type Redacted } from "effect"
import { type AccountRows, makeAccountRows } from "../accounts/account-rows.ts"
import { type AuditRows, makeAuditRows } from "../accounts/audit-rows.ts"
import { AppConfig } from "../config/AppConfig.ts"
import type { StoreChange } from "../declarative/plan.ts"
import { type AppliedFile, makeVersionRows, type NewVersion, type StoredVersion, type VersionEntry } from "../declarative/version-rows.ts"
import type { ChannelConfig, ChannelEventView, EventQuery, OutputConfig } from "../model/channel.ts"
import type { NewEvent } from "../model/channel-event.ts"
import type { CueQuery, CueView } from "../model/cue.ts"
import { type StartRefused, StoreError } from "../model/Errors.ts"
import { within } from "../model/within.ts"
import { makeNotificationRows, type NotificationRows } from "../notifications/notification-rows.ts"
import { makeTemplateRows, type TemplateRows } from "../templates/template-rows.ts"
import { CUE_BOUNDS, type CueBounds, type CueWrite, makeCueRows } from "./cue-rows.ts"
import { EVENT_BOUNDS, type EventBounds, makeEventRows } from "./event-rows.ts"
import { nameOf, openPostgres, openSqlite, refuseStore, rootOf } from "./open-store.ts"
import { CommitUnanswered } from "./postgres/CommitUnanswered.ts"
import { keepPrivate } from "./private-files.ts"
import { openOutput, openStore, sealOutput } from "./sealed-rows.ts"
import type { SecretBox } from "./secret-box.ts"
import { type ChannelRow, channelFromRow, channelToRow, type OutputRow, outputFromRow, outputToRow } from "./store-rows.ts"
import { sizeOf } from "./store-size.ts"

export interface StoreService {
  /** All channels by number, each with its outputs in the order they were added. */
  readonly load: Effect.Effect<ReadonlyArray<ChannelConfig>, StoreError>
  /** Stores a channel with its outputs and returns it with the number it was given. */
  readonly insertChannel: (channel: Omit<ChannelConfig, "number">) => Effect.Effect<ChannelConfig, StoreError>
  /** The same for many: all of them or none. */
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
  /** The same for many: all of them or none. */
  readonly insertOutputs: (channelId: string, outputs: ReadonlyArray<OutputConfig>) => Effect.Effect<void, StoreError>
  readonly updateOutput: (output: OutputConfig) => Effect.Effect<void, StoreError>
  readonly deleteOutput: (id: string) => Effect.Effect<void, StoreError>
  /**
   * Carries out all changes or none, with the versions that describe them and the file they come from. Returns the numbers that new
   * channels were given, by their ids, and the number of the last version (0 without one).
   */
  readonly applyConfig: (
    changes: ReadonlyArray<StoreChange>,
    versions: ReadonlyArray<NewVersion>,
    file: AppliedFile | null,
  ) => Effect.Effect<{ readonly numbers: ReadonlyMap<string, number>; readonly version: number }, StoreError>
  /** Newest first. */
  readonly configVersions: Effect.Effect<ReadonlyArray<VersionEntry>, StoreError>
  /** Null when there is none; without a number the newest one. */
  readonly configVersion: (version: number | null) => Effect.Effect<StoredVersion | null, StoreError>
  /** Of the content of a file when it was applied; null when it never was. */
  readonly configFileHash: (path: string) => Effect.Effect<string | null, StoreError>
  /** Stores events in their order, and lets go of the oldest above the bounds. Those of channels that are gone are left out. */
  readonly appendEvents: (events: ReadonlyArray<NewEvent>) => Effect.Effect<void, StoreError>
  /** Events of a channel, newest first. */
  readonly events: (channelId: string, query: EventQuery) => Effect.Effect<ReadonlyArray<ChannelEventView>, StoreError>
  /** Those of all channels. */
  readonly allEvents: (
    query: EventQuery,
  ) => Effect.Effect<ReadonlyArray<{ readonly channelId: string; readonly event: ChannelEventView }>, StoreError>
  /** Stores or changes cues and lets go of the oldest above the bounds; returns the id of each, null for those of channels that are gone. */
  readonly writeCues: (writes: ReadonlyArray<CueWrite>) => Effect.Effect<ReadonlyArray<number | null>, StoreError>
  /** Cues of a channel, newest first. `nowMs` is Unix time in ms. */
  readonly cues: (channelId: string, query: CueQuery, nowMs: number) => Effect.Effect<ReadonlyArray<CueView>, StoreError>
  /** Those of all channels. */
  readonly allCues: (
    query: CueQuery,
    nowMs: number,
  ) => Effect.Effect<ReadonlyArray<{ readonly channelId: string; readonly cue: CueView }>, StoreError>
  readonly accounts: AccountRows
  readonly audit: AuditRows
  readonly notifications: NotificationRows
  readonly templates: TemplateRows
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
    Effect.flatMap(AppConfig, ({ databaseFile, dataDir, keyFile, postgresUrl }) =>
      Effect.as(
        keepPrivate({ dataDir, databaseFile: Option.isNone(postgresUrl) ? databaseFile : null, keyFile }),
        Option.match(postgresUrl, {
          onSome: (url) => layerPostgres(url, keyFile),
          onNone: () => layerFile(databaseFile, EVENT_BOUNDS, CUE_BOUNDS, join(dataDir, "backups"), keyFile),
        }),
      ),
    ),
  )
}

const ANSWERS_WITHIN = "2 seconds"

const make = Effect.fn("Store.make")(function* (name: string, bounds: EventBounds, cueBounds: CueBounds, box: SecretBox) {
  const sql = yield* Client.SqlClient
  const eventRows = makeEventRows(sql, bounds)
  const cueRows = makeCueRows(sql, cueBounds)
  const versionRows = makeVersionRows(sql, box)

  /** A commit that fails dies inside @effect/sql; here it is a StoreError like every other refusal. */
  const change = <A, E>(operation: string, effect: Effect.Effect<A, E>) =>
    sql.withTransaction(effect).pipe(
      Effect.catchAllCause((cause) => {
        if (Cause.isInterruptedOnly(cause)) return Effect.interrupt
        const root = rootOf(Cause.squash(cause))
        return new StoreError({ operation, cause: root, ...(root instanceof CommitUnanswered ? { outcome: "unknown" as const } : {}) })
      }),
    )
  const insertOutputRow = (channelId: string, output: OutputConfig) =>
    Effect.zipRight(
      sql`INSERT INTO outputs ${sql.insert({ ...sealOutput(box, outputToRow(channelId, output)) })}`,
      sql`UPDATE channels SET last_output_number = ${output.number} WHERE id = ${channelId} AND last_output_number < ${output.number}`,
    )
  const insertChannelRows = Effect.fnUntraced(function* (channel: Omit<ChannelConfig, "number">) {
    const rows = yield* sql<{ number: number }>`
      UPDATE last_numbers SET number = number + 1 WHERE name = 'channels' RETURNING number`
    const number = rows[0]?.number
    if (number === undefined) return yield* Effect.dieMessage("there is no last number of channels")
    yield* sql`INSERT INTO channels ${sql.insert({ number, ...channelToRow(channel) })}`
    yield* Effect.forEach(channel.outputs, (output) => insertOutputRow(channel.id, output), { discard: true })
    return { ...channel, number }
  })

  const restoreChannelRows = Effect.fnUntraced(function* (channel: ChannelConfig) {
    const { last_output_number, number, outputs } = channel
    yield* sql`INSERT INTO channels ${sql.insert({ number, ...channelToRow(channel) })}`
    yield* Effect.forEach(outputs, (output) => insertOutputRow(channel.id, output), { discard: true })
    // Of outputs that were removed before it.
    yield* sql`UPDATE channels SET last_output_number = ${last_output_number} WHERE id = ${channel.id}`
  })

  const updateChannelRow = (channel: Omit<ChannelConfig, "number">) => {
    const { id, ...fields } = channelToRow(channel)
    return sql`UPDATE channels SET ${sql.update(fields)} WHERE id = ${id}`
  }
  const updateOutputRow = (output: OutputConfig) => {
    const { id, channel_id: _, ...fields } = sealOutput(box, outputToRow("", output))
    return sql`UPDATE outputs SET ${sql.update(fields)} WHERE id = ${id}`
  }
  const deleteChannelRow = (id: string) => sql`DELETE FROM channels WHERE id = ${id}`
  const deleteOutputRow = (id: string) => sql`DELETE FROM outputs WHERE id = ${id}`
  const write = (change: StoreChange) => {
    switch (change.op) {
      case "delete_channel":
        return deleteChannelRow(change.id)
      case "delete_output":
        return deleteOutputRow(change.id)
      case "update_channel":
        return updateChannelRow(change.channel)
      case "update_output":
        return updateOutputRow(change.output)
      case "insert_output":
        return insertOutputRow(change.channelId, change.output)
      case "insert_channel":
        return insertChannelRows(change.channel)
    }
  }
  const readVersions = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.mapError(effect, (e) => new StoreError({ operation: "read the versions of the configuration", cause: rootOf(e) }))

  const load = Effect.gen(function* () {
    const channels = yield* sql<ChannelRow>`SELECT * FROM channels ORDER BY number`
    const outputs = yield* sql<OutputRow>`SELECT * FROM outputs ORDER BY position`
    return yield* Effect.try(() =>
      channels.map((row) => {
        const own = outputs.filter((output) => output.channel_id === row.id)
        return channelFromRow(
          row,
          own.map((output) => outputFromRow(openOutput(box, output))),
        )
      }),
    )
  }).pipe(Effect.mapError((e) => new StoreError({ operation: "read the channels", cause: rootOf(e) })))

  const access = {
    change,
    read: <A, E>(operation: string, effect: Effect.Effect<A, E>) =>
      Effect.mapError(effect, (e) => new StoreError({ operation, cause: rootOf(e) })),
  }

  const problem = sql`SELECT 1`.pipe(
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

  return Store.of({
    load,
    accounts: makeAccountRows(sql, access),
    audit: makeAuditRows(sql, access),
    notifications: makeNotificationRows(sql, access, box),
    templates: makeTemplateRows(sql, box, access),
    nextChannelNumber: access.read(
      "read the channels",
      Effect.map(sql<{ number: number }>`SELECT number FROM last_numbers WHERE name = 'channels'`, ([row]) => (row?.number ?? 0) + 1),
    ),
    insertChannel: (channel) => change("store the channel", insertChannelRows(channel)),
    insertChannels: (channels) => change("store the channels", Effect.forEach(channels, insertChannelRows, { discard: true })),
    restoreChannel: (channel) => change("store the channel", restoreChannelRows(channel)),
    isNew: sql`SELECT 1 FROM last_numbers WHERE name = 'channels' AND number > 0`.pipe(
      Effect.map((rows) => rows.length === 0),
      Effect.mapError((e) => new StoreError({ operation: "read the channels", cause: rootOf(e) })),
    ),
    updateChannel: (channel) => change("store the channel", updateChannelRow(channel)),
    deleteChannel: (id) => change("delete the channel", deleteChannelRow(id)).pipe(Effect.tap(() => Effect.sync(eventRows.recount))),
    setShouldRun: (id, shouldRun) =>
      change("store the channel's state", sql`UPDATE channels SET should_run = ${shouldRun ? 1 : 0} WHERE id = ${id}`),
    insertOutput: (channelId, output) => change("store the output", insertOutputRow(channelId, output)),
    insertOutputs: (channelId, outputs) =>
      change(
        "store the outputs",
        Effect.forEach(outputs, (output) => insertOutputRow(channelId, output), { discard: true }),
      ),
    updateOutput: (output) => change("store the output", updateOutputRow(output)),
    deleteOutput: (id) => change("delete the output", deleteOutputRow(id)),
    applyConfig: (changes, versions, file) =>
      change(
        "store the configuration",
        Effect.gen(function* () {
          const numbers = new Map<string, number>()
          for (const one of changes) {
            const written = yield* write(one)
            if (one.op === "insert_channel" && written !== undefined && "number" in written) numbers.set(one.channel.id, written.number)
          }
          if (file !== null) yield* versionRows.remember(file)
          return { numbers, version: versions.length === 0 ? 0 : yield* versionRows.add(versions) }
        }),
      ).pipe(Effect.tap(() => Effect.sync(eventRows.recount))),
    configVersions: readVersions(versionRows.list),
    configVersion: (version) => readVersions(versionRows.find(version)),
    configFileHash: (path) => readVersions(versionRows.hashOf(path)),
    appendEvents: (events) => Effect.map(change("store what happened", eventRows.append(events)), eventRows.commit),
    events: (channelId, query) =>
      Effect.mapError(eventRows.list(channelId, query), (e) => new StoreError({ operation: "read the events", cause: rootOf(e) })),
    allEvents: (query) => access.read("read the events", eventRows.listAll(query)),
    writeCues: (writes) => change("store the cues", cueRows.write(writes)),
    cues: (channelId, query, nowMs) =>
      Effect.mapError(cueRows.list(channelId, query, nowMs), (e) => new StoreError({ operation: "read the cues", cause: rootOf(e) })),
    allCues: (query, nowMs) => access.read("read the cues", cueRows.listAll(query, nowMs)),
    size: sizeOf(sql),
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
) =>
  Layer.effect(
    Store,
    Effect.gen(function* () {
      const box = yield* openStore(yield* Client.SqlClient, keyFile)
      return yield* Effect.tap(make(name, bounds, cueBounds, box), (store) => store.load)
    }).pipe(Effect.mapError(refuseStore(name))),
  ).pipe(Layer.provide(opened))

/**
 * The store in one SQLite file, with at most so many events and cues, copies of it in `backups` when that is given, and secrets encrypted by
 * a key file, beside it unless told. Fails with `StartRefused`, naming the file, when it cannot be used as it is.
 */
export const layerFile = (
  file: string,
  bounds: EventBounds = EVENT_BOUNDS,
  cueBounds: CueBounds = CUE_BOUNDS,
  backups: string | null = null,
  keyFile: string = join(dirname(file), "secret.key"),
): Layer.Layer<Store, StartRefused> => layerOver(openSqlite(file, backups), file, keyFile, bounds, cueBounds)

/**
 * The store in a PostgreSQL database (`postgres://user:password@host:port/database`), which no other service has at the same time. Fails
 * with `StartRefused`, naming the database without its password. A change whose COMMIT was not answered, because the connection was lost
 * at that moment, is a StoreError with an unknown outcome: it may have been carried out.
 */
export const layerPostgres = (
  url: Redacted.Redacted,
  keyFile: string,
  bounds: EventBounds = EVENT_BOUNDS,
  cueBounds: CueBounds = CUE_BOUNDS,
): Layer.Layer<Store, StartRefused> => layerOver(openPostgres(url), nameOf(url), keyFile, bounds, cueBounds)
