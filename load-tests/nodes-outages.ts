/**
 * Three nodes and PostgreSQL in long outages: PostgreSQL is stopped, a node stands still with its engine, a control plane
 * stands still while its engine goes on. Tells for each the longest time in which nobody sent a channel, and ends with 1
 * when a channel was sent twice, or was dark for longer than is promised and the machine itself explains.
 * `bun load-tests/nodes-outages.ts [seconds of each outage] [lease seconds] [dead seconds]`
 */

import { startPostgres } from "../src/effects/testing/postgres.ts"
import { allSent, channelsFor, Observer, placements, sharedKeyFile, startNode } from "../test/e2e/nodes-stage.ts"
import { eventually, type Product } from "../test/e2e/product.ts"

const OUTAGE_S = Number(process.argv[2] ?? 60)
const LEASE_S = Number(process.argv[3] ?? 6)
const DEAD_S = Number(process.argv[4] ?? 8)
const CHANNELS = 6
/** Datagrams come every 20 ms; a process of a busy machine waits for the others. */
const STEADY_MS = 500
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const server = await startPostgres()
const url = await server.createDatabase()
const keyFile = sharedKeyFile()
const nodes = new Map<string, Product>()
const env = { LEASE_S: String(LEASE_S), DEAD_S: String(DEAD_S) }
for (const name of ["a", "b", "c"]) nodes.set(name, await startNode(name, { databaseUrl: url, keyFile, env }))
const products = [...nodes.values()]
const channels = await channelsFor(CHANNELS)
const observer = Observer.start({ via: "127.0.0.1", channels })
let isBad = false

/** Prints what was seen since the last mark. */
const tell = async (what: string, mostMs: number) => {
  const { channels: seen, stoodStillMs } = await observer.report()
  const gap_ms = seen.map(({ gapMs }) => Math.round(gapMs))
  const doubles = seen.reduce((sum, one) => sum + one.doubles, 0)
  const isWell = doubles === 0 && Math.max(...gap_ms) < mostMs + 3 * stoodStillMs
  if (!isWell) isBad = true
  process.stdout.write(
    `${JSON.stringify({ what, gap_ms, doubles, stood_still_ms: Math.round(stoodStillMs), isWell })}\n`,
  )
}
const owned = async (name: string) => (await placements(url)).filter(({ owner }) => owner === name).length
const rows = async () => (await placements(url)).map(({ epoch, owner }) => `${owner} ${epoch}`).join(", ")

/** Stops processes of the node that owns most, for the outage, and looks at what comes of it. */
const standStill = async (what: string, isEngineToo: boolean) => {
  const counts = await Promise.all([...nodes.keys()].map(async (name) => [await owned(name), name] as const))
  const name = counts.sort(([x], [y]) => y - x)[0]?.[1] ?? "a"
  const product = nodes.get(name)
  if (product === undefined) return
  const pids = [product.child.pid ?? 0, ...(isEngineToo ? [await product.enginePid()] : [])]
  await observer.mark()
  for (const pid of pids) process.kill(pid, "SIGSTOP")
  await sleep(OUTAGE_S * 1000)
  await tell(what, DEAD_S * 1000 + 1000)
  await observer.mark()
  for (const pid of pids) process.kill(pid, "SIGCONT")
  await sleep(DEAD_S * 1000)
  await tell(`${what}, and went on`, STEADY_MS)
}

try {
  for (const [n, { group, output, port }] of channels.entries()) {
    const product = products[n % products.length]
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
  await allSent(observer)
  await sleep(DEAD_S * 1000)

  const before = await rows()
  await observer.mark()
  await server.kill()
  await sleep(OUTAGE_S * 1000)
  await tell("PostgreSQL was stopped", STEADY_MS)
  await server.start()
  await sleep((DEAD_S + LEASE_S) * 1000)
  await tell("PostgreSQL was stopped, and came back", STEADY_MS)
  if ((await rows()) !== before) isBad = true
  await standStill("a node stood still", true)
  await standStill("a control plane stood still", false)
} finally {
  await observer.stop()
  for (const product of products) await product.dispose()
  await server.end()
}
process.exit(isBad ? 1 : 0)
