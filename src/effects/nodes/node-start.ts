/** A process becomes a node: what would make two of them quarrel is refused before anything runs. */
import { randomUUID } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import manifest from "../../../package.json" with { type: "json" }
import type { Timing } from "../../core/placement/timing.ts"
import { StartRefused } from "../model/Errors.ts"
import type { NodeDatabase } from "./NodeDatabase.ts"
import {
  claimText,
  type NewNode,
  NODES_PROTOCOL,
  readText,
  type StoredNode,
  type StoredSnapshot,
} from "./node-statements.ts"

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
        ? Effect.succeed(answer.answers)
        : Effect.fail(refuse(`NODES: PostgreSQL does not take this node: ${answer.why}`)),
  )

const isAlive = ({ beatMs, standing }: StoredNode, nowMs: number, { deadMs }: Timing) =>
  standing !== "left" && nowMs - beatMs < deadMs

const checkProtocol = (self: string, { nodes, nowMs }: StoredSnapshot, timing: Timing) => {
  const other = nodes.find(
    (node) => node.name !== self && node.protocol !== NODES_PROTOCOL && isAlive(node, nowMs, timing),
  )
  return other === undefined
    ? Effect.void
    : refuse(
        `NODES: node "${other.name}" (version ${other.version}) does not work together with this version (${manifest.version}); end all nodes, install one version on all of them, and start them again`,
      )
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
 * Takes the node's name for this process. Where another machine had it, waits for the dead time that nothing is heard of
 * that one. Fails with `StartRefused` for two nodes of one name, of one address, or of versions that do not fit.
 */
export const claimNode = (database: NodeDatabase, node: NewNode, timing: Timing): Effect.Effect<void, StartRefused> =>
  Effect.gen(function* () {
    const read = Effect.map(ask(database, readText()), ([answer]) => answer as StoredSnapshot)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const snapshot = yield* read
      yield* checkProtocol(node.name, snapshot, timing)
      yield* checkAddress(node, snapshot, timing)
      const seen = snapshot.nodes.find(({ name }) => name === node.name) ?? null
      if (seen !== null && seen.instance !== node.instance && seen.standing !== "left") {
        yield* Effect.log(
          `another machine was node "${node.name}" (${seen.address}): waiting ${timing.deadMs / 1000} s to see that it is gone`,
        )
        yield* Effect.sleep(timing.deadMs)
        const later = (yield* read).nodes.find(({ name }) => name === node.name)
        if (later !== undefined && later.instance === seen.instance && later.beatMs !== seen.beatMs)
          return yield* refuse(
            `NODE_NAME: another machine (${seen.address}) runs as node "${node.name}"; give each machine its own name, or end that one`,
          )
      }
      if ((yield* ask(database, claimText(node, seen))).length === 1) return
    }
    return yield* refuse(
      `NODE_NAME: others start as node "${node.name}" at the same time; give each machine its own name`,
    )
  })
