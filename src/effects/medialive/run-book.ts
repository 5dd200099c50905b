/** When channels of MediaLive ran, from what is seen of them: each run is a row, which is closed when it is over. */
import { randomUUID } from "node:crypto"
import { Effect } from "effect"
import { isBilled } from "../../core/medialive/lifecycle.ts"
import type { HourlyPrice } from "../../core/medialive/price-list.ts"
import type { StoreError } from "../model/Errors.ts"
import type { MediaLiveDeps } from "./deps.ts"
import type { StoredRun } from "./medialive-rows.ts"
import { priceOf } from "./memory.ts"

/** How often it is written down that a run goes on, in ms. */
const NOTED_EVERY_MS = 60_000

type PriceOfRun = Pick<StoredRun, "usdPerHour" | "unknownLines">
const NO_PRICE: PriceOfRun = { usdPerHour: null, unknownLines: 0 }

/**
 * The price of a run, from what is known now: AWS's own takes the place of any other, and the table serves where there
 * is none. It is asked for after the channels, and is away for a while after a restart.
 */
const priceOfRun = (run: StoredRun | undefined, now: HourlyPrice | null): PriceOfRun => {
  const before = run ?? NO_PRICE
  const isBetter = now !== null && now.usdPerHour !== null && (now.from === "aws" || before.usdPerHour === null)
  const { unknownLines, usdPerHour } = before
  return isBetter ? { usdPerHour: now.usdPerHour, unknownLines: now.unknown } : { usdPerHour, unknownLines }
}

export interface RunBook {
  /** Looks at the states as they are known now. Never fails. */
  readonly look: Effect.Effect<void>
  /** Seconds that a channel ran, those of now included. */
  readonly seconds: (id: string, nowMs: number) => number
}

export const makeRunBook = ({ memory, rows }: MediaLiveDeps): Effect.Effect<RunBook, StoreError> =>
  Effect.gen(function* () {
    const open = new Map((yield* rows.openRuns).map((run) => [run.channel, run]))
    const ended = new Map(yield* rows.endedMs)
    let waiting: ReadonlyArray<StoredRun> = []

    const look = Effect.gen(function* () {
      const at = memory.answeredAt
      // What was found in the store says nothing of what runs now.
      if (at === null) return
      const changed: StoredRun[] = []
      for (const [id, known] of memory.channels) {
        const { name, state } = known.summary
        const run = open.get(id)
        const price = priceOfRun(run, priceOf(memory, known))
        if (isBilled(state) && run === undefined) {
          const begun = { id: randomUUID(), channel: id, name, startedAt: at, seenAt: at, endedAt: null, ...price }
          open.set(id, begun)
          changed.push(begun)
        } else if (isBilled(state) && run !== undefined) {
          const going = { ...run, ...price, seenAt: at }
          if (at - run.seenAt < NOTED_EVERY_MS && going.usdPerHour === run.usdPerHour) continue
          open.set(id, going)
          changed.push(going)
        } else if (run !== undefined) changed.push(end(run, at))
      }
      for (const [id, run] of open) if (!memory.channels.has(id)) changed.push(end(run, at))
      if (changed.length + waiting.length === 0) return
      const writes = [...waiting, ...changed]
      waiting = writes
      yield* rows.putRuns(writes)
      waiting = waiting.slice(writes.length)
    }).pipe(Effect.catchAll((error) => Effect.logWarning(error.message)))

    /** A run that went on while nobody looked ended at some time since: it counts up to when it was last seen. */
    const end = (run: StoredRun, at: number): StoredRun => {
      open.delete(run.channel)
      const endedAt = at - run.seenAt > 10 * NOTED_EVERY_MS ? run.seenAt : at
      ended.set(run.channel, (ended.get(run.channel) ?? 0) + endedAt - run.startedAt)
      return { ...run, seenAt: at, endedAt }
    }
    return {
      look,
      seconds: (id, nowMs) => {
        const run = open.get(id)
        return ((ended.get(id) ?? 0) + (run === undefined ? 0 : Math.max(0, nowMs - run.startedAt))) / 1000
      },
    }
  })
