/** The statements on a real PostgreSQL do what the tables in memory do, on which the rules are tried. */
import { Effect } from "effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { NodeRow } from "../../core/placement/model.ts"
import type { Statement } from "../../core/placement/statements.ts"
import { MemoryDatabase } from "../../core/placement/testing/memory-database.ts"
import { randomOf } from "../../core/placement/testing/world.ts"
import { migrationStatements } from "../store/sqlite/migrations.ts"
import { executePostgres, type PostgresServer, startPostgres } from "../testing/postgres.ts"
import { type NodeDatabase, openNodeDatabase } from "./NodeDatabase.ts"
import { claimNode } from "./node-start.ts"
import {
  beatText,
  changePlacementText,
  claimText,
  leaveText,
  type NewNode,
  placeText,
  readText,
  type StoredSnapshot,
  statementText,
} from "./node-statements.ts"

const DEAD_MS = 8000
const WITHIN_MS = 10_000
const NAMES = ["a", "b", "c'\"\\"]
const CHANNELS = ["one", "two", "three"]

let server: PostgresServer
let url = ""
let database: NodeDatabase
let told = 0

beforeAll(async () => {
  server = await startPostgres()
  url = await server.createDatabase()
  const channels = CHANNELS.map((id, n) => `('${id}', ${n + 1})`).join(", ")
  // Only the columns that matter here.
  await executePostgres(
    url,
    `CREATE TABLE channels (id TEXT PRIMARY KEY, number BIGINT); CREATE TABLE outputs (id TEXT);
     CREATE TABLE users (id TEXT); CREATE TABLE api_keys (id TEXT);
     ${migrationStatements("pg", 12, 13).join("; ")}; INSERT INTO channels VALUES ${channels}`,
  )
  database = openNodeDatabase(url, "test", () => told++)
})
afterAll(async () => {
  await database.close()
  await server.end()
})

const ask = async (text: string) => {
  const answer = await database.ask(text, WITHIN_MS)
  if (answer.kind !== "done") throw new Error(`${answer.kind}: ${answer.why}`)
  return answer.answers
}
const read = async () => (await ask(readText()))[0] as StoredSnapshot

const nodeOf = (name: string, boot: string, instance: string): NewNode => ({
  name,
  boot,
  instance,
  address: "http://127.0.0.1:8000",
  labels: {},
  capacity: 64,
  version: "1",
})

/** Whether PostgreSQL's clock has gone on during a step does not matter: beats are long ago or now. */
const LONG_AGO_MS = 60_000

it("changes the same rows as the tables in memory, statement by statement", async () => {
  const random = randomOf(7)
  const pick = <A>(list: ReadonlyArray<A>): A => list[Math.floor(random() * list.length)] as A
  const memory = new MemoryDatabase(DEAD_MS)
  await ask(
    placeText(CHANNELS.map((channel, n) => ({ channel, home: NAMES[n] ?? "", partner: NAMES[(n + 1) % 3] ?? "" }))),
  )
  for (const [n, channel] of CHANNELS.entries()) memory.place(channel, NAMES[n] ?? "", NAMES[(n + 1) % 3] ?? "", "stop")
  for (const row of memory.rows.values()) row.standby = null
  const boots = new Map<string, string>()
  const kinds = new Set<string>()

  const claim = async (name: string, seen: NodeRow | null) => {
    const boot = `${name}-${Math.floor(random() * 1e9)}`
    const instance = random() < 0.7 ? "first" : `other-${boot}`
    const node = nodeOf(name, boot, instance)
    const stored = await ask(claimText(node, seen))
    expect(memory.claim(name, instance, boot, seen, Date.now())).toBe(stored.length === 1)
    if (stored.length === 1) boots.set(name, boot)
  }
  for (const name of NAMES) await claim(name, null)

  for (let step = 0; step < 160; step++) {
    const name = pick(NAMES)
    const boot = random() < 0.9 ? (boots.get(name) ?? "") : "a process before"
    const row = memory.rows.get(pick(CHANNELS))
    if (row === undefined) throw new Error("no row")
    const item = { channel: row.channel, epoch: row.epoch - (random() < 0.15 ? 1 : 0) }
    const other = random() < 0.2 ? null : pick(NAMES)
    const { nodes: before } = await read()
    // Beats are the same in both, silent nodes are silent in both.
    for (const node of before) {
      const inMemory = memory.nodes.get(node.name)
      if (inMemory !== undefined) inMemory.beatMs = node.beatMs
    }
    const draw = random()
    if (draw < 0.1) await claim(name, random() < 0.8 ? (before.find((node) => node.name === name) ?? null) : null)
    else if (draw < 0.15) {
      const standing = pick(["leaving", "left"] as const)
      await ask(leaveText({ name, boot }, standing))
      memory.leave(name, boot, standing)
    } else if (draw < 0.3) {
      await executePostgres(
        url,
        `UPDATE nodes SET beat_ms = beat_ms - ${LONG_AGO_MS} WHERE name = '${name.replace("'", "''")}'`,
      )
      const node = memory.nodes.get(name)
      if (node !== undefined) node.beatMs -= LONG_AGO_MS
    } else if (draw < 0.4) {
      await ask(changePlacementText(row.channel, { target: other, home: name }))
      Object.assign(row, { target: other, targetReady: false, home: name })
    } else if (draw < 0.5) {
      const [snapshot] = (await ask(beatText({ name, boot }))) as ReadonlyArray<StoredSnapshot>
      expect(snapshot?.rows).toHaveLength(CHANNELS.length)
      memory.beat(name, boot, Date.now())
    } else {
      const statement: Statement = pick<Statement>([
        { kind: "take", items: [{ ...item, partner: other }] },
        {
          kind: "take",
          items: [...memory.rows.values()].map(({ channel, epoch }) => ({ channel, epoch, partner: row.owner })),
        },
        { kind: "release", items: [{ ...item, to: pick(NAMES), partner: other, reason: "moved", closedMs: 12.5 }] },
        { kind: "pair", items: [{ ...item, partner: other }] },
        { kind: "opened", items: [item] },
        { kind: "aim", items: [{ ...item, from: row.target, target: other }] },
        { kind: "aim", items: [{ ...item, from: "d", target: other }] },
        { kind: "ready", items: [item] },
      ])
      // Mostly by the one who may.
      const self =
        statement.kind === "take"
          ? (row.partner ?? name)
          : statement.kind === "ready"
            ? (row.target ?? name)
            : row.owner
      const who = random() < 0.85 ? self : name
      const its = random() < 0.95 ? (boots.get(who) ?? "") : "a process before"
      const stored = (await ask(statementText({ name: who, boot: its }, statement, DEAD_MS))) as ReadonlyArray<{
        channel: string
      }>
      const expected = memory.run(who, its, statement, Date.now())
      expect(stored.map(({ channel }) => channel).sort(), JSON.stringify({ step, statement, who })).toEqual(
        expected.map(({ channel }) => channel).sort(),
      )
      if (expected.length > 0) kinds.add(statement.kind)
    }
    const { rows } = await read()
    for (const stored of rows) expect(stored, `after step ${step}`).toMatchObject(memory.rows.get(stored.channel) ?? {})
  }
  expect([...kinds].sort()).toEqual(["aim", "opened", "pair", "ready", "release", "take"])
  expect(told).toBeGreaterThan(50)
})

it("lets a takeover and a beat of the owner that cross end in one order: never both", async () => {
  const other = openNodeDatabase(url, "other", () => {})
  try {
    for (let round = 0; round < 20; round++) {
      await executePostgres(
        url,
        `DELETE FROM nodes; UPDATE placements SET owner = 'a', partner = 'b', epoch = 1, open_epoch = 1 WHERE channel = 'one'`,
      )
      await ask(claimText(nodeOf("a", "boot a", "first"), null))
      await ask(claimText(nodeOf("b", "boot b", "first"), null))
      await executePostgres(url, `UPDATE nodes SET beat_ms = beat_ms - ${LONG_AGO_MS} WHERE name = 'a'`)
      const items = [{ channel: "one", epoch: 1, partner: "a" }]
      const [beat, take] = await Promise.all([
        database.ask(beatText({ name: "a", boot: "boot a" }), WITHIN_MS),
        other.ask(statementText({ name: "b", boot: "boot b" }, { kind: "take", items }, DEAD_MS), WITHIN_MS),
      ])
      if (beat.kind !== "done" || take.kind !== "done") throw new Error("refused")
      const seen = (beat.answers[0] as StoredSnapshot).rows.find(({ channel }) => channel === "one")?.owner
      expect([seen, take.answers.length]).toEqual(take.answers.length === 1 ? ["b", 1] : ["a", 0])
    }
  } finally {
    await other.close()
  }
})

it("refuses two nodes of one name, of one address and of versions that do not fit, and says what to do", async () => {
  const timing = { leaseMs: 200, deadMs: 300, beatMs: 50 }
  const claim = (node: NewNode) => Effect.runPromise(Effect.either(claimNode(database, node, timing)))
  const refusal = async (node: NewNode) => {
    const result = await claim(node)
    return result._tag === "Left" ? result.left.reason : "taken"
  }
  await executePostgres(url, "DELETE FROM nodes")
  const node = nodeOf("a", "boot 1", "machine 1")
  expect(await refusal(node)).toBe("taken")
  // This machine again, at once.
  expect(await refusal({ ...node, boot: "boot 2" })).toBe("taken")
  expect(await refusal(nodeOf("b", "boot b", "machine 2"))).toBe(
    'NODE_ADDRESS: http://127.0.0.1:8000 is that of node "a"; give each node its own',
  )
  const beating = setInterval(() => void database.ask(beatText({ name: "a", boot: "boot 2" }), WITHIN_MS), 50)
  expect(await refusal(nodeOf("a", "boot 3", "machine 2"))).toMatch(
    /^NODE_NAME: another machine .* runs as node "a"; give each machine its own name, or end that one$/,
  )
  clearInterval(beating)
  // It is gone: another machine takes its place.
  expect(await refusal(nodeOf("a", "boot 4", "machine 2"))).toBe("taken")
  await executePostgres(url, `UPDATE nodes SET protocol = 99, beat_ms = beat_ms + ${LONG_AGO_MS}`)
  const other = { ...nodeOf("b", "boot b", "machine 3"), address: "http://127.0.0.1:8001" }
  expect(await refusal(other)).toMatch(/^NODES: node "a" \(version 1\) does not work together with this version/)
})
