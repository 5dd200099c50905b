/**
 * Tells people what is wrong, for those without Prometheus and Alertmanager:
 *
 *   scan      once a second: conditions become notices, and notices become messages for those whom the rules name
 *   writer    stores notices and messages on their way; whatever the store refuses waits
 *   queues    one fiber per destination
 *
 * Nothing that streams ever waits for any of them.
 */
import { randomUUID } from "node:crypto"
import { Clock, Context, Effect, FiberMap, FiberRef, Layer, Queue, type Scope, SubscriptionRef } from "effect"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { accept } from "../config/accept.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { Actor } from "../model/actor.ts"
import type { NewEvent } from "../model/event.ts"
import { Conflict, InvalidInput, NotFound, type StoreError } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { makeBatchWriter } from "../store/batch-writer.ts"
import { CueLog } from "../store/CueLog.ts"
import { EventLog } from "../store/EventLog.ts"
import { Store } from "../store/Store.ts"
import { conditionsOf, isWatched, type Sighting } from "./conditions.ts"
import { type DeliveryQueue, makeDeliveryQueue } from "./DeliveryQueue.ts"
import { ANY_HOST, type CheckHost, type Deliver, makeDeliver } from "./deliver.ts"
import { changedDestination, type Destination, destinationView, newDestination } from "./destination.ts"
import { makeHappenings } from "./happenings.ts"
import { type Message, messageOf, testMessage } from "./message.ts"
import { muteOf } from "./mute.ts"
import { makeNoticeBook } from "./NoticeBook.ts"
import type { Notice, Told } from "./notice.ts"
import { noticeViews } from "./notice-view.ts"
import type {
  DestinationInput,
  DestinationUpdate,
  DestinationView,
  MuteInput,
  MuteView,
  NoticeView,
  RulesInput,
  RulesView,
  TestAnswer,
} from "./notification-bodies.ts"
import { makeNotificationRows, type NotificationRows, type Outgoing } from "./notification-rows.ts"
import { refusePrivateHost } from "./refuse-private-host.ts"
import { DEFAULT_RULES, isFor, mutesOf, policyOf, rulesOf, withoutDestination } from "./rules.ts"
import { watchStore } from "./watch-store.ts"

export interface NotificationsService {
  /** Open notices, newest first, then those that are over. */
  readonly notices: Effect.Effect<ReadonlyArray<NoticeView>>
  /** Stops the repeats of an open notice, in the name of the current `Actor`. */
  readonly acknowledge: (key: string) => Effect.Effect<NoticeView, NotFound | StoreError>
  readonly destinations: Effect.Effect<ReadonlyArray<DestinationView>>
  readonly destination: (id: string) => Effect.Effect<DestinationView, NotFound>
  readonly createDestination: (
    input: DestinationInput,
  ) => Effect.Effect<DestinationView, InvalidInput | Conflict | StoreError>
  /** Changes a destination; fields left out stay. Messages that wait are tried again at once. */
  readonly updateDestination: (
    id: string,
    change: DestinationUpdate,
  ) => Effect.Effect<DestinationView, NotFound | InvalidInput | Conflict | StoreError>
  /** Removes a destination together with the messages that wait for it. */
  readonly removeDestination: (id: string) => Effect.Effect<void, NotFound | StoreError>
  /** Sends a message to a destination, enabled or not, and says how it went, within 30 s. */
  readonly test: (id: string) => Effect.Effect<TestAnswer, NotFound>
  readonly rules: Effect.Effect<RulesView>
  readonly setRules: (input: RulesInput) => Effect.Effect<RulesView, InvalidInput | StoreError>
  /** Mutes that have not ended. */
  readonly mutes: Effect.Effect<ReadonlyArray<MuteView>>
  readonly mute: (input: MuteInput) => Effect.Effect<MuteView, InvalidInput | Conflict | StoreError>
  readonly unmute: (id: string) => Effect.Effect<void, NotFound | StoreError>
}

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
}

const EVERY = "1 second"
const MAX_DESTINATIONS = 50
const MAX_MUTES = 1000
/** Most notices and messages that wait for a store that does not answer. */
const MAX_UNWRITTEN = 2000

interface Line {
  destination: Destination
  readonly queue: DeliveryQueue
}

const newestFirst = (notices: ReadonlyArray<Notice>) =>
  [...notices].sort((a, b) => b.openedAt - a.openedAt || (a.key < b.key ? -1 : 1))

const conflict = (path: string, message: string) => new Conflict({ errors: [{ path, message }] })

export const makeNotifications = (deps: NotificationDeps): Effect.Effect<MadeNotifications, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const { look, rows } = deps
    const checkHost = deps.checkHost ?? ANY_HOST
    const deliver = deps.deliver ?? makeDeliver(checkHost)
    const stored = yield* rows.load
    const book = makeNoticeBook(stored.notices)
    const happenings = makeHappenings()
    const lines = new Map<string, Line>()
    const mutes = new Map(stored.mutes.map((mute) => [mute.id, mute]))
    let rules = stored.rules ?? DEFAULT_RULES
    const fibers = yield* FiberMap.make<string>()
    const inTurn = (yield* Effect.makeSemaphore(1)).withPermits(1)
    const change = <A, E>(effect: Effect.Effect<A, E>) => inTurn(Effect.uninterruptible(effect))

    // --- Writer: changed notices are marked, and written in the state they have by then
    const something = yield* Queue.sliding<void>(1)
    const unwritten = { notices: new Set<string>(), added: new Map<string, Outgoing>(), done: new Set<string>() }
    let dropped = 0
    const writeBatch = Effect.gen(function* () {
      const notices = [...unwritten.notices]
      const added = [...unwritten.added.values()]
      const done = [...unwritten.done]
      if (notices.length + added.length + done.length === 0) return true
      for (const id of notices) unwritten.notices.delete(id)
      for (const { id } of added) unwritten.added.delete(id)
      for (const id of done) unwritten.done.delete(id)
      const putBack = () => {
        for (const id of notices) unwritten.notices.add(id)
        // A message that has been delivered in the meantime need not be stored.
        for (const one of added) if (!unwritten.done.delete(one.id)) unwritten.added.set(one.id, one)
        for (const id of done) unwritten.done.add(id)
        for (const one of [unwritten.notices, unwritten.added, unwritten.done]) {
          for (const id of one.keys()) {
            if (one.size <= MAX_UNWRITTEN) break
            one.delete(id)
            dropped++
          }
        }
      }
      const found = notices.flatMap((id) => book.find(id) ?? [])
      yield* Effect.tapErrorCause(rows.write(found, added, done), () => Effect.sync(putBack))
      return false
    })
    yield* makeBatchWriter({ what: "notifications", ready: Queue.take(something), writeBatch, dropped: () => dropped })
    const changed = () => void something.unsafeOffer(undefined)
    const settled = ({ id }: Outgoing) => {
      if (!unwritten.added.delete(id)) unwritten.done.add(id)
      changed()
    }

    // --- Destinations
    const restart = (id: string) =>
      Effect.gen(function* () {
        yield* FiberMap.remove(fibers, id)
        const line = lines.get(id)
        if (line?.destination.enabled !== true) return
        const lasting = Effect.catchAllCause(line.queue.run, (cause) =>
          Effect.zipRight(
            Effect.logError("the delivery of notifications failed and is started again", cause),
            Effect.sleep("5 seconds"),
          ),
        )
        yield* FiberMap.run(fibers, id, Effect.forever(lasting))
      })
    const open = (destination: Destination, waiting: ReadonlyArray<Outgoing>) =>
      Effect.gen(function* () {
        const { id } = destination
        const queue = yield* makeDeliveryQueue({
          destination: () => lines.get(id)?.destination ?? destination,
          deliver,
          settled,
          waiting,
        })
        lines.set(id, { destination, queue })
        yield* restart(id)
      })
    for (const destination of stored.destinations) {
      yield* open(
        destination,
        stored.outgoing.filter(({ destinationId }) => destinationId === destination.id),
      )
    }
    const lineOf = (id: string) =>
      Effect.suspend(() => {
        const line = lines.get(id)
        return line === undefined ? Effect.fail(new NotFound({ kind: "destination", ref: id })) : Effect.succeed(line)
      })
    const view = ({ destination, queue }: Line) => destinationView(destination, queue.state())
    const checkName = ({ id, name }: Destination) =>
      [...lines.values()].some(({ destination }) => destination.name === name && destination.id !== id)
        ? conflict("name", `there is a destination "${name}" already`)
        : Effect.void
    const refuseHost = (destination: Destination) =>
      Effect.gen(function* () {
        const [path, host] =
          destination.kind === "email" ? ["host", destination.host] : ["url", new URL(destination.url).hostname]
        const check = yield* checkHost(host)
        if (!check.ok && !check.again) return yield* new InvalidInput({ errors: [{ path, message: check.reason }] })
      })

    // --- Scan
    const send = (destinationId: string, message: Message, queuedAt: number) => {
      const outgoing: Outgoing = { id: randomUUID(), destinationId, queuedAt, message }
      unwritten.added.set(outgoing.id, outgoing)
      lines.get(destinationId)?.queue.offer(outgoing)
    }
    const wanting = (told: Told) =>
      [...lines.values()]
        .filter(({ destination: { enabled, id } }) => enabled && isFor(rules, id)(told))
        .map(({ destination }) => destination.id)
    const scan = Effect.gen(function* () {
      const at = yield* look
      happenings.keep((id) => at.runtimeOf(id) !== null)
      const { changed: notices, groups } = book.step({
        conditions: conditionsOf(at, happenings),
        known: at.engine.connected,
        isWatched: isWatched(at),
        isMuted: (channel, output) => mutesOf(mutes.values(), channel, output, at.nowMs).length > 0,
        isWanted: (told) => wanting(told).length > 0,
        policy: policyOf(rules),
        ...{ nowMs: at.nowMs, monotonicMs: at.monotonicMs },
      })
      for (const { id } of notices) unwritten.notices.add(id)
      for (const group of groups) {
        for (const id of new Set(group.flatMap(wanting))) {
          const own = group.filter(isFor(rules, id))
          send(id, messageOf(own, at.nowMs), at.nowMs)
        }
      }
      if (notices.length + groups.length > 0) changed()
    })
    const scans = Effect.catchAllCause(scan, (cause) => Effect.logError("notifications could not be made", cause))
    const start = Effect.asVoid(
      Effect.forkIn(Effect.forever(Effect.zipRight(Effect.sleep(EVERY), scans)), yield* Effect.scope),
    )

    // --- Notices, rules, mutes
    const viewAll = Effect.map(Clock.currentTimeMillis, (nowMs) =>
      noticeViews([...newestFirst(book.open()), ...book.recent()], mutes.values(), nowMs),
    )
    const channels = Effect.map(look, ({ configs }) => configs)
    const lasting = (nowMs: number) => [...mutes.values()].filter(({ until }) => Date.parse(until) > nowMs)

    const service: NotificationsService = {
      notices: viewAll,
      acknowledge: Effect.fn("Notifications.acknowledge")(function* (key: string) {
        const notice = book.open().find((one) => one.key === key)
        if (notice === undefined) return yield* new NotFound({ kind: "notice", ref: key })
        const by = yield* FiberRef.get(Actor)
        const nowMs = yield* Clock.currentTimeMillis
        yield* rows.write([{ ...notice, acknowledged: notice.acknowledged ?? { by, at: nowMs } }], [], [])
        const marked = book.acknowledge(key, by, nowMs) ?? notice
        return yield* Effect.fromNullable(noticeViews([marked], mutes.values(), nowMs)[0]).pipe(Effect.orDie)
      }, change),
      destinations: Effect.sync(() => [...lines.values()].map(view)),
      destination: (id) => Effect.map(lineOf(id), view),
      createDestination: Effect.fn("Notifications.createDestination")(function* (input: DestinationInput) {
        if (lines.size >= MAX_DESTINATIONS)
          return yield* conflict("name", `there are ${MAX_DESTINATIONS} destinations, which is as many as there may be`)
        const destination = yield* accept(
          newDestination(input, randomUUID(), new Date(yield* Clock.currentTimeMillis).toISOString()),
        )
        yield* checkName(destination)
        yield* refuseHost(destination)
        yield* rows.putDestination(destination)
        yield* open(destination, [])
        return view(yield* Effect.orDie(lineOf(destination.id)))
      }, change),
      updateDestination: Effect.fn("Notifications.updateDestination")(function* (
        id: string,
        update: DestinationUpdate,
      ) {
        const line = yield* lineOf(id)
        const destination = yield* accept(changedDestination(line.destination, update))
        yield* checkName(destination)
        yield* refuseHost(destination)
        yield* rows.putDestination(destination)
        line.destination = destination
        yield* restart(id)
        return view(line)
      }, change),
      removeDestination: Effect.fn("Notifications.removeDestination")(function* (id: string) {
        yield* lineOf(id)
        const left = withoutDestination(rules, id)
        yield* rows.deleteDestination(id, left)
        rules = left
        lines.delete(id)
        yield* FiberMap.remove(fibers, id)
        for (const [key, one] of unwritten.added) if (one.destinationId === id) unwritten.added.delete(key)
      }, change),
      test: Effect.fn("Notifications.test")(function* (id: string) {
        const { destination } = yield* lineOf(id)
        const began = yield* monotonicMs
        const message = testMessage(yield* Clock.currentTimeMillis)
        const { answer, ok } = yield* Effect.match(deliver(destination, message), {
          onFailure: ({ reason }) => ({ ok: false, answer: reason }),
          onSuccess: (words) => ({ ok: true, answer: words }),
        })
        return { ok, answer, took_ms: Math.round((yield* monotonicMs) - began) }
      }),
      rules: Effect.sync(() => rules),
      setRules: Effect.fn("Notifications.setRules")(function* (input: RulesInput) {
        const configs = yield* channels
        const channelOf = (ref: string) =>
          configs.find(({ id, number, slug }) => [id, slug, String(number)].includes(ref))?.slug
        const next = yield* accept(rulesOf(input, { channelOf, isDestination: (id) => lines.has(id) }))
        yield* rows.putRules(next)
        rules = next
        return rules
      }, change),
      mutes: Effect.map(Clock.currentTimeMillis, lasting),
      mute: Effect.fn("Notifications.mute")(function* (input: MuteInput) {
        const nowMs = yield* Clock.currentTimeMillis
        const created = { id: randomUUID(), by: yield* FiberRef.get(Actor), nowMs }
        const mute = yield* accept(muteOf(input, yield* channels, created))
        const last = lasting(nowMs)
        const ended = [...mutes.keys()].filter((id) => !last.some((one) => one.id === id))
        if (last.length >= MAX_MUTES)
          return yield* conflict("channel", `there are ${MAX_MUTES} mutes, which is as many as there may be`)
        yield* rows.insertMute(mute)
        if (ended.length > 0) yield* rows.deleteMutes(ended)
        for (const id of ended) mutes.delete(id)
        mutes.set(mute.id, mute)
        return mute
      }, change),
      unmute: Effect.fn("Notifications.unmute")(function* (id: string) {
        if (!mutes.has(id)) return yield* new NotFound({ kind: "mute", ref: id })
        yield* rows.deleteMutes([id])
        mutes.delete(id)
      }, change),
    }
    return { service, note: happenings.note, start }
  })

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const cues = yield* CueLog
  const engine = yield* EngineClient
  const events = yield* EventLog
  const { runtimeOf } = yield* RunningChannels
  const settings = yield* AppConfig
  const store = yield* Store

  const storeProblem = yield* watchStore(store.problem, () => events.problem() ?? cues.problem())
  const look = Effect.gen(function* () {
    const moment = {
      engine: yield* SubscriptionRef.get(engine.state),
      nowMs: yield* Clock.currentTimeMillis,
      monotonicMs: yield* monotonicMs,
    }
    return { ...moment, configs: book.all(), runtimeOf, storeProblem: storeProblem() }
  })
  const { note, service, start } = yield* makeNotifications({
    rows: makeNotificationRows(store.access),
    ...(settings.allowPrivateTargets ? {} : { checkHost: refusePrivateHost() }),
    look,
  })
  yield* events.listen(note)
  yield* Effect.forkScoped(Effect.zipRight(book.loaded, start))
  return service
})

export class Notifications extends Context.Tag("distributor/Notifications")<Notifications, NotificationsService>() {
  /** Fails with `StoreError` when what was stored cannot be read. */
  static readonly Live = Layer.scoped(Notifications, make)
}
