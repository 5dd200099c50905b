/**
 * Three nodes and PostgreSQL, cut into two sides in every way: who sends each channel then, for how long nobody did, and
 * whether two ever did. Writes a table; exits with 1 when a channel was sent twice. Where there can be
 * network namespaces each node has one, and the switch between them falls in two; else, or with `--proxies`, proxies
 * swallow what goes across.
 * `bun load-tests/nodes-partition.ts [lease seconds] [dead seconds] [--proxies]`
 */
import { spawnSync } from "node:child_process"
import { startPostgres } from "../src/effects/testing/postgres.ts"
import { NetNamespace } from "../test/e2e/net-namespace.ts"
import { allSent, channelsFor, Observer, type Placed, placements, sharedKeyFile } from "../test/e2e/nodes-stage.ts"
import { eventually } from "../test/e2e/product.ts"
import { NAMES, type Name, namespaceStage, proxyStage } from "./lib/partition-stage.ts"

/** The network in which the namespaces of nodes meet is a namespace as well: nothing of the host's is touched. */
const INSIDE = "--inside"
const flags = process.argv.filter((word) => word.startsWith("--"))
const isInside = flags.includes(INSIDE)
if (!isInside && !flags.includes("--proxies") && NetNamespace.unavailable() === null) {
  const again = ["--net", process.execPath, ...process.argv.slice(1), INSIDE]
  const { status } = spawnSync("unshare", again, { stdio: "inherit" })
  process.exit(status ?? 1)
}
if (isInside) spawnSync("ip", ["link", "set", "lo", "up"])
const [leaseS = 4, deadS = 5] = process.argv
  .slice(2)
  .filter((word) => !word.startsWith("--"))
  .map(Number)
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
const env = { LEASE_S: String(leaseS), DEAD_S: String(deadS) }
const stage = await (isInside ? namespaceStage : proxyStage)({ databaseUrl: url, keyFile: sharedKeyFile(), env })
const channels = await channelsFor(NAMES.length)
const observer = Observer.start({ via: stage.via, channels })
let isBad = false
try {
  for (const [n, { group, output, port }] of channels.entries()) {
    const product = [...stage.nodes.values()][n]
    const created = await product?.api<{ id: string }>("POST", "/api/channels", {
      name: `ch ${n}`,
      rtp_ip: group,
      rtp_port: port,
      input: { interface: stage.mediaInterface },
      outputs: [{ name: "out", url: `udp://${stage.via}:${output}` }],
    })
    await eventually("it is started", async () => {
      const answer = await product?.api("POST", `/api/channels/${created?.body.id}/start`)
      return answer?.status === 200 ? true : null
    })
  }
  const rest = (deadS + leaseS) * 1000 + 4000
  await allSent(observer)
  await sleep(rest)
  const line = (row: ReadonlyArray<string | number>) => process.stdout.write(`| ${row.join(" | ")} |\n`)
  line(["cut from PostgreSQL", "channel", "owner", "partner", "then", "longest gap, s", "sent at the end", "doubles"])
  line(["---", "---", "---", "---", "---", "---", "---", "---"])
  for (const side of SIDES) {
    const before = await placements(url)
    await observer.mark()
    stage.cut(side, before)
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
    stage.heal()
    await observer.mark()
    await allSent(observer, 60_000)
    await sleep(rest)
    const healed = await observer.report()
    if (healed.channels.some(({ doubles }) => doubles > 0)) isBad = true
  }
} finally {
  await observer.stop()
  await stage.close()
  await server.end()
}
process.exit(isBad ? 1 : 0)
