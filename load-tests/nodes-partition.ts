/**
 * Three nodes and PostgreSQL, cut into two sides in every way: who sends each channel then, for how long nobody did, and
 * whether two ever did. Writes the table of docs/nodes.md; exits with 1 when a channel was sent twice.
 * `bun load-tests/nodes-partition.ts [lease seconds] [dead seconds]`
 */

import { startPostgres } from "../src/effects/testing/postgres.ts"
import { BlackholeLink } from "../test/e2e/blackhole-link.ts"
import {
  allSent,
  channelsFor,
  Observer,
  type Placed,
  placements,
  sharedKeyFile,
  startNode,
} from "../test/e2e/nodes-stage.ts"
import { freeTcpPort } from "../test/e2e/ports.ts"
import { eventually, type Product } from "../test/e2e/product.ts"

const LEASE_S = Number(process.argv[2] ?? 4)
const DEAD_S = Number(process.argv[3] ?? 5)
const NAMES = ["a", "b", "c"] as const
type Name = (typeof NAMES)[number]
/** Without PostgreSQL. */
const SIDES: ReadonlyArray<ReadonlyArray<Name>> = [
  ["a"],
  ["b"],
  ["c"],
  ["a", "b"],
  ["a", "c"],
  ["b", "c"],
  ["a", "b", "c"],
]
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const server = await startPostgres()
const url = await server.createDatabase()
const keyFile = sharedKeyFile()
const nodes = new Map<
  Name,
  { readonly product: Product; readonly database: BlackholeLink; readonly http: BlackholeLink }
>()
for (const name of NAMES) {
  const port = await freeTcpPort()
  const database = await BlackholeLink.open(Number(new URL(url).port))
  const http = await BlackholeLink.open(port)
  const through = new URL(url)
  through.port = String(database.port)
  const env = {
    LEASE_S: String(LEASE_S),
    DEAD_S: String(DEAD_S),
    NODE_ADDRESS: `http://127.0.0.1:${http.port}`,
  }
  nodes.set(name, { product: await startNode(name, { databaseUrl: through.href, keyFile, env, port }), database, http })
}
const channels = await channelsFor(NAMES.length)
const observer = Observer.start({ via: "127.0.0.1", channels })
let isBad = false
try {
  for (const [n, { group, output, port }] of channels.entries()) {
    const product = [...nodes.values()][n]?.product
    const created = await product?.api<{ id: string }>("POST", "/api/channels", {
      name: `ch ${n}`,
      rtp_ip: group,
      rtp_port: port,
      input: { interface: "127.0.0.1" },
      outputs: [{ name: "out", url: `udp://127.0.0.1:${output}` }],
    })
    await eventually("it is started", async () => {
      const answer = await product?.api("POST", `/api/channels/${created?.body.id}/start`)
      return answer?.status === 200 ? true : null
    })
  }
  const rest = (DEAD_S + LEASE_S) * 1000 + 4000
  await allSent(observer)
  await sleep(rest)
  const line = (row: ReadonlyArray<string | number>) => process.stdout.write(`| ${row.join(" | ")} |\n`)
  line(["cut from PostgreSQL", "channel", "owner", "partner", "then", "longest gap, s", "sent at the end", "doubles"])
  line(["---", "---", "---", "---", "---", "---", "---", "---"])
  for (const side of SIDES) {
    const before = await placements(url)
    await observer.mark()
    const isAcross = (x: Name, y: Name) => side.includes(x) !== side.includes(y)
    for (const [name, { database, http }] of nodes) {
      if (side.includes(name)) database.cut()
      // Only an owner asks its partner while PostgreSQL is away, from the same side or across.
      if (before.some(({ owner, partner }) => partner === name && isAcross(owner as Name, name))) http.cut()
    }
    await sleep(rest)
    const during = await observer.report()
    await sleep(1000)
    const { channels: seen } = await observer.report()
    const after = await placements(url)
    before.forEach((row: Placed, n) => {
      const one = seen[n]
      const sends = (one?.datagrams ?? 0) > (during.channels[n]?.datagrams ?? 0) + 10
      if (one !== undefined && one.doubles > 0) isBad = true
      const then = after[n]?.owner ?? ""
      const gap = ((one?.gapMs ?? 0) / 1000).toFixed(1)
      line([side.join(", "), n, row.owner, row.partner ?? "", then, gap, sends ? "yes" : "dark", one?.doubles ?? 0])
    })
    for (const { database, http } of nodes.values()) {
      database.heal()
      http.heal()
    }
    await observer.mark()
    await allSent(observer, 60_000)
    await sleep(rest)
    const healed = await observer.report()
    if (healed.channels.some(({ doubles }) => doubles > 0)) isBad = true
  }
} finally {
  await observer.stop()
  for (const { database, http, product } of nodes.values()) {
    database.heal()
    await product.dispose()
    database.close()
    http.close()
  }
  await server.end()
}
process.exit(isBad ? 1 : 0)
