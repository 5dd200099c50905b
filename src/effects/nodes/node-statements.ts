/**
 * The statements of a node on PostgreSQL, each a text that is one transaction: several statements in one message of the
 * simple query protocol, so that each sees what was committed before it, and all go and come in one round trip.
 *
 * A node locks its own row first wherever it speaks for its channels: that orders it with a takeover, which locks the
 * silent owner's row and looks at its beat in the same transaction, and with another process that starts under the
 * name. Of these locks only the takeover's holds up a beat.
 */
import pg from "pg"
import {
  type Isolated,
  NODES_PROTOCOL,
  type NodeRow,
  type PlacementRow,
  type Snapshot,
} from "../../core/placement/model.ts"
import type { Statement } from "../../core/placement/statements.ts"

/** Where nodes are told that something has changed. */
export const NOTIFICATIONS = "distributor_nodes"

const lit = (value: string | number | null): string =>
  value === null ? "NULL" : typeof value === "number" ? String(value) : pg.escapeLiteral(value)
const json = (value: unknown) => pg.escapeLiteral(JSON.stringify(value))

/** Unix time in ms, as of when it is computed and not of the transaction's start. */
const NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::float8"
const NOTIFY = `NOTIFY ${NOTIFICATIONS}`
const ROW = `json_build_object('channel', p.channel, 'epoch', p.epoch, 'openEpoch', p.open_epoch, 'owner', p.owner,
  'partner', p.partner, 'home', p.home, 'standby', p.standby, 'isolated', p.isolated, 'target', p.target,
  'targetReady', p.target_ready = 1, 'movedFrom', p.moved_from, 'movedWhy', p.moved_why, 'movedMs', p.moved_ms,
  'gapMs', p.gap_ms)`
const NODE = `json_build_object('name', n.name, 'address', n.address, 'labels', n.labels::json, 'capacity', n.capacity,
  'standing', n.standing, 'instance', n.instance, 'boot', n.boot, 'version', n.version, 'protocol', n.protocol,
  'beatMs', n.beat_ms)`

export type MovedWhy = "placed" | "moved" | "drained" | "taken over" | "forced"

/** A channel's row with how it came to its owner. */
export interface StoredPlacement extends PlacementRow {
  readonly movedFrom: string | null
  readonly movedWhy: MovedWhy
  /** Unix time in ms. */
  readonly movedMs: number
  readonly gapMs: number | null
}

/** A node's row with the number of the rows' and leases' meaning. */
export interface StoredNode extends NodeRow {
  readonly protocol: number
}

export interface StoredSnapshot extends Snapshot {
  readonly nodes: ReadonlyArray<StoredNode>
  readonly rows: ReadonlyArray<StoredPlacement>
  /** Channels that nobody has placed yet. */
  readonly unplaced: ReadonlyArray<string>
  /** See `change_counters`. */
  readonly counters: Readonly<Record<string, number>>
}

/** A process of a node. */
export interface Self {
  readonly name: string
  readonly boot: string
}

const touch = ({ boot, name }: Self) =>
  `UPDATE nodes SET beat_ms = ${NOW} WHERE name = ${lit(name)} AND boot = ${lit(boot)}`
/** Holds off a takeover and another process of this name until the transaction ends, and no beat. */
const hold = ({ boot, name }: Self) =>
  `SELECT 1 FROM nodes WHERE name = ${lit(name)} AND boot = ${lit(boot)} FOR KEY SHARE`
const isMine = ({ boot, name }: Self) =>
  `EXISTS (SELECT 1 FROM nodes WHERE name = ${lit(name)} AND boot = ${lit(boot)})`
const READ = `SELECT json_build_object(
  'nowMs', ${NOW},
  'nodes', (SELECT coalesce(json_agg(${NODE} ORDER BY n.name), '[]') FROM nodes n),
  'rows', (SELECT coalesce(json_agg(${ROW}), '[]') FROM placements p),
  'unplaced', (SELECT coalesce(json_agg(c.id ORDER BY c.number), '[]') FROM channels c
    WHERE NOT EXISTS (SELECT 1 FROM placements WHERE channel = c.id)),
  'counters', (SELECT json_object_agg(name, number) FROM change_counters)) AS answer`

/**
 * A beat, and all rows behind it. It does not wait for the disk, as it need not outlive PostgreSQL: where a crash has
 * taken beats away, every node has lost its connection and watches for the dead time before it calls another one gone.
 */
export const beatText = (self: Self): string => `SET LOCAL synchronous_commit = off; ${touch(self)}; ${READ}`
/** All rows. */
export const readText = (): string => READ

const items = (statement: Statement, columns: string) =>
  `json_to_recordset(${json(statement.items)}) AS i(channel text, epoch bigint${columns})`
/** The rows that a statement has changed, one JSON each. */
const changed = (change: string) => `${change} RETURNING ${ROW} AS answer`

/** Its last part answers with the changed rows. */
export const statementText = (self: Self, statement: Statement, deadMs: number): string => {
  const own = `p.channel = i.channel AND p.epoch = i.epoch AND p.owner = ${lit(self.name)} AND ${isMine(self)}`
  const speak = (change: string) => `${hold(self)}; ${NOTIFY}; ${changed(change)}`
  switch (statement.kind) {
    case "take":
      return `${NOTIFY}; WITH i AS (SELECT * FROM ${items(statement, ", partner text")}),
        silent AS (SELECT name, standing, beat_ms FROM nodes
          WHERE name IN (SELECT p.owner FROM placements p JOIN i ON p.channel = i.channel)
            AND (standing = 'left' OR beat_ms <= ${NOW} - ${lit(deadMs)}) FOR UPDATE)
        ${changed(`UPDATE placements p SET epoch = p.epoch + 1,
          open_epoch = CASE WHEN silent.standing = 'left' THEN p.epoch + 1 ELSE p.open_epoch END,
          owner = ${lit(self.name)}, partner = i.partner, target_ready = 0, moved_from = p.owner,
          moved_why = 'taken over', moved_ms = ${NOW}, silent_ms = ${NOW} - silent.beat_ms, gap_ms = NULL
          FROM i, silent WHERE p.channel = i.channel AND p.epoch = i.epoch AND p.owner = silent.name
            AND p.owner <> ${lit(self.name)} AND p.open_epoch = p.epoch
            AND (p.partner IS NULL OR p.partner = ${lit(self.name)}) AND ${isMine(self)}`)}`
    case "release":
      return speak(`UPDATE placements p SET epoch = p.epoch + 1, open_epoch = p.epoch + 1, owner = i."to",
        partner = i.partner, target = CASE WHEN p.target = i."to" THEN NULL ELSE p.target END, target_ready = 0,
        moved_from = p.owner, moved_why = i.reason, moved_ms = ${NOW}, silent_ms = i."closedMs", gap_ms = NULL
        FROM ${items(statement, ', "to" text, partner text, reason text, "closedMs" float8')} WHERE ${own}`)
    case "pair":
      return speak(`UPDATE placements p SET epoch = p.epoch + 1, partner = i.partner,
        open_epoch = CASE WHEN p.open_epoch = p.epoch THEN p.epoch + 1 ELSE p.open_epoch END
        FROM ${items(statement, ", partner text")} WHERE ${own}`)
    case "opened":
      return speak(`UPDATE placements p SET open_epoch = p.epoch FROM ${items(statement, "")} WHERE ${own}`)
    case "aim":
      return speak(`UPDATE placements p SET target = i.target, target_ready = 0
        FROM ${items(statement, ', "from" text, target text')}
        WHERE ${own} AND p.target IS NOT DISTINCT FROM i."from"`)
    case "ready":
      return `${NOTIFY}; ${changed(`UPDATE placements p SET target_ready = 1 FROM ${items(statement, "")}
        WHERE p.channel = i.channel AND p.epoch = i.epoch AND p.target = ${lit(self.name)} AND ${isMine(self)}`)}`
  }
}

/** A node as its process starts it. */
export type NewNode = Pick<NodeRow, "name" | "address" | "labels" | "capacity" | "instance" | "boot" | "version">

/**
 * A process starts under a name, whose row it has `seen`: null for none. Answers with one row when it is the node from
 * now on, and with none when another one has been quicker, or another machine has beaten under the name meanwhile.
 *
 * Another machine's channels go to their partners, which alone know until when they have granted its leases. What it
 * was the partner of gets another epoch, which its owner has to know before anything is taken over: the other machine may
 * grant leases yet.
 */
export const claimText = (node: NewNode, seen: NodeRow | null): string => {
  const values = `address = ${lit(node.address)}, labels = ${json(node.labels)}, capacity = ${lit(node.capacity)},
    instance = ${lit(node.instance)}, boot = ${lit(node.boot)}, version = ${lit(node.version)},
    protocol = ${NODES_PROTOCOL}, beat_ms = ${NOW},
    standing = CASE WHEN standing = 'draining' THEN 'draining' ELSE 'up' END`
  if (seen === null)
    return `${NOTIFY}; INSERT INTO nodes (name, address, labels, capacity, standing, instance, boot, version, protocol, beat_ms)
      VALUES (${lit(node.name)}, ${lit(node.address)}, ${json(node.labels)}, ${lit(node.capacity)}, 'up',
        ${lit(node.instance)}, ${lit(node.boot)}, ${lit(node.version)}, ${NODES_PROTOCOL}, ${NOW})
      ON CONFLICT DO NOTHING RETURNING name AS answer`
  const isOther = seen.instance !== node.instance
  const same = `name = ${lit(node.name)} AND boot = ${lit(seen.boot)}`
  const quiet = isOther && seen.standing !== "left" ? ` AND beat_ms = ${lit(seen.beatMs)}` : ""
  const claim = `UPDATE nodes SET ${values} WHERE ${same}${quiet} RETURNING name AS answer`
  const lock = `SELECT 1 FROM nodes WHERE name = ${lit(node.name)} FOR UPDATE`
  if (!isOther || seen.standing === "left") return `${NOTIFY}; ${lock}; ${claim}`
  return `${NOTIFY}; ${lock}; WITH claimed AS (${claim}), given AS (UPDATE placements p SET epoch = p.epoch + 1,
      owner = CASE WHEN n.standing = 'left' THEN p.owner ELSE p.partner END,
      partner = CASE WHEN n.standing = 'left' THEN p.partner ELSE p.owner END,
      moved_from = p.owner, moved_why = 'taken over', moved_ms = ${NOW}, silent_ms = NULL, gap_ms = NULL
    FROM nodes n, claimed WHERE p.owner = ${lit(node.name)} AND n.name = p.partner),
    stood AS (UPDATE placements p SET epoch = p.epoch + 1 FROM claimed
      WHERE p.partner = ${lit(node.name)} AND p.owner <> ${lit(node.name)})
    SELECT answer FROM claimed`
}

/** The node is about to end (`leaving`), or sends nothing any more (`left`). */
export const leaveText = ({ boot, name }: Self, standing: "leaving" | "left"): string =>
  `UPDATE nodes SET standing = ${lit(standing)} WHERE name = ${lit(name)} AND boot = ${lit(boot)}; ${NOTIFY}`

/** Places channels that nobody has placed yet. */
export const placeText = (
  placed: ReadonlyArray<{ readonly channel: string; readonly home: string; readonly partner: string | null }>,
): string => `${NOTIFY}; INSERT INTO placements (channel, epoch, open_epoch, owner, partner, home, standby, isolated,
    target, target_ready, moved_from, moved_why, moved_ms, silent_ms, gap_ms)
  SELECT i.channel, 1, 1, i.home, i.partner, i.home, NULL, 'stop', NULL, 0, NULL, 'placed', ${NOW}, NULL, NULL
  FROM json_to_recordset(${json(placed)}) AS i(channel text, home text, partner text)
  JOIN channels c ON c.id = i.channel ON CONFLICT DO NOTHING`

/** The first output of a channel is connected again; how long that took is noted once for each move. */
export const connectedText = ({ name }: Self, channel: string, epoch: number): string =>
  `UPDATE placements SET gap_ms = ${NOW} - moved_ms + coalesce(silent_ms, 0) WHERE channel = ${lit(channel)}
    AND owner = ${lit(name)} AND epoch >= ${lit(epoch)} AND gap_ms IS NULL AND moved_why <> 'placed'; ${NOTIFY}`

/** What operators change of a channel. */
export interface PlacementValues {
  readonly home?: string
  readonly standby?: string | null
  readonly isolated?: Isolated
  readonly target?: string | null
}

export const changePlacementText = (channel: string, values: PlacementValues): string => {
  const sets = Object.entries(values).map(([column, value]) => `${column} = ${lit(value)}`)
  if (values.target !== undefined) sets.push("target_ready = 0")
  return `${NOTIFY}; ${changed(`UPDATE placements p SET ${sets.join(", ")} WHERE p.channel = ${lit(channel)}`)}`
}

/** Takes a channel from an owner that is gone, on the operator's word that it sends nothing. */
export const forceText = (channel: string, epoch: number, node: string, deadMs: number): string =>
  `${NOTIFY}; ${changed(`UPDATE placements p SET epoch = p.epoch + 1, open_epoch = p.epoch + 1, owner = ${lit(node)},
    partner = p.owner, target = NULL, target_ready = 0, moved_from = p.owner, moved_why = 'forced', moved_ms = ${NOW},
    silent_ms = ${NOW} - n.beat_ms, gap_ms = NULL
    FROM nodes n WHERE p.channel = ${lit(channel)} AND p.epoch = ${lit(epoch)} AND n.name = p.owner
      AND (n.standing = 'left' OR n.beat_ms <= ${NOW} - ${lit(deadMs)})`)}`

/** What operators change of a node. */
export const changeNodeText = (
  name: string,
  values: {
    readonly labels?: Readonly<Record<string, string>>
    readonly capacity?: number
    readonly standing?: "up" | "draining"
  },
): string => {
  const sets = [
    ...(values.labels === undefined ? [] : [`labels = ${json(values.labels)}`]),
    ...(values.capacity === undefined ? [] : [`capacity = ${lit(values.capacity)}`]),
    ...(values.standing === undefined ? [] : [`standing = ${lit(values.standing)}`]),
  ]
  const only = values.standing === undefined ? "" : " AND standing IN ('up', 'draining')"
  return `${NOTIFY}; UPDATE nodes SET ${sets.join(", ")} WHERE name = ${lit(name)}${only} RETURNING name AS answer`
}
