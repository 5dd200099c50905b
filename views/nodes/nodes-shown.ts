/** Data from which the page of the nodes is rendered. */
import type { NodeShown, PlacementShown } from "../../src/http/services/placement-shown.ts"

export interface NodesShown {
  readonly self: string | null
  /** Why this node cannot ask the database now; null when it can. */
  readonly databaseProblem: string | null
  readonly nodes: ReadonlyArray<NodeShown>
  /** By channel id. */
  readonly placements: ReadonlyMap<string, Omit<PlacementShown, "input">>
  /** Ids of channels whose sources their two nodes pass on to each other. */
  readonly relayed: ReadonlySet<string>
  /** False for readers whose buttons would be refused. */
  readonly mayAct: boolean
}
