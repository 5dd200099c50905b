/** Which node is to run a channel, and which is to be its partner, as far as the operator leaves it open. */
import type { NodeRow, PlacementRow } from "./model.ts"

/** The label by which nodes of one building or one supply are known. */
export const ZONE = "zone"

/** Counts that whoever plans several channels at once brings up to date. */
export interface Loads {
  readonly owned: Map<string, number>
  readonly partnered: Map<string, number>
}

const count = (names: Iterable<string | null>) => {
  const counts = new Map<string, number>()
  for (const name of names) if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** How many channels each node owns and is the partner of. */
export const loadsOf = (rows: ReadonlyArray<PlacementRow>): Loads => ({
  owned: count(rows.map(({ owner }) => owner)),
  partnered: count(rows.map(({ partner }) => partner)),
})

const share = (count: number | undefined, capacity: number) => (count ?? 0) / Math.max(1, capacity)

/**
 * The nodes that are to own channels, the best first: with room, in another zone than `beside`, with the smallest share
 * of its capacity in use, and with the fewest channels to take over.
 */
export const ranked = (
  nodes: ReadonlyArray<NodeRow>,
  { owned, partnered }: Loads,
  beside: NodeRow | undefined = undefined,
): ReadonlyArray<NodeRow> => {
  const isFull = ({ capacity, name }: NodeRow) => Number((owned.get(name) ?? 0) >= capacity)
  const zone = beside?.labels[ZONE]
  const isNear = ({ labels }: NodeRow) => Number(zone !== undefined && labels[ZONE] === zone)
  return nodes
    .filter(({ name }) => name !== beside?.name)
    .sort(
      (a, b) =>
        isFull(a) - isFull(b) ||
        isNear(a) - isNear(b) ||
        share(owned.get(a.name), a.capacity) - share(owned.get(b.name), b.capacity) ||
        share(partnered.get(a.name), a.capacity) - share(partnered.get(b.name), b.capacity) ||
        (a.name < b.name ? -1 : 1),
    )
}

/** Where a channel that nobody runs yet is to run: home and standby, null where there is no second node. */
export const firstPlacement = (
  up: ReadonlyArray<NodeRow>,
  rows: ReadonlyArray<PlacementRow>,
): { readonly home: string; readonly partner: string | null } | null => {
  const loads = loadsOf(rows)
  const [home] = ranked(up, loads)
  return home === undefined ? null : { home: home.name, partner: ranked(up, loads, home)[0]?.name ?? null }
}

/**
 * The partner that the owner wants for a channel: standby, or home when it runs elsewhere; while that one is gone or is
 * being drained another node of those that are `up`, and the one that it has when there is no other.
 *
 * @param mayStay whether a node that was chosen is still good: one that was silent while PostgreSQL was away may be well
 */
export const wantedPartner = (
  row: PlacementRow,
  up: ReadonlyArray<NodeRow>,
  loads: Loads,
  owner: NodeRow | undefined,
  mayStay: (name: string) => boolean,
): string | null => {
  const isGood = (name: string | null): name is string => name !== null && name !== row.owner && mayStay(name)
  const preferred = row.owner === row.home ? row.standby : row.home
  if (isGood(preferred)) return preferred
  if (isGood(row.partner)) return row.partner
  const others = up.filter(({ name }) => name !== row.owner)
  return ranked(others, loads, owner)[0]?.name ?? row.partner
}
