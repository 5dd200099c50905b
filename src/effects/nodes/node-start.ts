/** A process becomes a node: what would make two of them quarrel is refused before anything runs. */
import { randomUUID } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import manifest from "../../../package.json" with { type: "json" }
import { ClaimWatch } from "../../core/placement/claim-watch.ts"
import { NODES_PROTOCOL } from "../../core/placement/model.ts"
import type { Timing } from "../../core/placement/timing.ts"
import { StartRefused } from "../model/Errors.ts"
import { refuseVersion } from "../store/postgres/other-nodes.ts"
import type { NodeDatabase } from "./NodeDatabase.ts"
import { claimText, type NewNode, readText, type StoredNode, type StoredSnapshot } from "./node-statements.ts"

const refuse = (reason: string) => new StartRefused({ reason })
/** Another process may start under the name at the same moment. */
const ATTEMPTS = 5
const WITHIN_MS = 5000

/** Name of this installation: kept in its data directory, so that the same machine is known again. */
export const instanceOf = (dataDir: string): Effect.Effect<string, StartRefused> =>
  Effect.try({
    try: () => {
      const file = join(dataDir, "node.id")
      try {
        const text = readFileSync(file, "utf8").trim()
        if (text !== "") return text
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error
      }
      mkdirSync(dataDir, { recursive: true, mode: 0o700 })
      const instance = randomUUID()
      writeFileSync(file, `${instance}\n`, { mode: 0o600 })
      return instance
    },
    catch: (error) =>
      refuse(`DATA_DIR: node.id cannot be used: ${error instanceof Error ? error.message : String(error)}`),
  })

/** A new process of a node. */
export const newNode = (node: Omit<NewNode, "boot" | "version">): NewNode => ({
  ...node,
  boot: randomUUID(),
  version: manifest.version,
})

const ask = (database: NodeDatabase, text: string) =>
  Effect.flatMap(
    Effect.promise(() => database.ask(text, WITHIN_MS)),
    (answer) =>
      answer.kind === "done"
        ? Effect.succeed(answer)
        : Effect.fail(refuse(`NODES: PostgreSQL does not take this node: ${answer.why}`)),
  )

const isAlive = ({ beatMs, standing }: StoredNode, nowMs: number, { deadMs }: Timing) =>
  standing !== "left" && nowMs - beatMs < deadMs

const checkProtocol = (self: string, { nodes, nowMs }: StoredSnapshot, timing: Timing) => {
  const other = nodes.find(
    (node) => node.name !== self && node.protocol !== NODES_PROTOCOL && isAlive(node, nowMs, timing),
  )
  return other === undefined ? Effect.void : refuseVersion(other)
}

const checkAddress = (node: NewNode, { nodes, nowMs }: StoredSnapshot, timing: Timing) => {
  const other = nodes.find(
    (one) => one.name !== node.name && one.address === node.address && isAlive(one, nowMs, timing),
  )
  return other === undefined
    ? Effect.void
    : refuse(`NODE_ADDRESS: ${node.address} is that of node "${other.name}"; give each node its own`)
}

/**
 * Reads the row of the node's name until it may be claimed: at once, or when another machine had it and has been silent
 * for the dead time. Fails with `StartRefused` for two nodes of one name, of one address, or of versions that do not fit.
 */
const claimable = (database: NodeDatabase, node: NewNode, timing: Timing) =>
  Effect.gen(function* () {
    const watch = new ClaimWatch(node.instance, timing)
    let connection: number | null = null
    for (let reads = 0; ; reads++) {
      const answer = yield* ask(database, readText())
      const snapshot = answer.answers[0] as StoredSnapshot
      yield* checkProtocol(node.name, snapshot, timing)
      yield* checkAddress(node, snapshot, timing)
      const seen = snapshot.nodes.find(({ name }) => name === node.name) ?? null
      const found = watch.look(seen, performance.now(), connection !== null && connection !== answer.connection)
      connection = answer.connection
      if (found === "claim") return seen
      const other = seen?.address ?? ""
      if (found === "taken")
        return yield* refuse(
          `NODE_NAME: another machine (${other}) runs as node "${node.name}"; give each machine its own name, or end that one`,
        )
      if (reads === 0)
        yield* Effect.log(
          `another machine was node "${node.name}" (${other}): waiting ${timing.deadMs / 1000} s to see that it is gone`,
        )
      yield* Effect.sleep(timing.beatMs)
    }
  })

/** Takes the node's name for this process; see `claimable` for what it fails with. */
export const claimNode = (database: NodeDatabase, node: NewNode, timing: Timing): Effect.Effect<void, StartRefused> =>
  Effect.gen(function* () {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const seen = yield* claimable(database, node, timing)
      if ((yield* ask(database, claimText(node, seen))).answers.length === 1) return
    }
    return yield* refuse(
      `NODE_NAME: others start as node "${node.name}" at the same time; give each machine its own name`,
    )
  })
