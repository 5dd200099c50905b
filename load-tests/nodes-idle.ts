/**
 * What three idle nodes with many stored channels cost: transactions of PostgreSQL and CPU time of each control plane;
 * and how soon Chromium paints the list of channels and the page of the nodes of one of them, from a third visit on.
 * `bun load-tests/nodes-idle.ts [channels] [seconds]`
 */
import { readFileSync } from "node:fs"
import { executePostgres, startPostgres } from "../src/effects/testing/postgres.ts"
import { openPage, startBrowser } from "../test/e2e/browser.ts"
import { API_KEY, sharedKeyFile, startNode } from "../test/e2e/nodes-stage.ts"
import { eventually } from "../test/e2e/product.ts"

const CHANNELS = Number(process.argv[2] ?? 200)
const SECONDS = Number(process.argv[3] ?? 30)
/** Clock ticks of /proc/PID/stat in a second (USER_HZ). */
const HZ = 100

/** CPU seconds of a process, proc(5): utime and stime. */
const cpuS = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) / HZ
}
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** First paint of a page in ms, the quickest and the middle one of five visits with a warm cache. */
const firstPaint = async (url: string): Promise<ReadonlyArray<number>> => {
  const browser = await startBrowser()
  try {
    const { page } = await openPage(browser, url, { extraHTTPHeaders: { "X-API-Key": API_KEY } })
    const paints: number[] = []
    for (let visit = 0; visit < 7; visit++) {
      await page.reload()
      await sleep(500)
      const paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
      paints.push(await page.evaluate<number>(paint))
    }
    const [least = 0, , middle = 0] = paints.slice(2).sort((a, b) => a - b)
    return [least, middle].map(Math.round)
  } finally {
    await browser.close()
  }
}

const server = await startPostgres()
const url = await server.createDatabase()
const keyFile = sharedKeyFile()
const env = { LEASE_S: "6", DEAD_S: "8" }
const nodes = []
for (const name of ["a", "b", "c"]) nodes.push(await startNode(name, { databaseUrl: url, keyFile, env }))
try {
  const [first] = nodes
  const channels = Array.from({ length: CHANNELS }, (_, n) => ({
    slug: `ch-${n}`,
    name: `Channel ${n}`,
    rtp_ip: "127.0.0.1",
    rtp_port: 20_000 + 2 * n,
    outputs: [{ slug: "out", name: "out", url: `srt://192.0.2.1:${9000 + n}` }],
  }))
  const stored = await first?.api("PUT", "/api/config", { version: 1, channels })
  if (stored?.status !== 200) throw new Error(JSON.stringify(stored?.body))
  await eventually("all are placed", async () => {
    const [row] = await executePostgres(url, "SELECT count(*)::int AS n FROM placements")
    return row?.["n"] === CHANNELS ? true : null
  })
  await sleep(15_000)
  const transactions = async () => {
    const [row] = await executePostgres(
      url,
      "SELECT xact_commit::int AS n FROM pg_stat_database WHERE datname = current_database()",
    )
    return Number(row?.["n"])
  }
  const pids = nodes.map(({ child }) => child.pid ?? 0)
  const before = { transactions: await transactions(), cpu: pids.map(cpuS), ms: performance.now() }
  await sleep(SECONDS * 1000)
  const after = { transactions: await transactions(), cpu: pids.map(cpuS), ms: performance.now() }
  const seconds = (after.ms - before.ms) / 1000
  const list = await firstPaint(`${nodes[1]?.url}/`)
  const page = await firstPaint(`${nodes[1]?.url}/nodes`)
  process.stdout.write(
    `${JSON.stringify({
      channels: CHANNELS,
      seconds: Math.round(seconds),
      transactions_per_s: Number(((after.transactions - before.transactions) / seconds).toFixed(2)),
      cpu_percent: after.cpu.map((cpu, n) => Number((((cpu - (before.cpu[n] ?? 0)) / seconds) * 100).toFixed(2))),
      first_paint_ms: { list, nodes: page },
    })}\n`,
  )
} finally {
  for (const node of nodes) await node.dispose()
  await server.end()
}
