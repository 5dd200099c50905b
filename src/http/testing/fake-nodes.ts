/** Two nodes that share a secret, without a database: tests say who owns what. */
import { Effect, Redacted, Stream } from "effect"
import type { Role } from "../../core/placement/model.ts"
import { Conflict, InvalidInput, NotFound } from "../../effects/model/Errors.ts"
import type { NodesService, NodeView, PlacementView } from "../../effects/nodes/Nodes.ts"
import { SINGLE_MACHINE } from "../../effects/nodes/single-machine.ts"

export const SECRET = "the-secret-of-the-nodes"

export const nodeView = (over: Partial<NodeView> = {}): NodeView => ({
  name: "a",
  self: false,
  address: "http://10.0.0.1:8000",
  labels: {},
  capacity: 60,
  version: "0.1.0",
  state: "alive",
  standing: "up",
  silent_s: 0.4,
  owns: 0,
  stands_by: 0,
  ...over,
})

export const placementView = (over: Partial<PlacementView> = {}): PlacementView => ({
  channel_id: "c",
  owner: "a",
  epoch: 1,
  home: "a",
  standby: null,
  partner: "b",
  isolated: "stop",
  moving_to: null,
  dark: false,
  last_move: null,
  ...over,
})

export const ADDRESSES: Readonly<Record<string, string>> = { a: "http://10.0.0.1:8000", b: "http://10.0.0.2:8000" }

/** Every channel has a place. */
class Placed extends Map<string, PlacementView> {
  readonly #owner: string
  constructor(owner: string, placed: Iterable<readonly [string, PlacementView]>) {
    super(placed)
    this.#owner = owner
  }
  override get(id: string): PlacementView {
    return super.get(id) ?? placementView({ channel_id: id, owner: this.#owner, home: this.#owner })
  }
}

export interface FakeNodes extends NodesService {
  /** Owner of each channel, by its id; others belong to `a`. */
  readonly owners: Map<string, string>
  /** Placements as tests want them, beside those made of `owners`. */
  readonly placed: Map<string, PlacementView>
  readonly standings: Map<string, NodeView["state"]>
  /** What was asked for. */
  readonly asked: Array<readonly [verb: string, ...values: ReadonlyArray<unknown>]>
}

/** The verbs that change how a node stands. */
const standingsOf = ({
  asked,
  find,
  owners,
  standings,
}: Pick<FakeNodes, "asked" | "owners" | "standings"> & {
  readonly find: (name: string) => Effect.Effect<NodeView, NotFound>
}): Pick<NodesService, "setNode" | "drain" | "drained" | "resume"> => ({
  setNode: (name, change) => Effect.tap(find(name), () => Effect.sync(() => asked.push(["setNode", name, change]))),
  drain: (name) =>
    Effect.tap(find(name), () =>
      Effect.sync(() => {
        asked.push(["drain", name])
        standings.set(name, "draining")
      }),
    ),
  drained: (name) =>
    Stream.fromIterable(
      [...owners]
        .filter(([, owner]) => owner === name)
        .map(([channel_id]) => ({ channel_id, to: name === "a" ? "b" : "a", gap_ms: 420, why: null })),
    ),
  resume: (name) =>
    Effect.tap(find(name), () =>
      Effect.sync(() => {
        asked.push(["resume", name])
        standings.delete(name)
      }),
    ),
})

/** The nodes of `addresses` as `self` sees them; channels that no test has placed belong to the first. */
export const fakeNodes = (self: string, addresses: Readonly<Record<string, string>> = ADDRESSES): FakeNodes => {
  const [first = self] = Object.keys(addresses)
  const owners = new Map<string, string>()
  const placed = new Map<string, PlacementView>()
  const standings = new Map<string, NodeView["state"]>()
  const asked: Array<readonly [string, ...ReadonlyArray<unknown>]> = []
  const ownerOf = (id: string) => owners.get(id) ?? first
  const nodes = () =>
    Object.entries(addresses).map(([name, address]) =>
      nodeView({
        name,
        address,
        self: name === self,
        state: standings.get(name) ?? "alive",
        owns: [...placements().values()].filter(({ owner }) => owner === name).length,
      }),
    )
  const placements = () =>
    new Placed(first, [
      ...[...owners].map(([id, owner]) => [id, placementView({ channel_id: id, owner })] as const),
      ...placed,
    ])
  const find = (name: string) => {
    const found = nodes().find((node) => node.name === name)
    return found === undefined ? Effect.fail(new NotFound({ kind: "node", ref: name })) : Effect.succeed(found)
  }
  const placementOf = (id: string): PlacementView => placements().get(id)
  const known = (path: string, name: string | null | undefined) =>
    name == null || addresses[name] !== undefined
      ? Effect.void
      : new InvalidInput({
          errors: [{ path, message: `there is no node ${name}: the nodes are ${Object.keys(addresses).join(", ")}` }],
        })
  return {
    ...SINGLE_MACHINE,
    owners,
    placed,
    standings,
    asked,
    self,
    nodes,
    placements,
    roleOf: (id): Role => (ownerOf(id) === self ? "owner" : "standby"),
    ownerAddress: (id) => (ownerOf(id) === self ? null : (addresses[ownerOf(id)] ?? null)),
    databaseProblem: () => null,
    move: (id, node, force = false) =>
      Effect.zipRight(
        known("node", node),
        ownerOf(id) === node
          ? new Conflict({ errors: [{ path: "node", message: `the channel runs on ${node} already` }] })
          : Effect.sync(() => {
              asked.push(["move", id, node, force])
              placed.set(id, { ...placementOf(id), moving_to: node })
              return placementOf(id)
            }),
      ),
    setPlacement: (id, change) =>
      Effect.zipRight(
        Effect.zipRight(known("home", change.home), known("standby", change.standby)),
        change.standby != null && change.standby === (change.home ?? placementOf(id).home)
          ? new InvalidInput({
              errors: [{ path: "standby", message: "is the home as well: name another node, or null for any" }],
            })
          : Effect.sync(() => {
              asked.push(["setPlacement", id, change])
              placed.set(id, { ...placementOf(id), ...change })
              return placementOf(id)
            }),
      ),
    ...standingsOf({ asked, find, owners, standings }),
    peerSecret: Redacted.make(SECRET),
  }
}
