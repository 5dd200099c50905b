/** Schedules in memory, over the fake channels; nothing is carried out. */
import { Effect } from "effect"
import { NotFound } from "../../effects/model/Errors.ts"
import type { SchedulesService } from "../../effects/schedule/Schedules.ts"
import type { ScheduleView } from "../../effects/schedule/schedule-bodies.ts"
import type { FakeWorld } from "./fake-world.ts"

export const fakeSchedules = ({ find }: FakeWorld): Pick<SchedulesService, "get" | "set" | "remove"> => {
  const kept = new Map<string, ScheduleView>()
  const need = (ref: string) =>
    Effect.flatMap(find(ref), ({ id, slug }) => {
      const found = kept.get(id)
      return found === undefined
        ? Effect.fail(new NotFound({ kind: "schedule of channel", ref: slug }))
        : Effect.succeed({ id, found })
    })
  return {
    get: (ref) => Effect.map(need(ref), ({ found }) => found),
    set: (ref, { enabled = true, windows, zone }) =>
      Effect.map(find(ref), ({ id, slug }) => {
        const view: ScheduleView = {
          channel: slug,
          zone,
          enabled,
          windows: windows.map(({ date = null, days = null, start, stop }) => ({ days, date, start, stop })),
          on: false,
          next: null,
        }
        kept.set(id, view)
        return view
      }),
    remove: (ref) => Effect.map(need(ref), ({ id }) => void kept.delete(id)),
  }
}
