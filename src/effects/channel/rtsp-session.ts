/**
 * One attempt of an RTSP output: the engine writes the stream into a FIFO, ffmpeg reads it there and publishes it. It
 * is connected when the server takes packets, and over when either of the two is.
 *
 *   engine session ──FIFO──> ffmpeg ──RTSP──> server
 *
 * A session that an earlier control plane left running is not adopted, since nobody hears its ffmpeg any more: both are
 * ended and begun anew, which the server sees as a reconnect.
 */
import { Deferred, Effect, Fiber, Mailbox, Option, type Scope, SubscriptionRef } from "effect"
import { OUTPUT_SETTINGS } from "../../core/output/setting-table.ts"
import { usedUrl } from "../config/output-place.ts"
import type { SessionUpdate } from "../engine/engine-inboxes.ts"
import { OutputEnded } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { publicRtspUrl } from "../rtsp/rtsp-address.ts"
import { endLeftover, type Feed, hasLeftover, startFeed } from "../rtsp/rtsp-feed.ts"
import { closeSession, ENGINE_LOST, endedBy, openSession, type Session, type WriterDeps } from "./output-session.ts"

/** Once one of the two is over, the other one follows soon and may know better why. */
const OTHER_WITHIN = "1 second"
const STALL_CHECK_MS = 5000
/** A server that takes nothing for this long while packets are given up has gone. */
const STALLED_AFTER_MS = 20_000

/** Ends with the engine's reason. */
const engineEnd = (inner: Session): Effect.Effect<OutputEnded> =>
  Effect.gen(function* () {
    while (true) {
      const { reason, state } = yield* Effect.orDie(inner.updates.take)
      if (state !== "ended") continue
      inner.open = false
      return endedBy(reason)
    }
  })

/** Ends when the server has stopped reading. */
const stalled = ({ engine, output }: WriterDeps, inner: Session, feed: Feed): Effect.Effect<OutputEnded> =>
  Effect.gen(function* () {
    let droppedBefore = 0
    let sentBefore: number | null = null
    while (true) {
      yield* Effect.sleep(STALL_CHECK_MS)
      const { stats } = yield* SubscriptionRef.get(engine.state)
      const live = stats?.channels
        .flatMap(({ outputs }) => outputs)
        .find(({ id, session }) => id === output.id && session === inner.id)
      const dropped = live?.packets_dropped ?? 0
      const sent = feed.lastSentMs()
      if (sent !== sentBefore) droppedBefore = dropped
      sentBefore = sent
      const silentMs = sent === null ? 0 : (yield* monotonicMs) - sent
      if (silentMs >= STALLED_AFTER_MS && dropped > droppedBefore) {
        const reason = `the server has taken nothing for ${Math.round(silentMs / 1000)} s`
        return new OutputEnded({ code: "stalled", reason, transient: true })
      }
    }
  })

/** The engine's word counts when the engine is lost, ffmpeg's in every other case where it has ended. */
const endOf = (deps: WriterDeps, inner: Session, feed: Feed): Effect.Effect<OutputEnded, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ofEngine = yield* Effect.forkScoped(engineEnd(inner))
    const ofFfmpeg = Deferred.await(feed.ended)
    const first = yield* Effect.raceFirst(Effect.raceFirst(Fiber.join(ofEngine), ofFfmpeg), stalled(deps, inner, feed))
    if (first.code === "stalled" || first.code === ENGINE_LOST) return first
    const [engine, ffmpeg] = yield* Effect.all(
      [Effect.timeoutOption(Fiber.join(ofEngine), OTHER_WITHIN), Effect.timeoutOption(ofFfmpeg, OTHER_WITHIN)],
      { concurrency: 2 },
    )
    if (Option.isSome(engine) && engine.value.code === ENGINE_LOST) return engine.value
    return Option.getOrElse(ffmpeg, () => first)
  })

/** Starts ffmpeg and opens the engine's session; both end with the scope, the session first. */
export const rtspSession = (deps: WriterDeps): Effect.Effect<Session, OutputEnded, Scope.Scope> =>
  Effect.gen(function* () {
    const { channelId, engine, host, output } = deps
    if (hasLeftover(host.runDir, output.id)) {
      yield* Effect.ignore(engine.send({ cmd: "close_output", channel_id: channelId, output_id: output.id }))
      yield* endLeftover(host.runDir, output.id)
    }
    const { url } = usedUrl(output)
    const feed = yield* startFeed({
      runDir: host.runDir,
      ffmpeg: host.ffmpeg,
      outputId: output.id,
      attempt: crypto.randomUUID().slice(0, 8),
      url: host.allowPrivateTargets ? url : yield* publicRtspUrl(url),
      transport: output.settings.rtsp_transport ?? OUTPUT_SETTINGS.rtsp_transport.default,
      elsewhere: host.allowPrivateTargets,
    })
    const inner = yield* Effect.acquireRelease(openSession(deps, feed.pipe), (opened) => closeSession(deps, opened))
    const updates = yield* Mailbox.make<SessionUpdate>()
    const tell = (update: SessionUpdate) => Effect.sync(() => void updates.unsafeOffer(update))
    yield* Effect.forkScoped(
      Effect.zipRight(Deferred.await(feed.streaming), tell({ state: "connected", reason: null })),
    )
    yield* Effect.forkScoped(
      Effect.flatMap(endOf(deps, inner, feed), ({ code, reason: message, transient }) =>
        tell({ state: "ended", reason: { code, message, transient } }),
      ),
    )
    // What is to be closed is closed above.
    return { id: inner.id, state: "connecting", updates, found: false, open: false }
  })
