/** Keeps what AWS said of the channels in the store, where it differs from what is there. */
import { Clock, Effect } from "effect"
import type { MediaLiveDeps } from "./deps.ts"
import type { StoredSeen } from "./medialive-rows.ts"

/** To be run after anything has changed. Never fails: what is refused is stored with the next change. */
export const makeKeepSeen = ({ memory, rows }: Pick<MediaLiveDeps, "memory" | "rows">): Effect.Effect<void> => {
  const written = new Map<string, string>()
  return Effect.gen(function* () {
    const nowMs = yield* Clock.currentTimeMillis
    const changed = new Map<string, StoredSeen>()
    const texts = new Map<string, string>()
    for (const [id, { alerts, described, summary }] of memory.channels) {
      const seen = { summary, described, alerts }
      const text = JSON.stringify(seen)
      if (written.get(id) === text) continue
      changed.set(id, seen)
      texts.set(id, text)
    }
    const gone = [...written.keys()].filter((id) => !memory.channels.has(id))
    if (changed.size + gone.length === 0) return
    yield* rows.putSeen(nowMs, changed, gone)
    for (const [id, text] of texts) written.set(id, text)
    for (const id of gone) written.delete(id)
  }).pipe(Effect.catchAll((error) => Effect.logWarning(error.message)))
}
