/** The schedules of channels: kept, shown, and asked for what they say. Carrying them out is the supervisor's. */
import { Clock, Context, Effect, Layer } from "effect"
import { showLocal } from "../../core/schedule/local-time.ts"
import { isOn, nextTurn, type Schedule, scheduleErrors } from "../../core/schedule/schedule.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { InvalidInput, NotFound, type StoreError } from "../model/Errors.ts"
import { Changes } from "../store/Changes.ts"
import { Store } from "../store/Store.ts"
import type { ScheduleInput, ScheduleView } from "./schedule-bodies.ts"
import { makeScheduleRows, type ScheduleRows } from "./schedule-rows.ts"

/** `ref` is a channel's UUID, slug or number. */
export interface SchedulesService {
  readonly get: (ref: string) => Effect.Effect<ScheduleView, NotFound>
  readonly set: (ref: string, input: ScheduleInput) => Effect.Effect<ScheduleView, NotFound | InvalidInput | StoreError>
  readonly remove: (ref: string) => Effect.Effect<void, NotFound | StoreError>
  /** All schedules by the channel's id, as they are now. */
  readonly all: () => ReadonlyMap<string, Schedule>
  /** True when a channel's schedule has a window open at this time. */
  readonly wants: (channelId: string, atMs: number) => boolean
  readonly rows: Pick<ScheduleRows, "carriedOutUntil" | "setCarriedOut">
}

const viewOf = ({ slug }: ChannelConfig, schedule: Schedule, nowMs: number): ScheduleView => {
  const next = nextTurn(schedule, nowMs)
  return {
    channel: slug,
    ...schedule,
    on: isOn(schedule, nowMs),
    next:
      next === null
        ? null
        : { do: next.do, at: new Date(next.at).toISOString(), local: showLocal(next.at, schedule.zone) },
  }
}

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const { change } = yield* Changes
  const rows = makeScheduleRows((yield* Store).access)
  const schedules = new Map(yield* rows.load)

  const shown = (config: ChannelConfig, schedule: Schedule) =>
    Effect.map(Clock.currentTimeMillis, (nowMs) => viewOf(config, schedule, nowMs))
  const need = (config: ChannelConfig) =>
    Effect.suspend(() => {
      const found = schedules.get(config.id)
      return found === undefined
        ? Effect.fail(new NotFound({ kind: "schedule of channel", ref: config.slug }))
        : Effect.succeed(found)
    })

  const set = Effect.fn("Schedules.set")(function* (ref: string, { enabled = true, windows, zone }: ScheduleInput) {
    const config = yield* book.find(ref)
    const schedule: Schedule = {
      zone,
      enabled,
      windows: windows.map(({ date = null, days = null, start, stop }) => ({ days, date, start, stop })),
    }
    const errors = scheduleErrors(schedule)
    if (errors.length > 0) return yield* new InvalidInput({ errors })
    yield* rows.put(config.id, schedule)
    schedules.set(config.id, schedule)
    return yield* shown(config, schedule)
  })
  const remove = Effect.fn("Schedules.remove")(function* (ref: string) {
    const config = yield* book.find(ref)
    yield* need(config)
    yield* rows.delete(config.id)
    schedules.delete(config.id)
  })
  return Schedules.of({
    get: (ref) =>
      Effect.flatMap(book.find(ref), (config) => Effect.flatMap(need(config), (schedule) => shown(config, schedule))),
    set: (ref, input) => change(set(ref, input)),
    remove: (ref) => change(remove(ref)),
    all: () => schedules,
    wants: (channelId, atMs) => {
      const schedule = schedules.get(channelId)
      return schedule !== undefined && isOn(schedule, atMs)
    },
    rows,
  })
})

export class Schedules extends Context.Tag("distributor/Schedules")<Schedules, SchedulesService>() {
  /** Fails with `StoreError` when the stored schedules cannot be read. */
  static readonly Live = Layer.effect(Schedules, make)
}
