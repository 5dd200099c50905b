/**
 * Follows what the engine tells of one channel: its legs and which of them is used, SCTE-35 sections, receivers of its
 * listeners, and which receiver carries where an output has a backup. At most one log line a second of each kind; what is worth keeping is recorded.
 */

import { Clock, Effect, type Scope } from "effect"
import { breakView } from "../../core/scte35/break-state.ts"
import { shownStreamId } from "../../core/srt/stream-id.ts"
import { hideSecrets } from "../config/hide-secrets.ts"
import { maskText } from "../config/Logging.ts"
import { makeRateLimit } from "../config/rate-limit.ts"
import { hideOfLegs } from "../config/used-leg.ts"
import type { ChannelEvent } from "../engine/engine-inboxes.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { EventKind, Happening } from "../model/event.ts"
import { monotonicMs } from "../model/monotonic.ts"
import type { Scte35Channel, Scte35Moment, Scte35Noted } from "./cues/scte35-noted.ts"
import { onCueAcknowledged, onCueSent } from "./cues/scte35-proof.ts"
import { onSection, tickScte35 } from "./cues/scte35-watch.ts"
import type { ChannelRuntime } from "./runtime/channel-runtime.ts"
import { countSwitch } from "./runtime/tally.ts"
import type { Channel } from "./started-channel.ts"

type LegEvent = Extract<ChannelEvent, { readonly event: "leg" }>
type SourceEvent = Extract<ChannelEvent, { readonly event: "source" }>
type ReceiverEvent = Extract<ChannelEvent, { readonly event: "receiver" }>
type CarrierEvent = Extract<ChannelEvent, { readonly event: "carrier" }>
type InputEvent = LegEvent | SourceEvent | ReceiverEvent | CarrierEvent
/** Which line to write and of what kind it is. */
interface Line {
  readonly kind: string
  readonly message: string
  readonly warn: boolean
  readonly fields: Readonly<Record<string, unknown>>
}

const ALARMING: ReadonlyArray<LegEvent["kind"]> = [
  "failed",
  "silent",
  "sender_changed",
  "sequence_reset",
  "pcr_jump",
  "rejoined",
  "lost",
  "refused",
]
/** Events of a leg that are kept. That it falls silent or comes back is already told by the `source` events. */
const KEPT: Partial<Record<LegEvent["kind"], EventKind>> = {
  failed: "leg_failed",
  sender_changed: "sender_changed",
  sequence_reset: "sequence_reset",
  pcr_jump: "pcr_jump",
  psi_changed: "psi_changed",
  fec_on: "fec_on",
  fec_off: "fec_off",
  rejoined: "rejoined",
  connected: "input_connected",
  lost: "input_lost",
  refused: "input_refused",
}
const WORSE: ReadonlyArray<SourceEvent["kind"]> = ["leg_lost", "redundancy_lost", "merge_off", "legs_differ"]
/** Reasons for a switch that somebody or something asked for, as opposed to a failover. */
const WANTED = ["operator", "failback", "merged", "restart", "settings"]

const isWarning = (event: SourceEvent) =>
  WORSE.includes(event.kind) || (event.kind === "switched" && !WANTED.includes(event.reason))

const onLeg = ({ runtime }: Channel, event: LegEvent): Line => {
  if (event.kind === "failed") runtime.legProblems.set(event.leg, event.message)
  if (event.kind === "open") runtime.legProblems.delete(event.leg)
  const warn = ALARMING.includes(event.kind)
  return { kind: `${event.leg} ${event.kind}`, message: event.message, warn, fields: { source: event.leg } }
}

const onSource = ({ runtime }: Channel, event: SourceEvent): Line => {
  if (event.kind === "switched") {
    runtime.source = event.leg
    countSwitch(runtime.tally, event.reason)
  }
  if (event.kind === "legs_differ") runtime.legsDiffer = event.message
  if (event.kind === "merge_on") runtime.legsDiffer = null
  const { kind, leg, message, reason } = event
  return { kind: `${leg} ${kind}`, message, warn: isWarning(event), fields: { source: leg, reason } }
}

/** Null when the event is not one to keep; `slugOf` names an output. */
const happeningOf = (event: InputEvent, slugOf: (outputId: string) => string): Happening | null => {
  if (event.event === "carrier") {
    const severity = event.carrier === "backup" ? "warning" : "info"
    return { kind: "output_switched", severity, output: slugOf(event.output_id), message: event.message }
  }
  if (event.event === "source") {
    return {
      kind: event.kind,
      severity: isWarning(event) ? "warning" : "info",
      source: event.leg,
      message: event.message,
    }
  }
  const kind = event.event === "leg" ? KEPT[event.kind] : undefined
  if (event.event !== "leg" || kind === undefined) return null
  return {
    kind,
    severity: ALARMING.includes(event.kind) ? "warning" : "info",
    source: event.leg,
    message: event.message,
  }
}

const receiverOf = ({ peer, stream_id }: ReceiverEvent) =>
  stream_id === "" ? peer : `${peer} (${shownStreamId(stream_id)})`

/** Sentence that tells people what happened to a receiver of a listener. */
export const receiverMessage = (event: ReceiverEvent): string => {
  const why = event.refused === false ? "was lost" : "was turned away"
  const gone = event.reason === null ? "left" : `${why}: ${event.reason}`
  return `receiver ${receiverOf(event)} ${event.joined ? "joined" : gone}`
}

const onReceiver = ({ runtime }: Channel, event: ReceiverEvent, slug: string): Line => {
  const failed = !event.joined && event.reason !== null
  const output = runtime.outputs.get(event.output_id)
  if (failed && output !== undefined) {
    output.lastError = `receiver ${receiverOf(event)}: ${event.reason}`
    output.errorCount++
  }
  const kind = `${event.output_id} ${failed ? `failed ${event.refused}` : event.joined}`
  return { kind, message: receiverMessage(event), warn: failed, fields: { output: slug } }
}

/** What the engine told without the secrets of the output, or of the legs' URLs. */
const withoutSecrets = (event: InputEvent, config: ChannelConfig, { host }: Channel): InputEvent => {
  if (event.event === "receiver") return event
  if (event.event !== "carrier") return { ...event, message: hideOfLegs(config, host.ingest)(event.message) }
  const output = config.outputs.find(({ id }) => id === event.output_id)
  return { ...event, message: (output === undefined ? maskText : hideSecrets(output))(event.message) }
}

const lineOf = (channel: Channel, event: InputEvent, slugOf: (outputId: string) => string): Line => {
  switch (event.event) {
    case "leg":
      return onLeg(channel, event)
    case "source":
      return onSource(channel, event)
    case "receiver":
      return onReceiver(channel, event, slugOf(event.output_id))
    case "carrier":
      return {
        kind: `${event.output_id} carrier ${event.carrier}`,
        message: event.message,
        warn: event.carrier === "backup",
        fields: { output: slugOf(event.output_id) },
      }
  }
}

/**
 * Pause between two looks at SCTE-35: `TICK` while a break is near, a proof open or a manual cue on its way, else the
 * longer one.
 */
const TICK = "1 second"
const IDLE_TICK = "10 seconds"

/** Makes what writes log lines: of each kind at most one a second, which tells how many like it were held back. */
const makeTell = () => {
  const limit = makeRateLimit()
  return ({ fields, kind, message, warn }: Line) =>
    Effect.flatMap(monotonicMs, (nowMs) => {
      const held = limit.pass(kind, nowMs)
      if (held === null) return Effect.void
      const text = held === 0 ? message : `${message} (and ${held} more like it)`
      return (warn ? Effect.logWarning(text) : Effect.log(text)).pipe(Effect.annotateLogs(fields))
    })
}

/** True while a break is near, a proof open or a manual cue on its way. */
const isBusy = ({ scte35 }: ChannelRuntime) =>
  Effect.map(
    monotonicMs,
    (nowMs) => scte35.open.size > 0 || scte35.insertions.length > 0 || breakView(scte35.breaks, nowMs).state !== "idle",
  )

/**
 * Makes what starts a fiber that runs `tick` every `TICK` while the channel is busy, unless there is one already. Fifty
 * channels that each wake once a second for nothing would cost more than everything else in the control plane.
 */
const makeWake = (runtime: ChannelRuntime, tick: Effect.Effect<void>) =>
  Effect.map(Effect.scope, (scope) => {
    let ticking = false
    const busy = isBusy(runtime)
    const tickWhileBusy = Effect.repeat(Effect.zipRight(Effect.zipRight(Effect.sleep(TICK), tick), busy), {
      while: (still) => still,
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          ticking = false
        }),
      ),
    )
    return Effect.flatMap(busy, (isNow) => {
      if (ticking || !isNow) return Effect.void
      ticking = true
      return Effect.forkIn(tickWhileBusy, scope)
    })
  })

/** Follows what the engine tells of a channel; never ends. */
export const watchEvents = (channel: Channel): Effect.Effect<never, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { runtime } = channel
    const events = yield* channel.engine.watchChannel(channel.id)
    const tell = makeTell()

    const onInput = (told: InputEvent, config: ChannelConfig) =>
      Effect.gen(function* () {
        const { outputs } = config
        const event = withoutSecrets(told, config, channel)
        const slugOf = (id: string) => outputs.find((output) => output.id === id)?.slug ?? id
        const line = lineOf(channel, event, slugOf)
        const happening = happeningOf(event, slugOf)
        if (happening !== null) yield* channel.record(happening)
        yield* channel.changed
        yield* tell(line)
      })

    /** `step` looks at SCTE-35; what came of it is recorded, logged and shown. */
    const scte35 = (step: (of: Scte35Channel, moment: Scte35Moment) => Scte35Noted, fields: Line["fields"]) =>
      Effect.gen(function* () {
        const { outputs } = yield* channel.config.get
        const moment = { monotonicMs: yield* monotonicMs, nowMs: yield* Clock.currentTimeMillis }
        const cues = runtime.scte35.cues
        const { events: found, lines } = step({ id: channel.id, runtime, outputs, keepCue: channel.keepCue }, moment)
        for (const happening of found) yield* channel.record(happening)
        for (const line of lines) yield* tell({ ...line, fields })
        if (found.length > 0 || runtime.scte35.cues !== cues) yield* channel.changed
      })

    const tick = scte35(tickScte35, {})
    const wake = yield* makeWake(runtime, tick)

    const { insertionBegun } = runtime.scte35
    yield* Effect.forkScoped(
      Effect.forever(Effect.zipRight(Effect.zipRight(insertionBegun.await, insertionBegun.close), wake)),
    )

    const follow = Effect.gen(function* () {
      const event = yield* Effect.orDie(events.take)
      switch (event.event) {
        case "scte35":
          yield* scte35((of, moment) => onSection(of, event, moment), { source: event.leg, pid: event.pid })
          return yield* wake
        case "cue_sent":
          return yield* scte35((of) => onCueSent(of, event), {})
        case "cue_acknowledged":
          return yield* scte35((of) => onCueAcknowledged(of, event), {})
        default:
          return yield* onInput(event, yield* channel.config.get)
      }
    })
    const idle = Effect.forever(Effect.zipRight(Effect.sleep(IDLE_TICK), tick))
    return yield* Effect.zipRight(Effect.forkScoped(idle), Effect.forever(follow))
  })
