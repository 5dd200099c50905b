/** What new channels and outputs are made with: ids that are nobody else's, and the time of this moment. */
import { Clock, Effect } from "effect"
import type { Stamp } from "./validate.ts"

export const stamp: Effect.Effect<Stamp> = Effect.map(Clock.currentTimeMillis, (ms) => ({
  id: () => crypto.randomUUID(),
  createdAt: new Date(ms).toISOString(),
}))
