/**
 * Tells people what is wrong, for those without Prometheus and Alertmanager:
 *
 *   scan      once a second: conditions become notices, and notices become messages for those whom the rules name
 *   writer    stores notices and messages on their way; whatever the store refuses waits
 *   queues    one fiber per destination
 *
 * Nothing that streams ever waits for any of them.
 */
import { Clock, Context, Effect, FiberMap, FiberRef, Layer, type Scope, SubscriptionRef } from "effect"
import type { Zone } from "../../core/schedule/local-time.ts"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import type { StateTag } from "../config/state-tag.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { MediaLive } from "../medialive/MediaLive.ts"
import { Actor } from "../model/actor.ts"
import { InvalidInput, NotFound, type StoreError } from "../model/Errors.ts"
import type { NewEvent } from "../model/event.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { Nodes } from "../nodes/Nodes.ts"
import { CueLog } from "../store/CueLog.ts"
import { EventLog } from "../store/EventLog.ts"
import { StateTags } from "../store/StateTags.ts"
import { Store } from "../store/Store.ts"
import type { Sighting } from "./conditions.ts"
import { ANY_HOST, type CheckHost, type Deliver, makeDeliver } from "./deliver.ts"
import { makeDeliveryLines } from "./delivery-lines.ts"
import { makeDestinationActions } from "./destination-actions.ts"
import { makeHappenings } from "./happenings.ts"
import { mutesIn } from "./mute.ts"
import { makeNoticeBook } from "./NoticeBook.ts"
import type { Notice } from "./notice.ts"
import { noticeViews } from "./notice-view.ts"
import type { AcknowledgeInput } from "./notification-bodies.ts"
import { makeNotificationRows, type NotificationRows } from "./notification-rows.ts"
import type { NotificationsService } from "./notifications-service.ts"
import type { NotificationsState } from "./notifications-state.ts"
import { refusePrivateHost } from "./refuse-private-host.ts"
import { makeRuleActions } from "./rule-actions.ts"
import { DEFAULT_RULES } from "./rules.ts"
import { makeScan } from "./scan.ts"
import { makeUnwritten } from "./unwritten.ts"
import { watchStore } from "./watch-store.ts"

export interface MadeNotifications {
  readonly service: NotificationsService
  /** Takes note of what happens to channels; never waits. `nowMs` is monotonic. */
  readonly note: (event: NewEvent, nowMs: number) => void
  /**
   * Starts watching, until the scope ends. Run it once the channels exist: open notices of unknown channels are ended.
   */
  readonly start: Effect.Effect<void>
}

export interface NotificationDeps {
  readonly rows: NotificationRows
  /** The state of the service, read each second. */
  readonly look: Effect.Effect<Sighting>
  /** Checks whether a host may be reached; left out, every host may be. */
  readonly checkHost?: CheckHost
  /** Delivers a message; over the network, unless a test replaces it. */
  readonly deliver?: Deliver
  /** By whose clock mails tell times; UTC when left out. */
  readonly zone?: Zone
  /** Names what is masked; tests do without. */
  readonly tag?: StateTag
}

const EVERY = "1 second"

const newestFirst = (notices: ReadonlyArray<Notice>) =>
  [...notices].sort((a, b) => b.openedAt - a.openedAt || (a.key < b.key ? -1 : 1))

const makeNoticeActions = ({
  book,
  change,
  look,
  mutes,
  rows,
}: NotificationsState): Pick<NotificationsService, "notices" | "acknowledge" | "acknowledgeMany"> => ({
  notices: Effect.map(look, ({ configs, nowMs }) =>
    noticeViews([...newestFirst(book.open()), ...book.recent()], mutesIn(mutes.values(), configs), nowMs),
  ),
  acknowledge: Effect.fn("Notifications.acknowledge")(
    function* (key: string) {
      const notice = book.open().find((one) => one.key === key)
      if (notice === undefined) return yield* new NotFound({ kind: "notice", ref: key })
      const by = yield* FiberRef.get(Actor)
      const nowMs = yield* Clock.currentTimeMillis
      yield* rows.write([{ ...notice, acknowledged: notice.acknowledged ?? { by, at: nowMs } }], [], [])
      const marked = book.acknowledge(key, by, nowMs) ?? notice
      const there = mutesIn(mutes.values(), (yield* look).configs)
      return yield* Effect.fromNullable(noticeViews([marked], there, nowMs)[0]).pipe(Effect.orDie)
    },
    (effect) => change(effect),
  ),
  acknowledgeMany: Effect.fn("Notifications.acknowledgeMany")(
    function* ({ all, keys }: AcknowledgeInput) {
      if ((all === undefined) === (keys === undefined))
        return yield* new InvalidInput({ errors: [{ path: "keys", message: "is needed, or all: true; not both" }] })
      const asked = new Set(keys)
      const found = book.open().filter(({ key }) => all === true || asked.has(key))
      const by = yield* FiberRef.get(Actor)
      const nowMs = yield* Clock.currentTimeMillis
      const seen = found.map((one) => ({ ...one, acknowledged: one.acknowledged ?? { by, at: nowMs } }))
      yield* rows.write(seen, [], [])
      const marked = seen.map((one) => book.acknowledge(one.key, by, nowMs) ?? one)
      return noticeViews(marked, mutesIn(mutes.values(), (yield* look).configs), nowMs)
    },
    (effect) => change(effect),
  ),
})

export const makeNotifications = (deps: NotificationDeps): Effect.Effect<MadeNotifications, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const { look, rows } = deps
    const checkHost = deps.checkHost ?? ANY_HOST
    const deliver = deps.deliver ?? makeDeliver(checkHost, deps.zone ?? "UTC")
    const stored = yield* rows.load
    const book = makeNoticeBook(stored.notices)
    const happenings = makeHappenings()
    // The map of fibers is made before the writer, so at the end the writer flushes first. A message that is delivered
    // after that stays in the store and is delivered again after the restart.
    const fibers = yield* FiberMap.make<string>()
    const inTurn = (yield* Effect.makeSemaphore(1)).withPermits(1)
    const unwritten = yield* makeUnwritten(rows, book.find)
    const lines = makeDeliveryLines({ fibers, deliver, settled: unwritten.settled })
    const state: NotificationsState = {
      rows,
      look,
      checkHost,
      deliver,
      book,
      lines,
      unwritten,
      mutes: new Map(stored.mutes.map((mute) => [mute.id, mute])),
      rules: stored.rules ?? DEFAULT_RULES,
      tag: deps.tag ?? (() => ""),
      change: (effect, check) =>
        inTurn(Effect.uninterruptible(check === undefined ? effect : Effect.zipRight(check, effect))),
    }
    for (const destination of stored.destinations) {
      yield* lines.open(
        destination,
        stored.outgoing.filter(({ destinationId }) => destinationId === destination.id),
      )
    }
    const scans = Effect.catchAllCause(makeScan(state, happenings), (cause) =>
      Effect.logError("notifications could not be made", cause),
    )
    const start = Effect.asVoid(
      Effect.forkIn(Effect.forever(Effect.zipRight(Effect.sleep(EVERY), scans)), yield* Effect.scope),
    )
    const service: NotificationsService = {
      ...makeNoticeActions(state),
      ...makeDestinationActions(state),
      ...makeRuleActions(state),
    }
    return { service, note: happenings.note, start }
  })

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const cues = yield* CueLog
  const engine = yield* EngineClient
  const { service: medialive } = yield* MediaLive
  const events = yield* EventLog
  const nodes = yield* Nodes
  const running = yield* RunningChannels
  /** What happens to a channel is told by the node that sends it. */
  const runtimeOf = (id: string) => (nodes.roleOf(id) === "owner" ? running.runtimeOf(id) : null)
  const settings = yield* AppConfig
  const store = yield* Store

  const storeProblem = yield* watchStore(store.problem, () => events.problem() ?? cues.problem())
  const look = Effect.gen(function* () {
    const moment = {
      engine: yield* SubscriptionRef.get(engine.state),
      nowMs: yield* Clock.currentTimeMillis,
      monotonicMs: yield* monotonicMs,
    }
    const ofMediaLive = medialive === null ? [] : yield* medialive.notices
    return { ...moment, configs: book.all(), runtimeOf, storeProblem: storeProblem(), medialive: ofMediaLive }
  })
  const { note, service, start } = yield* makeNotifications({
    rows: makeNotificationRows(store.access, nodes.self ?? ""),
    ...(settings.allowPrivateTargets ? {} : { checkHost: refusePrivateHost() }),
    look,
    zone: settings.timeZone,
    tag: (yield* StateTags).tag,
  })
  yield* events.listen(note)
  yield* Effect.forkScoped(Effect.zipRight(book.loaded, start))
  return service
})

export class Notifications extends Context.Tag("distributor/Notifications")<Notifications, NotificationsService>() {
  /** Fails with `StoreError` when what was stored cannot be read. */
  static readonly Live = Layer.scoped(Notifications, make)
}
