/**
 * Carries schedules out: starts and stops channels at their times. Turns that were missed while the service was away
 * are made up for, the last one of each channel alone, so that each is as its schedule says.
 */
import { Clock, Context, Effect, Layer } from "effect"
import { turnsOf } from "../../core/schedule/schedule.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { Actor } from "../model/actor.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { Schedules } from "../schedule/Schedules.ts"
import { EventLog } from "../store/EventLog.ts"
import { Channels } from "./Channels.ts"

const EVERY = "1 second"
/** Turns that are older than this are not made up for: whoever was away for days did so on purpose. In ms. */
const LATEST_MS = 7 * 86_400_000
/** How often it is written down up to when turns were carried out, beside each turn itself; in ms. */
const NOTED_EVERY_MS = 60_000

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const channels = yield* Channels
  const events = yield* EventLog
  const { all, rows } = yield* Schedules

  const carryOut = (channelId: string, turn: "start" | "stop") =>
    Effect.gen(function* () {
      const verb = turn === "start" ? channels.start : channels.stop
      const done = yield* Effect.either(Effect.locally(verb(channelId), Actor, "the schedule"))
      const at = yield* Clock.currentTimeMillis
      const words = turn === "start" ? "started" : "stopped"
      events.add(
        done._tag === "Right"
          ? { channelId, at, kind: `schedule_${words}`, severity: "info", message: `${words} by its schedule` }
          : {
              channelId,
              at,
              kind: "schedule_failed",
              severity: "warning",
              message: `the schedule could not ${turn} the channel: ${done.left.message}`,
            },
        yield* monotonicMs,
      )
    })

  let until = (yield* rows.carriedOutUntil) ?? (yield* Clock.currentTimeMillis)
  let noted = until
  const note = (nowMs: number) =>
    Effect.catchAll(
      Effect.zipRight(
        rows.setCarriedOut(nowMs),
        Effect.sync(() => (noted = nowMs)),
      ),
      (error) => Effect.logWarning(error.message),
    )

  const round = Effect.gen(function* () {
    const nowMs = yield* Clock.currentTimeMillis
    const from = Math.max(until, nowMs - LATEST_MS)
    let turned = false
    for (const [channelId, schedule] of all()) {
      const turn = turnsOf(schedule, from, nowMs).at(-1)
      const config = book.configs.get(channelId)
      if (turn === undefined || config === undefined) continue
      turned = true
      // What is so already is left alone: a start would begin its outputs anew.
      if (config.should_run !== (turn.do === "start")) yield* carryOut(channelId, turn.do)
    }
    until = Math.max(until, nowMs)
    // A clock that was set back must not have a turn made twice; one that stands far ahead must not skip any for good.
    if (nowMs < until - LATEST_MS) until = nowMs
    if (turned || until - noted >= NOTED_EVERY_MS) yield* note(until)
  })
  const rounds = Effect.forever(
    Effect.zipRight(
      Effect.catchAllCause(round, (cause) => Effect.logError("schedules could not be carried out", cause)),
      Effect.sleep(EVERY),
    ),
  )
  yield* Effect.forkScoped(Effect.zipRight(book.loaded, rounds))
  return ScheduleRunner.of({ started: true })
})

/** That schedules are carried out. */
export class ScheduleRunner extends Context.Tag("distributor/ScheduleRunner")<
  ScheduleRunner,
  { readonly started: true }
>() {
  static readonly Live = Layer.scoped(ScheduleRunner, make)
}
