/** What the rest of the service asks its node about channels, answered from memory, and what it tells the node. */
import { Effect } from "effect"
import { fenceClockUs } from "../../engine/system/fence-clock.ts"
import { fenceUsOf } from "./engine-fences.ts"
import { inputNeedsOf } from "./input-needs-of.ts"
import type { NodeAgent } from "./NodeAgent.ts"
import type { NodeDatabase } from "./NodeDatabase.ts"
import type { NodesService } from "./Nodes.ts"
import { connectedText, type Self } from "./node-statements.ts"
import { relayHosts } from "./node-views.ts"

/** How long PostgreSQL has to note what a node tells it, in ms. */
export const NOTE_WITHIN_MS = 1500

type NodeAnswers = Pick<
  NodesService,
  "roleOf" | "ownerAddress" | "databaseProblem" | "grant" | "inputNeeds" | "fenceUs" | "relayOf" | "armed" | "connected"
>

/** @param runsOnTakeover true when a program is run at this node's takeovers */
export const makeNodeAnswers = (
  agent: NodeAgent,
  database: NodeDatabase,
  self: Self,
  runsOnTakeover: boolean,
): NodeAnswers => {
  const { brain } = agent
  const rowOf = (channelId: string) => agent.snapshot().rows.find(({ channel }) => channel === channelId)
  return {
    roleOf: (channelId) => brain.roleOf(channelId),
    ownerAddress: (channelId) => {
      const row = rowOf(channelId)
      if (row === undefined || row.owner === self.name) return null
      return agent.snapshot().nodes.find(({ name }) => name === row.owner)?.address ?? null
    },
    databaseProblem: () => {
      const why = agent.problem()
      if (why === null) return null
      return `PostgreSQL does not answer node "${self.name}" (${why}): channels go on where they are, and nothing can be changed until it is back`
    },
    grant: ({ channels, from }) =>
      Effect.sync(() => brain.grant(from, channels, fenceClockUs() / 1000).map(([channel]) => channel)),
    inputNeeds: (channel) => {
      const row = brain.rows().find((one) => one.channel === channel.id)
      return inputNeedsOf(channel, row, runsOnTakeover)
    },
    fenceUs: (channelId) => fenceUsOf(brain, channelId),
    relayOf: (channelId) => relayHosts(agent.snapshot(), self.name, channelId),
    armed: (channelId, isArmed) => Effect.sync(() => brain.onArmed(channelId, isArmed)),
    connected: (channelId) =>
      Effect.suspend(() => {
        const [row, known] = [rowOf(channelId), brain.rows().find(({ channel }) => channel === channelId)]
        // An answer to a beat that was sent before the move has the row of before.
        if (row === undefined || row.epoch < (known?.epoch ?? 0)) return Effect.succeed(false)
        if (row.gapMs !== null || row.movedWhy === "placed") return Effect.succeed(true)
        const text = connectedText(self, channelId, row.epoch)
        return Effect.promise(async () => (await database.ask(text, NOTE_WITHIN_MS)).kind === "done")
      }),
  }
}
