/** Fakes of `Events`, `Cues` and `Undo`, over channels in memory. */
import { Effect } from "effect"
import { factsOf } from "../../effects/channel/cues/cue-record.ts"
import { sectionOf } from "../../effects/channel/cues/cue-section.ts"
import { Conflict } from "../../effects/model/Errors.ts"
import type { CuesService } from "../../effects/supervisor/Cues.ts"
import type { EventsService } from "../../effects/supervisor/Events.ts"
import type { UndoService } from "../../effects/supervisor/Undo.ts"
import type { FakeWorld } from "./fake-world.ts"

export const fakeEvents = ({ events, find, ofAll }: FakeWorld): EventsService => ({
  list: (ref, { limit }) => Effect.map(find(ref), (channel) => (events.get(channel.id) ?? []).slice(0, limit)),
  listAll: (query) => ofAll(events, query),
})

/** @param inserted is told who inserts a cue */
export const fakeCues = ({ cues, find, ofAll }: FakeWorld, inserted: (by: string) => void): CuesService => ({
  list: (ref, { before = Number.POSITIVE_INFINITY, limit }) =>
    Effect.map(find(ref), ({ id }) => (cues.get(id) ?? []).filter((cue) => cue.id < before).slice(0, limit)),
  listAll: (query) => ofAll(cues, query),
  // The stream's clock stands at 10 s.
  insert: (ref, input, by) =>
    Effect.gen(function* () {
      yield* find(ref)
      const { section, warnings } = yield* sectionOf(input, { clock90k: 900_000, eventId: 4242, minPrerollS: 4 })
      inserted(by)
      const { base64, command, description, event_id, pts } = factsOf(section)
      return {
        cue: { pid: input.pid ?? 500, command, event_id, pts, description, base64, hex: section.hex, section },
        warnings,
      }
    }),
})

export const fakeUndo = ({ removals }: FakeWorld): UndoService => ({
  removed: (token) => Effect.sync(() => removals.get(token)?.view ?? null),
  undo: (token) =>
    Effect.suspend(() => {
      const found = removals.get(token)
      removals.delete(token)
      return found === undefined
        ? new Conflict({ errors: [{ path: "undo", message: "it is too late" }] })
        : Effect.succeed({ channel: found.back(), output: null })
    }),
})
