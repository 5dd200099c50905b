/** MediaLive beside our channels, put together. Loaded only where `MEDIALIVE=on`; see `MediaLive.ts`. */
import { Clock, Effect, type Scope, SubscriptionRef } from "effect"
import { ChannelBook } from "../config/ChannelBook.ts"
import { maskText } from "../config/Logging.ts"
import { ownAddresses } from "../config/own-addresses.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import type { StoreError } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { within } from "../model/within.ts"
import { Schedules } from "../schedule/Schedules.ts"
import { EventLog } from "../store/EventLog.ts"
import { Store } from "../store/Store.ts"
import { makeAutoRound } from "./auto-runner.ts"
import type { Environment } from "./aws/endpoints.ts"
import type { Fetch } from "./aws/http.ts"
import { makePacer } from "./aws/pacer.ts"
import { makeConnect } from "./connect.ts"
import { makeCosts } from "./costs.ts"
import type { MediaLiveDeps } from "./deps.ts"
import { type Egress, makeEgress } from "./egress.ts"
import { makeMediaLiveRows } from "./medialive-rows.ts"
import type { MediaLiveService } from "./medialive-service.ts"
import { AUTO_OFF, autoOf, type Known, makeMemory, newKnown } from "./memory.ts"
import { ourChannelOf } from "./our-side.ts"
import { makePoller, type Poller } from "./poller.ts"
import { makeRunBook, type RunBook } from "./run-book.ts"
import { autoView, channelView, detailView, listView, ofChannelView } from "./show.ts"
import { figuresNow, noticesOf } from "./told.ts"
import { knownOf, makeVerbs } from "./verbs.ts"
import { makeWants } from "./wants.ts"

/** Longest that the last figures of egress are waited for at the end. */
const FLUSHED_WITHIN = "500 millis"
const EGRESS_EVERY = "1 minute"

/** The machine's own addresses are read anew after this time, in ms: every channel is matched with them, each second. */
const OWN_FOR_MS = 5000

const makeOwn = (): (() => ReadonlyArray<string>) => {
  let known: ReadonlyArray<string> = []
  let until = 0
  return () => {
    const nowMs = performance.now()
    if (nowMs >= until) {
      known = ownAddresses().map((address) => address.replace(/^\[(.*)\]$/, "$1"))
      until = nowMs + OWN_FOR_MS
    }
    return known
  }
}

/** What the rest of the service gives to it. */
const makeDeps = (environment: Environment, fetch: Fetch) =>
  Effect.gen(function* () {
    const book = yield* ChannelBook
    const engine = yield* EngineClient
    const events = yield* EventLog
    const schedules = yield* Schedules
    const memory = makeMemory()
    const own = makeOwn()
    const deps: MediaLiveDeps = {
      memory,
      rows: makeMediaLiveRows((yield* Store).access),
      pacer: yield* makePacer,
      fetch,
      environment,
      book,
      ours: () => book.inOrder().map(ourChannelOf),
      addresses: () => {
        const set = memory.connection?.addresses ?? []
        return set.length > 0 ? set.map((address) => address.toLowerCase()) : own()
      },
      engine: SubscriptionRef.get(engine.state),
      scheduled: schedules.wants,
      record: (event) =>
        Effect.zipWith(Clock.currentTimeMillis, monotonicMs, (at, nowMs) =>
          events.add({ ...event, message: maskText(event.message).slice(0, 1000), at }, nowMs),
        ),
    }
    return deps
  })

/** What was stored is what is known until AWS answers. */
const restore = ({ memory, rows }: MediaLiveDeps, use: (stored: MediaLiveDeps["memory"]["connection"]) => void) =>
  Effect.gen(function* () {
    use(yield* rows.loadConnection)
    for (const [id, auto] of yield* rows.loadAuto) memory.autos.set(id, { ...AUTO_OFF, ...auto })
    if (memory.api === null) return
    for (const [id, { at, seen }] of yield* rows.loadSeen) {
      memory.channels.set(id, {
        ...newKnown(seen.summary),
        ...seen,
        describedUnix: seen.described === null ? null : at,
      })
      memory.answeredAt = Math.max(memory.answeredAt ?? 0, at)
    }
  })

interface Background {
  readonly poller: Poller
  readonly runs: RunBook
  readonly egress: Egress
  readonly auto: Effect.Effect<void>
}

/** Runs an effect over and over, until the scope ends, whatever fails in it. */
const lasting = (what: string, effect: Effect.Effect<unknown>) =>
  Effect.forkScoped(
    Effect.forever(
      Effect.catchAllCause(effect, (cause) =>
        Effect.zipRight(Effect.logError(`${what} failed`, cause), Effect.sleep("1 second")),
      ),
    ),
  )

/** What goes on by itself: AWS is asked, channels are started and stopped, and what was sent is counted. */
const runBackground = ({ book, engine }: MediaLiveDeps, { auto, egress, poller, runs }: Background) =>
  Effect.gen(function* () {
    const { loaded } = yield* ChannelBook
    // Without channels of ours nothing would be known to be fed.
    yield* Effect.forkScoped(
      Effect.zipRight(
        loaded,
        Effect.all(
          [
            lasting(
              "asking AWS",
              Effect.flatMap(poller.round, (any) => (any ? runs.look : Effect.sleep("500 millis"))),
            ),
            lasting("starting and stopping MediaLive", Effect.zipRight(auto, Effect.sleep("1 second"))),
          ],
          { discard: true },
        ),
      ),
    )
    const observe = Effect.map(engine, ({ stats }) => egress.observe(stats, book.inOrder()))
    yield* lasting("counting egress", Effect.zipRight(observe, Effect.sleep("1 second")))
    yield* lasting("storing egress", Effect.zipRight(Effect.sleep(EGRESS_EVERY), egress.write))
    yield* Effect.addFinalizer(() => within(FLUSHED_WITHIN)(Effect.zipRight(observe, egress.write)))
  })

/**
 * @param fetch how requests are sent; a test puts its own in its place
 */
export const makeMediaLive = (
  environment: Environment,
  fetch: Fetch = globalThis.fetch,
): Effect.Effect<
  MediaLiveService,
  StoreError,
  Scope.Scope | ChannelBook | EngineClient | EventLog | Schedules | Store
> =>
  Effect.gen(function* () {
    const deps = yield* makeDeps(environment, fetch)
    const { book, memory } = deps
    const connect = makeConnect(deps)
    yield* restore(deps, connect.use)
    const wants = makeWants(deps)
    const poller = makePoller(deps)
    const verbs = makeVerbs(deps, poller, wants)
    const runs = yield* makeRunBook(deps)
    const egress = makeEgress(deps.rows)

    yield* runBackground(deps, { poller, runs, egress, auto: makeAutoRound(deps, verbs, wants) })

    const now = Clock.currentTimeMillis
    const shown = (known: Known) => Effect.map(now, (nowMs) => channelView(deps, wants, known, nowMs))
    const service: MediaLiveService = {
      connection: connect.view,
      setConnection: connect.set,
      removeConnection: connect.remove,
      test: connect.test,
      list: Effect.map(now, (nowMs) => listView(deps, wants, nowMs)),
      channel: (id) =>
        Effect.gen(function* () {
          const known = yield* knownOf(deps, id)
          known.wantedAt = yield* monotonicMs
          return detailView(deps, wants, known, yield* now)
        }),
      start: (id) => Effect.flatMap(verbs.start(id), shown),
      stop: (id) => Effect.flatMap(verbs.stop(id), shown),
      setAuto: (id, input) =>
        Effect.flatMap(verbs.setAuto(id, input), (known) =>
          Effect.map(now, (nowMs) => {
            const set = autoOf(memory, id)
            return autoView(set, wants(known, set, nowMs))
          }),
        ),
      ofChannel: (ref) =>
        Effect.gen(function* () {
          const config = yield* book.find(ref)
          return ofChannelView(deps, config, yield* deps.engine, yield* now)
        }),
      costs: makeCosts(deps, egress),
      figures: Effect.map(now, (nowMs) => figuresNow(deps, wants, runs, nowMs)),
      notices: Effect.map(now, (nowMs) => noticesOf(deps, nowMs)),
    }
    return service
  })
