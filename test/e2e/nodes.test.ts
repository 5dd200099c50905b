/**
 * Three nodes on one PostgreSQL, real processes all, and an observer that sees what viewers see: whatever ends, stands
 * still or cannot be reached, no channel is ever sent twice, and none stays dark for longer than is promised.
 */
import { cpus, loadavg } from "node:os"
import { afterAll, beforeAll, expect, it } from "vitest"
import { changeNodeText } from "../../src/effects/nodes/node-statements.ts"
import { executePostgres, type PostgresServer, startPostgres } from "../../src/effects/testing/postgres.ts"
import type { Report } from "./nodes-observer.ts"
import {
  allSent,
  channelsFor,
  DEAD_S,
  LEASE_S,
  Observer,
  type Placed,
  placements,
  sharedKeyFile,
  startNode,
} from "./nodes-stage.ts"
import { eventually, type Product } from "./product.ts"

const CHANNELS = 6
const NAMES = ["a", "b", "c"] as const
type Name = (typeof NAMES)[number]

/** The dead time, and for what comes behind it: a statement and the opening of outputs. */
const TAKEOVER_MS = DEAD_S * 1000 + 1000
/** What is promised for a channel that is handed over. */
const HAND_OVER_MS = 1000
/** Datagrams come every 20 ms; the processes of a busy machine wait for one another. */
const STEADY_MS = 500

let server: PostgresServer
let url: string
let observer: Observer
const nodes = new Map<Name, Product>()
const keyFile = sharedKeyFile()

const start = async (name: Name): Promise<Product> => {
  const before = nodes.get(name)
  const product = await startNode(name, {
    databaseUrl: url,
    keyFile,
    ...(before === undefined ? {} : { dataDir: before.dataDir, port: before.port }),
  })
  nodes.set(name, product)
  return product
}
const node = (name: Name): Product => {
  const found = nodes.get(name)
  if (found === undefined) throw new Error(`there is no node ${name}`)
  return found
}
const rows = () => placements(url)
const ownedBy = (all: ReadonlyArray<Placed>, name: string) => all.filter(({ owner }) => owner === name)
/** Waits until the rows are as they should be. */
const placed = (what: string, found: (all: ReadonlyArray<Placed>) => boolean, ms = 30_000) =>
  eventually(
    what,
    async () => {
      const all = await rows()
      return found(all) ? all : null
    },
    ms,
  )
/** What the verbs of the API store. */
const setStanding = async (name: Name, standing: "up" | "draining") =>
  void (await executePostgres(url, changeNodeText(name, { standing })))
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** How many processes want each processor, 1 to 4: what takes a second on a machine of its own takes longer beside them. */
const crowd = () => Math.min(4, Math.max(1, (loadavg()[0] ?? 1) / cpus().length))

/** No channel was sent twice, and none was dark for longer than `gapMs`, beside what the machine itself stood still. */
const expectSeen = ({ channels, stoodStillMs }: Report, gapMs: number, what: string) => {
  const gaps = channels.map((one) => Math.round(one.gapMs))
  process.stdout.write(`nodes: ${what}: gaps ${gaps.join(" ")} ms, stood still ${Math.round(stoodStillMs)} ms\n`)
  expect(
    channels.map(({ doubles }) => doubles),
    `${what}: doubles`,
  ).toEqual(channels.map(() => 0))
  expect(Math.max(...gaps), `${what}: ${gaps.join(" ")}`).toBeLessThan(gapMs + 3 * stoodStillMs + 700 * (crowd() - 1))
}

beforeAll(async () => {
  server = await startPostgres()
  url = await server.createDatabase()
  for (const name of NAMES) await start(name)
  const channels = await channelsFor(CHANNELS)
  observer = Observer.start({ via: "127.0.0.1", channels })
  for (const [n, { group, output, port }] of channels.entries()) {
    const input = { name: `ch ${n}`, rtp_ip: group, rtp_port: port, input: { interface: "127.0.0.1" } }
    const outputs = [{ name: "out", url: `udp://127.0.0.1:${output}` }]
    const product = node(NAMES[n % 3] ?? "a")
    const created = await product.api<{ id: string }>("POST", "/api/channels", { ...input, outputs })
    // The owner may be another node, which hears of the channel within a second.
    await eventually("it is started", async () => {
      const { status } = await product.api("POST", `/api/channels/${created.body.id}/start`)
      return status === 200 ? true : null
    })
  }
  await placed("the channels are spread", (all) =>
    NAMES.every((name) => ownedBy(all, name).length === 2 && all.length === CHANNELS),
  )
  await allSent(observer)
})
afterAll(async () => {
  await observer?.stop()
  for (const product of nodes.values()) await product.dispose()
  await server?.end()
})

it("kill -9 of a node and its engine: its channels are on their partners; when it is back, nothing moves", async () => {
  const before = ownedBy(await rows(), "a")
  await observer.mark()
  process.kill(await node("a").enginePid(), "SIGKILL")
  await node("a").kill("SIGKILL")
  await placed("b and c have the channels of a", (all) => ownedBy(all, "a").length === 0)
  await allSentSince(TAKEOVER_MS, "a node was killed")
  for (const row of await rows())
    if (before.some(({ channel }) => channel === row.channel)) expect(row.epoch).toBeGreaterThan(1)

  const owners = (await rows()).map(({ owner }) => owner)
  await observer.mark()
  await start("a")
  // Its partners hear of it and choose it again.
  await placed("a is a partner again", (all) => all.some(({ partner }) => partner === "a"))
  expect((await rows()).map(({ owner }) => owner)).toEqual(owners)
  expectSeen(await observer.report(), STEADY_MS, "a node came back")
})

/** Waits until all channels are sent again, and looks at all that was seen since the last mark. */
const allSentSince = async (gapMs: number, what: string) => {
  const since = await observer.report()
  await eventually("all are sent", async () => {
    const { channels } = await observer.report()
    return channels.every(({ datagrams }, n) => datagrams > (since.channels[n]?.datagrams ?? 0) + 20) ? true : null
  })
  expectSeen(await observer.report(), gapMs, what)
}

it("drain and SIGTERM: each channel is handed over within a second, and its gap is noted", async () => {
  const owned = ownedBy(await rows(), "b")
  expect(owned.length).toBeGreaterThan(0)
  await observer.mark()
  await setStanding("b", "draining")
  await placed("b owns nothing", (all) => ownedBy(all, "b").length === 0)
  await allSentSince(HAND_OVER_MS, "a node was drained")
  const noted = await placed("the gaps are noted", (all) =>
    owned.every(({ channel }) => all.some((row) => row.channel === channel && row.gap_ms !== null)),
  )
  for (const { channel } of owned)
    expect(noted.find((row) => row.channel === channel)?.gap_ms).toBeLessThan(
      HAND_OVER_MS + STEADY_MS + 700 * (crowd() - 1),
    )
  await setStanding("b", "up")

  await observer.mark()
  expect(await node("c").kill("SIGTERM", 15_000)).toBe(0)
  expect(ownedBy(await rows(), "c")).toEqual([])
  await allSentSince(HAND_OVER_MS, "a node was ended")
  await start("c")
})

it("without PostgreSQL for longer than any lease: no gap, no double, and no change", async () => {
  await observer.mark()
  await server.kill()
  await sleep((LEASE_S + DEAD_S) * 1000 + 3000)
  const [row] = nodes.keys()
  const refused = await node(row ?? "a").api<{ detail: string }>("POST", "/api/channels", {
    name: "late",
    rtp_ip: "127.0.0.1",
    rtp_port: 5000,
  })
  expect(refused).toMatchObject({ status: 503 })
  expectSeen(await observer.report(), STEADY_MS, "PostgreSQL was away")
  await server.start()
  const owners = (await rows()).map(({ epoch, owner }) => `${owner} ${epoch}`)
  await sleep(DEAD_S * 1000 + 2000)
  expectSeen(await observer.report(), STEADY_MS, "PostgreSQL was back")
  expect((await rows()).map(({ epoch, owner }) => `${owner} ${epoch}`)).toEqual(owners)
})

it("a control plane that stands still, its engine going on: taken over; when it goes on, it sends nothing", async () => {
  const all = await rows()
  const name = NAMES.find((one) => ownedBy(all, one).length > 0) ?? "a"
  await observer.mark()
  node(name).child.kill("SIGSTOP")
  await placed("others have its channels", (now) => ownedBy(now, name).length === 0)
  await allSentSince(TAKEOVER_MS, "a control plane stood still")
  await observer.mark()
  node(name).child.kill("SIGCONT")
  await sleep(LEASE_S * 1000)
  expectSeen(await observer.report(), STEADY_MS, "it went on")
})

it("a node that stands still with its engine: taken over, and not one packet when it wakes", async () => {
  const all = await rows()
  const name = NAMES.find((one) => ownedBy(all, one).length > 0) ?? "a"
  const pids = [node(name).child.pid ?? 0, await node(name).enginePid()]
  await observer.mark()
  for (const pid of pids) process.kill(pid, "SIGSTOP")
  await placed("others have its channels", (now) => ownedBy(now, name).length === 0)
  await allSentSince(TAKEOVER_MS, "a node stood still")
  await observer.mark()
  for (const pid of pids) process.kill(pid, "SIGCONT")
  await sleep(LEASE_S * 1000)
  expectSeen(await observer.report(), STEADY_MS, "it woke")
})
