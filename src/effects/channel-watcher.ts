/**
 * Follows what the engine tells of one channel: its legs and which of them is used, SCTE-35 sections, receivers of its listeners.
 * At most one log line a second of each kind; what is worth keeping is recorded.
 */
import { Effect, type Scope } from "effect"
import type { Happening } from "./channel-event.ts"
import type { ChannelEvent } from "./engine-inboxes.ts"
import type { EventKind } from "./model.ts"
import { monotonicMs } from "./monotonic.ts"
import { makeRateLimit } from "./rate-limit.ts"
import type { Channel } from "./started-channel.ts"

type LegEvent = Extract<ChannelEvent, { readonly event: "leg" }>
type SourceEvent = Extract<ChannelEvent, { readonly event: "source" }>
type ReceiverEvent = Extract<ChannelEvent, { readonly event: "receiver" }>
/** Which line to write and of what kind it is. */
interface Line {
  readonly kind: string
  readonly message: string
  readonly warn: boolean
  readonly fields: Readonly<Record<string, unknown>>
}

const ALARMING: ReadonlyArray<LegEvent["kind"]> = ["failed", "silent", "sender_changed", "sequence_reset", "pcr_jump", "rejoined"]
/** What of a leg is worth keeping; that it is silent or live, the `source` events say. */
const KEPT: Partial<Record<LegEvent["kind"], EventKind>> = {
  failed: "leg_failed",
  sender_changed: "sender_changed",
  sequence_reset: "sequence_reset",
  pcr_jump: "pcr_jump",
  psi_changed: "psi_changed",
  fec_on: "fec_on",
  fec_off: "fec_off",
  rejoined: "rejoined",
}
const WORSE: ReadonlyArray<SourceEvent["kind"]> = ["leg_lost", "redundancy_lost", "merge_off", "legs_differ"]
/** Reasons of a switch that was wanted. */
const WANTED = ["operator", "failback", "merged", "restart", "settings"]

const isWarning = (event: SourceEvent) => WORSE.includes(event.kind) || (event.kind === "switched" && !WANTED.includes(event.reason))

const onLeg = ({ runtime }: Channel, event: LegEvent): Line => {
  if (event.kind === "failed") runtime.legProblems.set(event.leg, event.message)
  if (event.kind === "open") runtime.legProblems.delete(event.leg)
  const warn = ALARMING.includes(event.kind)
  return { kind: `${event.leg} ${event.kind}`, message: event.message, warn, fields: { source: event.leg } }
}

const onSource = ({ runtime }: Channel, event: SourceEvent): Line => {
  if (event.kind === "switched") runtime.source = event.leg
  if (event.kind === "legs_differ") runtime.legsDiffer = event.message
  if (event.kind === "merge_on") runtime.legsDiffer = null
  const { kind, leg, message, reason } = event
  return { kind: `${leg} ${kind}`, message, warn: isWarning(event), fields: { source: leg, reason } }
}

/** Null when the event is not one to keep. */
const happeningOf = (event: ChannelEvent): Happening | null => {
  if (event.event === "source") {
    return { kind: event.kind, severity: isWarning(event) ? "warning" : "info", source: event.leg, message: event.message }
  }
  const kind = event.event === "leg" ? KEPT[event.kind] : undefined
  if (event.event !== "leg" || kind === undefined) return null
  return { kind, severity: ALARMING.includes(event.kind) ? "warning" : "info", source: event.leg, message: event.message }
}

const onReceiver = ({ runtime }: Channel, event: ReceiverEvent, slug: string): Line => {
  const who = event.stream_id === "" ? event.peer : `${event.peer} (${event.stream_id})`
  const refused = !event.joined && event.reason !== null
  const output = runtime.outputs.get(event.output_id)
  if (refused && output !== undefined) {
    output.lastError = `receiver ${who}: ${event.reason}`
    output.errorCount++
  }
  const message = event.joined ? `receiver ${who} joined` : `receiver ${who} left${refused ? `: ${event.reason}` : ""}`
  return { kind: `${event.output_id} ${event.joined}`, message, warn: refused, fields: { output: slug } }
}

/** Null when there is nothing to say: SCTE-35 sections are counted, only damaged ones are told of. */
const lineOf = (channel: Channel, event: ChannelEvent, slugOf: (outputId: string) => string): Line | null => {
  switch (event.event) {
    case "leg":
      return onLeg(channel, event)
    case "source":
      return onSource(channel, event)
    case "receiver":
      return onReceiver(channel, event, slugOf(event.output_id))
    case "scte35": {
      channel.runtime.scte35Sections++
      if (event.crc_ok) return null
      const fields = { source: event.leg, pid: event.pid }
      return { kind: "scte35 crc", message: "SCTE-35 section with a wrong CRC-32", warn: true, fields }
    }
  }
}

export const watchEvents = (channel: Channel): Effect.Effect<never, never, Scope.Scope> =>
  Effect.gen(function* () {
    const events = yield* channel.engine.watchChannel(channel.id)
    const limit = makeRateLimit()
    const follow = Effect.gen(function* () {
      const event = yield* Effect.orDie(events.take)
      const { outputs } = yield* channel.config.get
      const line = lineOf(channel, event, (id) => outputs.find((output) => output.id === id)?.slug ?? id)
      if (event.event !== "scte35") yield* channel.changed
      const happening = happeningOf(event)
      if (happening !== null) yield* channel.record(happening)
      const held = line === null ? null : limit.pass(line.kind, yield* monotonicMs)
      if (line === null || held === null) return
      const message = held === 0 ? line.message : `${line.message} (and ${held} more like it)`
      yield* (line.warn ? Effect.logWarning(message) : Effect.log(message)).pipe(Effect.annotateLogs(line.fields))
    })
    return yield* Effect.forever(follow)
  })
