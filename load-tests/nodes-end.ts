/**
 * A node that owns all channels of two nodes is ended by SIGTERM: tells how long it took, how many channels it handed
 * over and how many were taken over from it, and for how long each was dark. Ends with 1 when a channel was sent twice,
 * or was dark for longer than a second beside what the machine itself explains.
 * `bun load-tests/nodes-end.ts [channels]`
 */
import { executePostgres, startPostgres } from "../src/effects/testing/postgres.ts"
import {
  allSent,
  channelsFor,
  DEAD_S,
  Observer,
  placements,
  sharedKeyFile,
  startNode,
} from "../test/e2e/nodes-stage.ts"
import { eventually } from "../test/e2e/product.ts"

const CHANNELS = Number(process.argv[2] ?? 50)
const LONGEST_MS = 1000
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const server = await startPostgres()
const url = await server.createDatabase()
const keyFile = sharedKeyFile()
const ending = await startNode("a", { databaseUrl: url, keyFile })
const channels = await channelsFor(CHANNELS)
const observer = Observer.start({ via: "127.0.0.1", channels })
for (const [n, { group, output, port }] of channels.entries()) {
  const created = await ending.api<{ id: string }>("POST", "/api/channels", {
    name: `ch ${n}`,
    rtp_ip: group,
    rtp_port: port,
    input: { interface: "127.0.0.1" },
    outputs: [{ name: "out", url: `udp://127.0.0.1:${output}` }],
  })
  await ending.api("POST", `/api/channels/${created.body.id}/start`)
}
const staying = await startNode("b", { databaseUrl: url, keyFile })
try {
  await eventually(
    "b is the partner of all channels",
    async () => ((await placements(url)).every(({ owner, partner }) => owner === "a" && partner === "b") ? true : null),
    60_000,
  )
  await allSent(observer, 60_000)
  await observer.mark()
  const startedMs = performance.now()
  const code = await ending.kill("SIGTERM", 60_000)
  const tookMs = Math.round(performance.now() - startedMs)
  await sleep(DEAD_S * 1000 + 2000)
  const { channels: seen, stoodStillMs } = await observer.report()
  const gaps = seen.map(({ gapMs }) => Math.round(gapMs)).sort((a, b) => a - b)
  const doubles = seen.reduce((sum, one) => sum + one.doubles, 0)
  const moved = await executePostgres(url, "SELECT moved_why, count(*)::int AS n FROM placements GROUP BY 1")
  const longest_ms = gaps.at(-1) ?? 0
  const isWell = code === 0 && doubles === 0 && longest_ms < LONGEST_MS + 3 * stoodStillMs
  const told = {
    channels: CHANNELS,
    code,
    took_ms: tookMs,
    moved,
    doubles,
    median_ms: gaps[gaps.length >> 1],
    longest_ms,
  }
  process.stdout.write(`${JSON.stringify({ ...told, stood_still_ms: Math.round(stoodStillMs), isWell })}\n`)
  process.exitCode = isWell ? 0 : 1
} finally {
  await observer.stop()
  for (const product of [ending, staying]) await product.dispose()
  await server.end()
}
process.exit()
