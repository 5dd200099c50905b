/**
 * What survives a restart: channels, outputs, what happened to channels and their cues. Each change is one transaction; it is on disk
 * when the effect succeeds, and nothing has changed when it fails.
 */
import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import * as Client from "@effect/sql/SqlClient"
import { Cause, Context, Effect, Layer } from "effect"
import { AppConfig } from "./AppConfig.ts"
import type { NewEvent } from "./channel-event.ts"
import type { CueQuery, CueView } from "./cue-model.ts"
import { CUE_BOUNDS, type CueBounds, type CueWrite, makeCueRows } from "./cue-rows.ts"
import { StartRefused, StoreError } from "./Errors.ts"
import { EVENT_BOUNDS, type EventBounds, makeEventRows } from "./event-rows.ts"
import type { ChannelConfig, ChannelEventView, EventQuery, OutputConfig } from "./model.ts"
import { migrate } from "./sqlite/migrations.ts"
import * as SqliteClient from "./sqlite/SqliteClient.ts"
import { type ChannelRow, channelFromRow, channelToRow, type OutputRow, outputFromRow, outputToRow } from "./store-rows.ts"

export interface StoreService {
  /** All channels by number, each with its outputs in the order they were added. */
  readonly load: Effect.Effect<ReadonlyArray<ChannelConfig>, StoreError>
  /** Stores a channel with its outputs and returns it with the number it was given. */
  readonly insertChannel: (channel: Omit<ChannelConfig, "number">) => Effect.Effect<ChannelConfig, StoreError>
  /** Stores the channel's own fields; outputs have their own operations. */
  readonly updateChannel: (channel: ChannelConfig) => Effect.Effect<void, StoreError>
  /** Deletes a channel, its outputs, events and cues. */
  readonly deleteChannel: (id: string) => Effect.Effect<void, StoreError>
  readonly setShouldRun: (id: string, shouldRun: boolean) => Effect.Effect<void, StoreError>
  readonly insertOutput: (channelId: string, output: OutputConfig) => Effect.Effect<void, StoreError>
  readonly updateOutput: (output: OutputConfig) => Effect.Effect<void, StoreError>
  readonly deleteOutput: (id: string) => Effect.Effect<void, StoreError>
  /** Stores events in their order, and lets go of the oldest above the bounds. Those of channels that are gone are left out. */
  readonly appendEvents: (events: ReadonlyArray<NewEvent>) => Effect.Effect<void, StoreError>
  /** Events of a channel, newest first. */
  readonly events: (channelId: string, query: EventQuery) => Effect.Effect<ReadonlyArray<ChannelEventView>, StoreError>
  /** Stores or changes cues and lets go of the oldest above the bounds; returns the id of each, null for those of channels that are gone. */
  readonly writeCues: (writes: ReadonlyArray<CueWrite>) => Effect.Effect<ReadonlyArray<number | null>, StoreError>
  /** Cues of a channel, newest first. `nowMs` is Unix time in ms. */
  readonly cues: (channelId: string, query: CueQuery, nowMs: number) => Effect.Effect<ReadonlyArray<CueView>, StoreError>
  /** False when the store does not answer. */
  readonly ok: Effect.Effect<boolean>
}

export class Store extends Context.Tag("distributor/Store")<Store, StoreService>() {
  static readonly Live = Layer.unwrapEffect(Effect.map(AppConfig, ({ databaseFile }) => layerFile(databaseFile)))
}

const make = Effect.fn("Store.make")(function* (bounds: EventBounds, cueBounds: CueBounds) {
  const sql = yield* Client.SqlClient
  const eventRows = makeEventRows(sql, bounds)
  const cueRows = makeCueRows(sql, cueBounds)

  /** A commit that fails dies inside @effect/sql; here it is a StoreError like every other refusal. */
  const change = <A, E>(operation: string, effect: Effect.Effect<A, E>) =>
    sql
      .withTransaction(effect)
      .pipe(
        Effect.catchAllCause((cause) =>
          Cause.isInterruptedOnly(cause)
            ? Effect.interrupt
            : Effect.fail(new StoreError({ operation, cause: rootOf(Cause.squash(cause)) })),
        ),
      )
  const insertOutputRow = (channelId: string, output: OutputConfig) =>
    sql`INSERT INTO outputs ${sql.insert({ ...outputToRow(channelId, output) })}`

  const load = Effect.gen(function* () {
    const channels = yield* sql<ChannelRow>`SELECT * FROM channels ORDER BY number`
    const outputs = yield* sql<OutputRow>`SELECT * FROM outputs ORDER BY position`
    return yield* Effect.try(() =>
      channels.map((row) => {
        const own = outputs.filter((output) => output.channel_id === row.id)
        return channelFromRow(row, own.map(outputFromRow))
      }),
    )
  }).pipe(Effect.mapError((e) => new StoreError({ operation: "read the channels", cause: rootOf(e) })))

  return Store.of({
    load,
    insertChannel: (channel) =>
      change(
        "store the channel",
        Effect.gen(function* () {
          const rows = yield* sql<{ number: number }>`INSERT INTO channels ${sql.insert({ ...channelToRow(channel) })} RETURNING number`
          yield* Effect.forEach(channel.outputs, (output) => insertOutputRow(channel.id, output), { discard: true })
          const number = rows[0]?.number
          return number === undefined ? yield* Effect.dieMessage("the insert returned no number") : { ...channel, number }
        }),
      ),
    updateChannel: (channel) => {
      const { id, ...fields } = channelToRow(channel)
      return change("store the channel", sql`UPDATE channels SET ${sql.update(fields)} WHERE id = ${id}`)
    },
    deleteChannel: (id) =>
      change("delete the channel", sql`DELETE FROM channels WHERE id = ${id}`).pipe(Effect.tap(() => Effect.sync(eventRows.recount))),
    setShouldRun: (id, shouldRun) =>
      change("store the channel's state", sql`UPDATE channels SET should_run = ${shouldRun ? 1 : 0} WHERE id = ${id}`),
    insertOutput: (channelId, output) => change("store the output", insertOutputRow(channelId, output)),
    updateOutput: (output) => {
      const { id, channel_id: _, ...fields } = outputToRow("", output)
      return change("store the output", sql`UPDATE outputs SET ${sql.update(fields)} WHERE id = ${id}`)
    },
    deleteOutput: (id) => change("delete the output", sql`DELETE FROM outputs WHERE id = ${id}`),
    appendEvents: (events) => Effect.map(change("store what happened", eventRows.append(events)), eventRows.commit),
    events: (channelId, query) =>
      Effect.mapError(eventRows.list(channelId, query), (e) => new StoreError({ operation: "read the events", cause: rootOf(e) })),
    writeCues: (writes) => change("store the cues", cueRows.write(writes)),
    cues: (channelId, query, nowMs) =>
      Effect.mapError(cueRows.list(channelId, query, nowMs), (e) => new StoreError({ operation: "read the cues", cause: rootOf(e) })),
    ok: sql`SELECT 1`.pipe(
      Effect.as(true),
      Effect.orElseSucceed(() => false),
    ),
  })
})

/** SqlError hides SQLite's own sentence behind "Failed to ..."; operators need the sentence. */
const rootOf = (error: unknown): unknown => (error instanceof Error && error.cause instanceof Error ? rootOf(error.cause) : error)

/** A damaged file must never look like an empty one: everything is read once, before anything is written. */
const checkIntegrity = Effect.gen(function* () {
  const sql = yield* Client.SqlClient
  const rows = yield* sql<{ integrity_check: string }>`PRAGMA integrity_check(5)`
  const found = rows.map((row) => row.integrity_check).filter((line) => line !== "ok")
  if (found.length > 0) return yield* Effect.fail(new Error(`it is damaged: ${found.join("; ")}`))
})

/** The store in one SQLite file, with at most so many events and cues. Fails with `StartRefused`, naming the file, when it cannot be used as it is. */
export const layerFile = (
  file: string,
  bounds: EventBounds = EVENT_BOUNDS,
  cueBounds: CueBounds = CUE_BOUNDS,
): Layer.Layer<Store, StartRefused> => {
  const refuse = (error: unknown) => {
    const root = rootOf(error)
    return new StartRefused({
      reason: `the store ${file} cannot be used: ${root instanceof Error ? root.message : String(root)}`,
    })
  }
  const directory = Effect.try({ try: () => mkdirSync(dirname(file), { recursive: true }), catch: refuse })
  const opened = Layer.effect(
    Store,
    Effect.zipRight(
      Effect.mapError(Effect.zipRight(checkIntegrity, migrate), refuse),
      Effect.tap(make(bounds, cueBounds), (store) => Effect.mapError(store.load, refuse)),
    ),
  ).pipe(Layer.provide(SqliteClient.layer({ file }).pipe(Layer.mapError(refuse))))
  return Layer.unwrapEffect(Effect.as(directory, opened))
}
