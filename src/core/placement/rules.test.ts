import { describe, expect, it } from "vitest"
import { firstPlacement, loadsOf, ranked, wantedPartner } from "./choose-node.ts"
import { inputNeeds, type LegOfChannel } from "./input-needs.ts"
import type { NodeRow, PlacementRow } from "./model.ts"
import { NodeBrain } from "./node-brain.ts"
import { MemoryDatabase } from "./testing/memory-database.ts"
import { timingOf } from "./timing.ts"

const TIMING = timingOf(6, 8)

const node = (name: string, over: Partial<NodeRow> = {}): NodeRow => ({
  name,
  address: `http://${name}:8000`,
  labels: {},
  capacity: 10,
  standing: "up",
  instance: name,
  boot: name,
  version: "1",
  beatMs: 0,
  ...over,
})
const placed = (owner: string, over: Partial<PlacementRow> = {}): PlacementRow => ({
  channel: "ch",
  epoch: 1,
  openEpoch: 1,
  owner,
  partner: null,
  home: owner,
  standby: null,
  isolated: "stop",
  target: null,
  targetReady: false,
  ...over,
})

describe("where a channel goes", () => {
  it("to the node with the smallest share of its capacity in use, and its partner into another zone", () => {
    const nodes = [
      node("a", { labels: { zone: "east" }, capacity: 20 }),
      node("b", { labels: { zone: "east" } }),
      node("c", { labels: { zone: "west" } }),
    ]
    const rows = [placed("a"), placed("b"), placed("c"), placed("c")]
    expect(firstPlacement(nodes, rows)).toEqual({ home: "a", partner: "c" })
    expect(firstPlacement([node("a")], [])).toEqual({ home: "a", partner: null })
    expect(firstPlacement([], [])).toBeNull()
  })
  it("to a full node only when all are full", () => {
    const rows = [placed("a")]
    const order = (b: number) => ranked([node("a", { capacity: 1 }), node("b", { capacity: b })], loadsOf(rows))
    expect(order(100).map(({ name }) => name)).toEqual(["b", "a"])
    expect(order(0).map(({ name }) => name)).toEqual(["b", "a"])
  })
  it("has its standby for a partner, at its standby its home, and another node only while that one is gone", () => {
    const [a, b, c] = [node("a"), node("b"), node("c")]
    const partner = (row: PlacementRow, ...up: NodeRow[]) =>
      wantedPartner(row, up, loadsOf([row]), undefined, (name) => up.some((one) => one.name === name))
    const atHome = placed("a", { standby: "b", partner: "b" })
    expect(partner(atHome, a, b, c)).toBe("b")
    expect(partner(atHome, a, c)).toBe("c")
    expect(partner({ ...atHome, partner: "c" }, a, b, c)).toBe("b")
    expect(partner(atHome, a)).toBe("b")
    const away = placed("b", { home: "a", standby: "b", partner: "c" })
    expect(partner(away, a, b, c)).toBe("a")
    expect(partner(away, b, c)).toBe("c")
    // Nobody chose one: the present one stays as long as it is there.
    expect(partner(placed("a", { partner: "c" }), a, b, c)).toBe("c")
  })
})

describe("a node", () => {
  const start = () => {
    const database = new MemoryDatabase(TIMING.deadMs)
    for (const name of ["a", "b"]) database.claim(name, name, name, null, 0)
    database.place("ch", "a", "b")
    const brain = (self: string) => new NodeBrain({ self, boot: self, timing: TIMING, startedMs: 0 })
    return { database, a: brain("a"), b: brain("b") }
  }

  it("takes over 8 s after the owner was last heard of, and not a moment earlier", () => {
    const { b, database } = start()
    let now = 0
    let beats = 0
    while (b.fenceOf("ch") < now) {
      b.onSnapshot(database.beat("b", "b", now), now, now)
      beats++
      for (const statement of b.statements(now))
        b.onOutcome(statement, { kind: "done", rows: database.run("b", "b", statement, now) }, now)
      if (b.fenceOf("ch") < now) now = b.nextBeatMs(now)
    }
    expect(now).toBe(8001)
    expect(beats).toBe(7)
    expect(b.fenceOf("ch")).toBe(now + TIMING.leaseMs)
  })
  it("counts its lease from when it asked", () => {
    const { a, database } = start()
    a.onSnapshot(database.beat("a", "a", 1000), 400, 2000)
    expect(a.fenceOf("ch")).toBe(6400)
    a.onGranted("b", [["ch", 1]], 900, 3000)
    expect(a.fenceOf("ch")).toBe(6900)
    // An answer to a question that was asked before says nothing.
    a.onSnapshot(database.beat("a", "a", 1000), 300, 2000)
    expect(a.fenceOf("ch")).toBe(6900)
  })
  it("gets another partner only while its lease is that of its last beat: the next one knows of no other", () => {
    const { a, database } = start()
    database.claim("c", "c", "c", null, 0)
    a.onSnapshot(database.beat("a", "a", 0), 0, 0)
    const row = database.rows.get("ch")
    if (row !== undefined) row.standby = "c"
    // The answer is late, and the partner has granted a lease meanwhile.
    a.onGranted("b", [["ch", 1]], 900, 950)
    a.onSnapshot(database.beat("a", "a", 800), 800, 1000)
    expect(a.fenceOf("ch")).toBe(900 + TIMING.leaseMs)
    expect(a.statements(1000)).toEqual([])
    a.onSnapshot(database.beat("a", "a", 2000), 2000, 2000)
    expect(a.statements(2000)).toEqual([{ kind: "pair", items: [{ channel: "ch", epoch: 1, partner: "c" }] }])
  })
  it("gives nothing to a node that PostgreSQL does not hear, even while it cannot tell whether that one is gone", () => {
    const { a, database } = start()
    const [silent, now] = [0, TIMING.deadMs + 1]
    database.claim("c", "c", "c", null, silent)
    const row = database.rows.get("ch")
    Object.assign(row ?? {}, { standby: "c", target: "c" })
    database.beat("b", "b", now)
    // The first snapshot: this node has not watched PostgreSQL for long.
    a.onSnapshot(database.beat("a", "a", now), now, now)
    expect(a.watch.isGone("c", now)).toBe(false)
    // Neither a new partner nor the target of a move.
    expect(a.statements(now).map(({ kind }) => kind)).toEqual([])
    expect(a.toClose()).toEqual([])
    database.beat("c", "c", now + 10)
    a.onSnapshot(database.beat("a", "a", now + 20), now + 20, now + 20)
    expect(a.statements(now + 20).map(({ kind }) => kind)).toEqual(["pair"])
    // Its partner before is silent as well, and stays until it is sure to be gone.
    if (row !== undefined) row.target = null
    a.onSnapshot(database.beat("a", "a", 2 * now), 2 * now, 2 * now)
    expect(a.statements(2 * now).map(({ kind }) => kind)).toEqual([])
  })
  it("goes on without PostgreSQL and partner where the operator says `keep`, until its partner says no", () => {
    const { a, b, database } = start()
    const row = database.rows.get("ch")
    if (row !== undefined) row.isolated = "keep"
    a.onSnapshot(database.beat("a", "a", 0), 0, 0)
    a.keepGoing(5000, new Set())
    expect(a.fenceOf("ch")).toBe(11_000)
    a.keepGoing(10_000, new Set([b.self]))
    expect(a.fenceOf("ch")).toBe(11_000)
    // What has run out stays closed.
    a.keepGoing(11_001, new Set())
    expect(a.fenceOf("ch")).toBe(11_000)
  })
})

describe("what an input needs to follow", () => {
  const legs = (...ways: ReadonlyArray<LegOfChannel["way"]>): ReadonlyArray<LegOfChannel> =>
    ways.map((way, n) => ({ name: n === 0 ? "primary" : "backup", way, endpoint: ":5000" }))
  const around = { home: "a", partner: "b", relayed: false, hook: false }

  it.each([
    ["srt-caller", "itself", "itself", "itself"],
    ["multicast", "itself", "itself", "itself"],
    ["srt-listener", "no", "set up", "no"],
    ["unicast", "no", "set up", "set up"],
  ] as const)("%s: %s; with a hook %s; relayed %s", (way, plain, hook, relayed) => {
    expect(inputNeeds(legs(way), around).follows).toBe(plain)
    expect(inputNeeds(legs(way), { ...around, hook: true }).follows).toBe(hook)
    expect(inputNeeds(legs(way), { ...around, relayed: true }).follows).toBe(relayed)
  })
  it("says it of each leg, and the channel goes on with the better one", () => {
    const needs = inputNeeds(legs("unicast", "multicast"), around)
    expect(needs.follows).toBe("itself")
    expect(needs.legs.map(({ follows, leg }) => [leg, follows])).toEqual([
      ["primary", "no"],
      ["backup", "itself"],
    ])
    for (const { needs: text } of needs.legs) expect(text).toMatch(/^the (primary|backup) \(:5000\) /)
    expect(inputNeeds(legs("unicast"), { ...around, partner: null }).legs[0]?.needs).toContain("another node")
  })
})
