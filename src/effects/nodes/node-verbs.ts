/** What operators ask of nodes and placements: checked, stored, and carried out by the owner of the channel. */
import { Effect, Option, Stream } from "effect"
import type { Timing } from "../../core/placement/timing.ts"
import { Conflict, InvalidInput, StoreError } from "../model/Errors.ts"
import type { NodeAgent } from "./NodeAgent.ts"
import type { NodeDatabase } from "./NodeDatabase.ts"
import type { DrainedChannel, NodesService, NodeView } from "./Nodes.ts"
import { makeNodeLookup } from "./node-lookup.ts"
import { changeNodeText, changePlacementText, forceText } from "./node-statements.ts"

const WITHIN_MS = 5000
/** How often a drain is looked at while somebody follows it. */
const LOOK = "200 millis"
/** How long a gap is waited for: an output may connect late, or never. */
const GAP_WITHIN_MS = 10_000

const conflict = (path: string, message: string) => new Conflict({ errors: [{ path, message }] })
const invalid = (path: string, message: string) => new InvalidInput({ errors: [{ path, message }] })

export type NodeVerbs = Pick<
  NodesService,
  "move" | "setPlacement" | "setNode" | "drain" | "drained" | "resume" | "nodes" | "placements"
>

/** Sends a change. Nothing is changed when PostgreSQL does not answer, or nobody knows. */
const changeBy = (agent: NodeAgent, database: NodeDatabase) => (operation: string, text: string) =>
  Effect.flatMap(
    Effect.promise(() => database.ask(text, WITHIN_MS)),
    (answer) =>
      answer.kind === "done"
        ? Effect.as(agent.beatNow, answer.answers)
        : Effect.fail(
            new StoreError({
              operation,
              cause: new Error(answer.why),
              ...(answer.kind === "unknown" ? { outcome: "unknown" as const } : {}),
            }),
          ),
  )

export const makeNodeVerbs = (agent: NodeAgent, database: NodeDatabase, self: string, timing: Timing): NodeVerbs => {
  const { nodeIn, nodeNamed, nodes, placements, rowOf, viewOf } = makeNodeLookup(agent, self, timing)
  const change = changeBy(agent, database)

  const move: NodesService["move"] = (channelId, node, force = false) =>
    Effect.gen(function* () {
      const row = yield* rowOf(channelId)
      const to = yield* nodeIn("node", node)
      if (to.state === "gone") return yield* conflict("node", `node "${node}" is gone: choose one that is alive`)
      if (to.state === "draining") return yield* conflict("node", `node "${node}" is being drained: resume it first`)
      if (!force) {
        yield* change("move the channel", changePlacementText(channelId, { target: row.owner === node ? null : node }))
        return yield* viewOf(channelId)
      }
      const owner = nodes().find(({ name }) => name === row.owner)
      if (owner !== undefined && owner.state !== "gone")
        return yield* conflict("force", `node "${row.owner}" is ${owner.state}: it hands the channel over by itself`)
      const moved = yield* change("move the channel", forceText(channelId, row.epoch, node, timing.deadMs))
      if (moved.length === 0)
        return yield* conflict("force", `node "${row.owner}" has been heard of meanwhile, or the channel has moved`)
      return yield* viewOf(channelId)
    })

  const setPlacement: NodesService["setPlacement"] = (channelId, values) =>
    Effect.gen(function* () {
      const row = yield* rowOf(channelId)
      if (values.home !== undefined) yield* nodeIn("home", values.home)
      if (values.standby != null) yield* nodeIn("standby", values.standby)
      const { home, standby } = { ...row, ...values }
      if (standby === home)
        return yield* invalid("standby", `is the home: it would be gone with it; choose another node, or leave it out`)
      if (Object.keys(values).length > 0) yield* change("store the placement", changePlacementText(channelId, values))
      return yield* viewOf(channelId)
    })

  const changeNode = (name: string, operation: string, values: Parameters<typeof changeNodeText>[1]) =>
    Effect.gen(function* () {
      yield* nodeNamed(name)
      const stored = yield* change(operation, changeNodeText(name, values))
      if (stored.length === 0)
        return yield* conflict("node", `node "${name}" has ended, or is about to: start it first`)
      return yield* nodeNamed(name)
    })

  const drained: NodesService["drained"] = (name) =>
    Stream.unwrap(Effect.map(nodeNamed(name), () => drainedOf(agent, nodes, name)))

  return {
    nodes,
    placements,
    move,
    setPlacement,
    setNode: (name, values) =>
      Effect.gen(function* () {
        if (values.capacity !== undefined && !(Number.isInteger(values.capacity) && values.capacity >= 1))
          return yield* invalid("capacity", "must be a whole number from 1")
        return yield* changeNode(name, "store the node", values)
      }),
    drain: (name) => changeNode(name, "drain the node", { standing: "draining" }),
    resume: (name) => changeNode(name, "resume the node", { standing: "up" }),
    drained,
  }
}

/** Channels as they leave a node, until none is left that could. */
const drainedOf = (
  agent: NodeAgent,
  nodes: () => ReadonlyArray<NodeView>,
  name: string,
): Stream.Stream<DrainedChannel> => {
  const waiting = new Set(agent.snapshot().rows.flatMap((row) => (row.owner === name ? [row.channel] : [])))
  const look = Effect.sync((): ReadonlyArray<DrainedChannel> => {
    const { nowMs, rows } = agent.snapshot()
    const hasOthers = nodes().some((node) => node.name !== name && node.state === "alive")
    const left = rows.filter(({ channel }) => waiting.has(channel))
    const found = left.flatMap((row): ReadonlyArray<DrainedChannel> => {
      const one = { channel_id: row.channel, to: row.owner, gap_ms: row.gapMs, why: null }
      if (row.owner !== name) return row.gapMs !== null || nowMs - row.movedMs > GAP_WITHIN_MS ? [one] : []
      return hasOthers ? [] : [{ ...one, to: null, gap_ms: null, why: "there is no other node that is alive" }]
    })
    for (const { channel_id } of found) waiting.delete(channel_id)
    for (const channel of waiting) if (!rows.some((row) => row.channel === channel)) waiting.delete(channel)
    return found
  })
  return Stream.unfoldEffect(0, (round) =>
    Effect.gen(function* () {
      if (waiting.size === 0) return Option.none()
      if (round > 0) yield* Effect.sleep(LOOK)
      return Option.some([yield* look, round + 1] as const)
    }),
  ).pipe(Stream.mapConcat((found) => found))
}
