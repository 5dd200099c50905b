/** `Nodes` on a single machine: one node without a name, which owns every channel. */
import { Effect, Redacted, Stream } from "effect"
import { Conflict } from "../model/Errors.ts"
import type { NodesService } from "./Nodes.ts"

const refused = Effect.fail(
  new Conflict({
    errors: [
      {
        path: "",
        message: "this is a single machine: set NODES=on and DATABASE_URL on several machines first (docs/nodes.md)",
      },
    ],
  }),
)

/** Every verb is refused, with what to do. */
export const SINGLE_MACHINE: NodesService = {
  self: null,
  nodes: () => [],
  placements: () => new Map(),
  roleOf: () => "owner",
  ownerAddress: () => null,
  databaseProblem: () => null,
  changes: Stream.never,
  move: () => refused,
  setPlacement: () => refused,
  setNode: () => refused,
  drain: () => refused,
  drained: () => Stream.empty,
  resume: () => refused,
  grant: () => Effect.succeed([]),
  peerSecret: Redacted.make(""),
  inputNeeds: () => null,
  fenceUs: () => undefined,
  relayOf: () => null,
  followed: Stream.never,
  leave: Effect.void,
  armed: () => Effect.void,
  connected: () => Effect.succeed(true),
}
