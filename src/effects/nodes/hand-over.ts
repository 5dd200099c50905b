/** A node that ends waits until its channels are with other nodes. */
import { Effect } from "effect"
import type { NodeBrain } from "../../core/placement/node-brain.ts"
import type { Watch } from "../../core/placement/watch.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { within } from "../model/within.ts"
import { SHORTEST_GAP_MS } from "./NodeAgent.ts"

/**
 * How long a node that ends hands its channels over, in ms. They go one after the other, and those that wait for their
 * turn are sent all the while. What is left then is closed and may be taken over at once; with that the process ends
 * within the 15 s that systemd gives it.
 */
export const HAND_OVER_WITHIN_MS = 9000
/** How long it waits for the next channel to go, in ms: PostgreSQL may be away, or the other node busy. */
export const NEXT_WITHIN_MS = 5000

interface Leaver {
  readonly brain: Pick<NodeBrain, "self" | "rows"> & { readonly watch: Pick<Watch, "up"> }
  readonly beatNow: Effect.Effect<void>
}

/** Number of channels that the node owns. */
const ownedBy = ({ brain }: Leaver) => brain.rows().filter(({ owner }) => owner === brain.self).length

/**
 * Waits until a node whose brain was told to leave owns nothing that it could hand over, or the time is over. Returns in
 * time in finalizers, too.
 *
 * @returns the number of channels that it still owns
 */
export const handedOver = (leaver: Leaver): Effect.Effect<number> =>
  Effect.gen(function* () {
    const { beatNow, brain } = leaver
    let owned = ownedBy(leaver)
    let sinceMs = yield* monotonicMs
    while (owned > 0 && brain.watch.up().some(({ name }) => name !== brain.self)) {
      yield* beatNow
      yield* Effect.sleep(SHORTEST_GAP_MS)
      const nowMs = yield* monotonicMs
      const left = ownedBy(leaver)
      if (left < owned) sinceMs = nowMs
      else if (nowMs - sinceMs >= NEXT_WITHIN_MS) return
      owned = left
    }
  }).pipe(
    within(HAND_OVER_WITHIN_MS),
    Effect.map(() => ownedBy(leaver)),
  )
