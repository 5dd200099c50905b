/**
 * What a node asks PostgreSQL to change. Each is one transaction that does something only while the row is still in the
 * epoch for which it was made; its answer holds the rows that it has changed, as they are now.
 */
import type { PlacementRow } from "./model.ts"

type Item = { readonly channel: string; readonly epoch: number }

/**
 * - `take`: becomes the owner of channels whose owner has been silent for the dead time, or has left;
 * - `release`: gives a channel away, after its outputs have been closed;
 * - `pair`: gives a channel of its own another partner, or the same one in a new epoch, which makes sure that nothing
 *   that was sent before has an effect any more;
 * - `opened`: notes that the owner needs no wait in this epoch;
 * - `aim`: notes where a channel is to move, unless it is to move elsewhere meanwhile;
 * - `ready`: notes that its target receives a channel.
 */
export type Statement =
  | { readonly kind: "take"; readonly items: ReadonlyArray<Item & { readonly partner: string | null }> }
  | {
      readonly kind: "release"
      readonly items: readonly [
        Item & {
          readonly to: string
          readonly partner: string | null
          readonly reason: "moved" | "drained"
          /** How long its outputs have been closed, in ms. */
          readonly closedMs: number
        },
      ]
    }
  | { readonly kind: "pair"; readonly items: ReadonlyArray<Item & { readonly partner: string | null }> }
  | { readonly kind: "opened"; readonly items: ReadonlyArray<Item> }
  | {
      readonly kind: "aim"
      readonly items: ReadonlyArray<Item & { readonly from: string | null; readonly target: string | null }>
    }
  | { readonly kind: "ready"; readonly items: ReadonlyArray<Item> }

/**
 * How a statement ended: `done` with the rows that it has changed; `refused` when it certainly has no effect; `unknown`
 * when it was sent and not answered: it may have been carried out, or may be yet.
 */
export type Outcome =
  | { readonly kind: "done"; readonly rows: ReadonlyArray<PlacementRow> }
  | { readonly kind: "refused" }
  | { readonly kind: "unknown" }
