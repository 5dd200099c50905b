/**
 * What an upgrade loses: a channel of 8 Mbit/s runs on an older commit, its control plane is killed as the installer
 * does, this tree's takes its place, and then the engine is replaced; a sink counts every packet.
 *
 *     bun load-tests/upgrade.ts [COMMIT...]
 *
 * Each commit is tried twice: as it is, and with another number of the engine's protocol. Prints a row of docs/upgrade.md
 * for each, and fails when the upgrade itself lost anything. Wants a network namespace with nothing but loopback.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Health } from "../src/effects/show/health-of.ts"
import { freeTcpPort, freeUdpPort } from "../test/e2e/ports.ts"
import { eventually } from "../test/e2e/product.ts"
import { startSource } from "../test/e2e/source.ts"
import { createUdpSink } from "./lib/udp-sink.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const bun = join(root, "node_modules", ".bin", "bun")
/** The commit before engines of before an upgrade were told apart, and one of 30 commits before. */
const DEFAULT_COMMITS = ["eaba46a3", "eaba46a3~30"]
const PROTOCOL = /PROTOCOL_VERSION = (\d+)/

/** A tree of the commit below `place`, ready to start; with another protocol number where that is asked for. */
const treeOf = (place: string, commit: string, otherProtocol: boolean): string => {
  const tree = join(place, `${commit.replaceAll("~", "-")}${otherProtocol ? "-other" : ""}`)
  execFileSync("git", ["worktree", "add", "--detach", "--force", tree, commit], { cwd: root, stdio: "ignore" })
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"))
  if (otherProtocol) {
    const file = join(tree, "src/engine/protocol/messages.ts")
    writeFileSync(file, readFileSync(file, "utf8").replace(PROTOCOL, "PROTOCOL_VERSION = 5"))
  }
  execFileSync(bun, ["scripts/build-core.mjs"], { cwd: tree, stdio: "ignore" })
  return tree
}

const startIn = (tree: string, dataDir: string, port: number): ChildProcess => {
  const env = {
    ...process.env,
    HOST: "127.0.0.1",
    PORT: String(port),
    DATA_DIR: dataDir,
    ENGINES: "1",
    THUMBNAILS: "off",
    AUTH: "off",
  }
  return spawn(bun, ["src/main.ts"], { cwd: tree, env, stdio: "ignore" })
}

interface Row {
  readonly upgradeLost: number
  readonly shown: string
  readonly replaceLost: number
  readonly cutMs: number
  readonly bad: number
}

/** One upgrade from the tree, from the first packet to the engine that took the other's place. */
const upgradeFrom = async (tree: string): Promise<Row> => {
  const dataDir = mkdtempSync(join(tmpdir(), "upgrade-"))
  const port = await freeTcpPort()
  const url = `http://127.0.0.1:${port}`
  const health = async () => (await (await fetch(`${url}/api/health`)).json()) as Health
  const post = async (path: string, body?: unknown) => {
    const json = { body: JSON.stringify(body), headers: { "content-type": "application/json" } }
    const answer = await fetch(`${url}${path}`, { method: "POST", ...(body === undefined ? {} : json) })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  }
  const alive = () => eventually("the service answers", async () => ((await fetch(`${url}/livez`)).ok ? true : null))
  const sink = createUdpSink({ port: 0 })
  const input = await freeUdpPort()
  let service = startIn(tree, dataDir, port)
  const source = await startSource({ port: input, seconds: 120 })
  const pids = new Set<number>()
  try {
    await eventually("ready", async () => ((await fetch(`${url}/readyz`)).ok ? true : null))
    pids.add((await health()).engine.pid ?? 0)
    const outputs = [{ url: `udp://127.0.0.1:${sink.port}` }]
    await post("/api/channels", { name: "Main Event", rtp_ip: "127.0.0.1", rtp_port: input, outputs })
    await post("/api/channels/main-event/start")
    await sink.until(({ received }) => received > 1000, 30_000)

    const ended = new Promise((resolve) => service.once("exit", resolve))
    service.kill("SIGKILL")
    await ended
    service = startIn(root, dataDir, port)
    await alive()
    const first = await eventually("the engine is outdated", async () => {
      const [engine] = (await health()).engines
      return engine?.outdated === true ? engine : null
    })
    const { received: before } = sink.stats()
    await sink.until(({ received }) => received > before + 1500, 30_000)
    const upgraded = sink.stats()

    await post("/api/engines/1/replace")
    const replacedAt = sink.stats().received
    await sink.until(({ received }) => received > replacedAt + 1500, 30_000)
    const after = sink.stats()
    const [engine] = (await health()).engines
    pids.add(engine?.pid ?? 0)
    if (engine?.outdated !== false || !engine.connected) throw new Error(`not replaced: ${JSON.stringify(engine)}`)
    return {
      upgradeLost: upgraded.lost,
      shown: first.connected ? "outdated, with all figures" : "outdated, out of reach",
      replaceLost: after.lost - upgraded.lost,
      cutMs: after.gap_max_ms,
      bad: after.corrupt + after.duplicated + after.out_of_order,
    }
  } finally {
    await source.stop()
    const ended = new Promise((resolve) => service.once("exit", resolve))
    service.kill("SIGTERM")
    await ended
    for (const pid of pids) if (pid > 1 && existsSync(`/proc/${pid}`)) process.kill(pid, "SIGKILL")
    sink.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const place = mkdtempSync(join(tmpdir(), "upgrade-trees-"))
let failed = false
try {
  const given = process.argv.slice(2)
  process.stdout.write("| from | protocol | shown as | lost by the upgrade | lost when replaced | cut |\n")
  for (const commit of given.length > 0 ? given : DEFAULT_COMMITS)
    for (const other of [false, true]) {
      const row = await upgradeFrom(treeOf(place, commit, other))
      failed ||= row.upgradeLost > 0 || row.bad > 0
      process.stdout.write(
        `| ${commit} | ${other ? "another" : "the same"} | ${row.shown} | ${row.upgradeLost} | ${row.replaceLost} packets | ${Math.round(row.cutMs)} ms |\n`,
      )
    }
} finally {
  rmSync(place, { recursive: true, force: true })
  execFileSync("git", ["worktree", "prune"], { cwd: root })
}
process.exit(failed ? 1 : 0)
