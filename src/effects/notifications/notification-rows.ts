/** Rows of destinations, rules, mutes, notices and messages on their way. Settings of destinations are encrypted. */
import { Effect } from "effect"
import type { StoreError } from "../model/Errors.ts"
import type { StoreAccess } from "../store/store-access.ts"
import type { Destination } from "./destination.ts"
import type { Message } from "./message.ts"
import type { Notice } from "./notice.ts"
import type { KeptMute, MuteRepeats, RulesView } from "./notification-bodies.ts"

/** A message for one destination that has not been delivered yet. */
export interface Outgoing {
  /** UUID of the message for this destination. */
  readonly id: string
  readonly destinationId: string
  /** Unix time in ms. */
  readonly queuedAt: number
  readonly message: Message
}

export interface StoredNotifications {
  readonly destinations: ReadonlyArray<Destination>
  /** Rules; null when they were never changed. */
  readonly rules: RulesView | null
  readonly mutes: ReadonlyArray<KeptMute>
  readonly notices: ReadonlyArray<Notice>
  /** Messages on their way, oldest first. */
  readonly outgoing: ReadonlyArray<Outgoing>
}

export interface NotificationRows {
  readonly load: Effect.Effect<StoredNotifications, StoreError>
  readonly putDestination: (destination: Destination) => Effect.Effect<void, StoreError>
  /** Deletes a destination and the messages for it, and stores `rules`, which no longer name it. */
  readonly deleteDestination: (id: string, rules: RulesView) => Effect.Effect<void, StoreError>
  readonly putRules: (rules: RulesView) => Effect.Effect<void, StoreError>
  readonly insertMute: (mute: KeptMute) => Effect.Effect<void, StoreError>
  readonly deleteMutes: (ids: ReadonlyArray<string>) => Effect.Effect<void, StoreError>
  /** Writes everything in one transaction and deletes the oldest notices that are over. */
  readonly write: (
    notices: ReadonlyArray<Notice>,
    outgoing: ReadonlyArray<Outgoing>,
    done: ReadonlyArray<string>,
  ) => Effect.Effect<void, StoreError>
}

/** Most notices kept that are over. */
const MAX_OVER = 200

interface DestinationRow {
  readonly id: string
  readonly name: string
  readonly settings: string
}

type SameInRow = "id" | "channel" | "output" | "channel_id" | "output_id" | "reason" | "created_at"

interface MuteRow extends Pick<KeptMute, SameInRow> {
  /** Null for one of a version that knew no other beginning than its making. */
  readonly starts: string | null
  readonly ends: string
  /** JSON. */
  readonly repeats: string | null
  readonly author: string
}

/** The name under which the secret box seals the settings of a destination. */
const place = (id: string) => `notification_destinations.settings:${id}`

/** Reads all tables of notifications. */
const loadNotifications = ({ box, sql }: Pick<StoreAccess, "box" | "sql">, node: string) =>
  Effect.gen(function* () {
    if (node !== "") {
      // What a single machine has left: the first node goes on with it.
      yield* sql`UPDATE notices SET node = ${node} WHERE node = ''`
      yield* sql`UPDATE notification_outbox SET node = ${node} WHERE node = ''`
    }
    const destinations =
      yield* sql<DestinationRow>`SELECT id, name, settings FROM notification_destinations ORDER BY created_at, name`
    const rules = yield* sql<{ rules: string }>`SELECT rules FROM notification_rules`
    const mutes = yield* sql<MuteRow>`
      SELECT id, channel, output, channel_id, output_id, starts, ends, repeats, reason, author, created_at
        FROM notification_mutes ORDER BY ends, id`
    const notices = yield* sql<{
      notice: string
    }>`SELECT notice FROM notices WHERE node = ${node} ORDER BY opened_at, id`
    const outgoing = yield* sql<{ id: string; destination_id: string; queued_at: number; message: string }>`
      SELECT id, destination_id, queued_at, message FROM notification_outbox WHERE node = ${node} ORDER BY place`
    return yield* Effect.try((): StoredNotifications => {
      const [ruled] = rules
      return {
        destinations: destinations.map(({ id, settings }) => JSON.parse(box.open(settings, place(id))) as Destination),
        rules: ruled === undefined ? null : (JSON.parse(ruled.rules) as RulesView),
        mutes: mutes.map(({ author: by, created_at, ends: until, repeats, starts, ...mute }) => ({
          ...mute,
          starts: starts ?? created_at,
          until,
          repeats: repeats === null ? null : (JSON.parse(repeats) as MuteRepeats),
          by,
          created_at,
        })),
        notices: notices.map(({ notice }) => JSON.parse(notice) as Notice),
        outgoing: outgoing.map(({ destination_id, id, message, queued_at }) => ({
          id,
          destinationId: destination_id,
          queuedAt: Number(queued_at),
          message: JSON.parse(message) as Message,
        })),
      }
    })
  })

/**
 * Writes notices and new messages, and deletes messages that are done. Of the notices that are over only the newest
 * `MAX_OVER` are kept.
 */
const writeNotifications = (
  sql: StoreAccess["sql"],
  node: string,
  notices: ReadonlyArray<Notice>,
  outgoing: ReadonlyArray<Outgoing>,
  done: ReadonlyArray<string>,
) =>
  Effect.gen(function* () {
    for (const notice of notices) {
      const { id, openedAt, resolvedAt } = notice
      const row = { id, opened_at: openedAt, resolved_at: resolvedAt, notice: JSON.stringify(notice), node }
      yield* sql`INSERT INTO notices ${sql.insert(row)}
          ON CONFLICT (id) DO UPDATE SET resolved_at = excluded.resolved_at, notice = excluded.notice`
    }
    if (notices.some(({ resolvedAt }) => resolvedAt !== null)) {
      yield* sql`DELETE FROM notices WHERE node = ${node} AND resolved_at IS NOT NULL AND id NOT IN
          (SELECT id FROM notices WHERE node = ${node} AND resolved_at IS NOT NULL ORDER BY resolved_at DESC, id LIMIT ${MAX_OVER})`
    }
    for (const { destinationId, id, message, queuedAt } of outgoing) {
      // A message whose destination was deleted meanwhile goes nowhere.
      yield* sql`INSERT INTO notification_outbox (id, destination_id, queued_at, message, node)
          SELECT ${id}, id, ${queuedAt}, ${JSON.stringify(message)}, ${node} FROM notification_destinations WHERE id = ${destinationId}`
    }
    if (done.length > 0) yield* sql`DELETE FROM notification_outbox WHERE ${sql.in("id", done)}`
  })

/** @param node whose notices and messages they are; empty on a single machine */
export const makeNotificationRows = ({ box, change, read, sql }: StoreAccess, node = ""): NotificationRows => {
  const putRules = (rules: RulesView) =>
    sql`INSERT INTO notification_rules (id, rules) VALUES (1, ${JSON.stringify(rules)}) ON CONFLICT (id) DO UPDATE SET rules = excluded.rules`
  return {
    load: read("read the notifications", loadNotifications({ box, sql }, node)),
    putDestination: (destination) => {
      const { created_at, id, name } = destination
      const row = { id, name, settings: box.seal(JSON.stringify(destination), place(id)), created_at }
      return change(
        "store the destination",
        sql`INSERT INTO notification_destinations ${sql.insert(row)}
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, settings = excluded.settings`,
      )
    },
    deleteDestination: (id, rules) =>
      change(
        "delete the destination",
        Effect.all([
          sql`DELETE FROM notification_destinations WHERE id = ${id}`,
          sql`DELETE FROM notification_outbox WHERE destination_id = ${id}`,
          putRules(rules),
        ]),
      ),
    putRules: (rules) => change("store the rules", putRules(rules)),
    insertMute: ({ by, repeats, until, ...mute }) => {
      const row = { ...mute, ends: until, repeats: repeats === null ? null : JSON.stringify(repeats), author: by }
      return change("store the mute", sql`INSERT INTO notification_mutes ${sql.insert(row)}`)
    },
    deleteMutes: (ids) => change("delete the mute", sql`DELETE FROM notification_mutes WHERE ${sql.in("id", ids)}`),
    write: (notices, outgoing, done) =>
      change("store the notifications", writeNotifications(sql, node, notices, outgoing, done)),
  }
}
