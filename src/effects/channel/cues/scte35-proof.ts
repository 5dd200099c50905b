/**
 * Proofs that a cue left by an output: begun with the cue, completed by the engine's word, and closed as missed when
 * there is none in time. Where the far side acknowledges what it gets, the proof of a cue that was sent says when.
 */
import type { ChannelEvent } from "../../engine/engine-inboxes.ts"
import type { OutputConfig } from "../../model/channel.ts"
import type { CueProof, NewCue, StoredProof } from "../../model/cue.ts"
import type { Happening } from "../../model/event.ts"
import { LONGEST_PROOF_MS, NO_WORD } from "../../store/proof-deadline.ts"
import type { ChannelRuntime, OutputRuntime } from "../runtime/channel-runtime.ts"
import type { OpenCue } from "../runtime/scte35-runtime.ts"
import { NOTHING, type Scte35Channel, type Scte35Moment, type Scte35Noted } from "./scte35-noted.ts"

export type CueSentEvent = Extract<ChannelEvent, { readonly event: "cue_sent" }>
export type CueAcknowledgedEvent = Extract<ChannelEvent, { readonly event: "cue_acknowledged" }>

/** How long the engine is given to say whether an output sent a cue, in ms. */
export const PROOF_WITHIN_MS = 10_000
/**
 * How long an HLS output is given, in ms: its tag is written with the segment of the splice, which may be minutes away.
 */
export const HLS_PROOF_WITHIN_MS = LONGEST_PROOF_MS
/**
 * How long after its last receiver left a listener still counts cues as missed, in ms; from then on nobody wants them.
 */
const NOBODY_AFTER_MS = 60_000

/** A listener that nobody has joined is connected to nobody. */
const whyNot = (runtime: OutputRuntime | undefined): string => runtime?.lastError ?? "not connected"

/** Begins the proof of a cue that arrived at `atMs`, Unix time in ms, for one output. */
export const firstProof = (
  runtime: ChannelRuntime,
  { id, protocol, slug }: OutputConfig,
  atMs: number,
  monotonicMs: number,
): StoredProof => {
  const output = runtime.outputs.get(id)
  const since = output?.listeningSinceMs ?? null
  if (since !== null && monotonicMs - since >= NOBODY_AFTER_MS)
    return {
      output: slug,
      status: "no_receiver",
      at: null,
      delay_ms: null,
      reason: "nobody is connected to the listener",
    }
  // HLS connects with its first playlist, which holds what came before.
  const takes = output?.status === "connected" || (protocol === "hls" && output?.status === "connecting")
  const within_ms = protocol === "hls" ? HLS_PROOF_WITHIN_MS : PROOF_WITHIN_MS
  if (takes) return { output: slug, status: "pending", at: null, delay_ms: null, reason: null, within_ms }
  return { output: slug, status: "missed", at: new Date(atMs).toISOString(), delay_ms: null, reason: whyNot(output) }
}

/** The entry of an output that is not to carry cues, so that a list of proofs names every output. */
export const noCues = ({ slug }: Pick<OutputConfig, "slug">, why: string): StoredProof => ({
  output: slug,
  status: "no_cues",
  at: null,
  delay_ms: null,
  reason: why,
})

/** Tells that an output missed a cue; nothing is told of damaged sections. */
export const missedEvent = (cue: NewCue, { output, reason }: CueProof): ReadonlyArray<Happening> =>
  cue.kind === "damaged"
    ? []
    : [
        {
          kind: "cue_missed",
          severity: "warning",
          output,
          message: `cue missed: ${reason ?? "no reason is known"}; ${cue.description}`,
        },
      ]

const withProof = (cue: NewCue, place: number, proof: CueProof): NewCue => ({
  ...cue,
  outputs: cue.outputs.with(place, proof),
})

/**
 * Takes the engine's word on whether an output sent a cue. Nothing is kept of heartbeats and of cues from before. A
 * repetition that was sent makes good for a cue that was missed.
 */
export const onCueSent = ({ runtime }: Scte35Channel, event: CueSentEvent): Scte35Noted => {
  const open = runtime.scte35.open.get(event.cue)
  const place = open?.places.get(event.output_id)
  const before = place === undefined ? undefined : open?.entry.current().outputs[place]
  if (open === undefined || place === undefined || before === undefined || before.status === "sent") return NOTHING
  if (!event.sent && (open.repetition > 0 || before.status === "no_receiver")) return NOTHING
  const at = new Date(event.at).toISOString()
  const late = open.repetition > 0 ? `not before repetition ${open.repetition}` : null
  const proof: CueProof = event.sent
    ? { output: before.output, status: "sent", at, delay_ms: event.delay_ms, reason: late }
    : { output: before.output, status: "missed", at, delay_ms: null, reason: event.reason ?? "not sent" }
  open.entry.update((cue) => withProof(cue, place, proof))
  const output = runtime.outputs.get(event.output_id)
  if (output !== undefined && event.sent) {
    output.tally.cuesSent++
  }
  if (event.sent || before.status === "missed") return NOTHING
  return { events: missedEvent(open.entry.current(), proof), lines: [] }
}

/**
 * Takes the engine's word that the receivers of an output have acknowledged a cue that it sent, or a repetition of it.
 * The first word stands.
 */
export const onCueAcknowledged = ({ runtime }: Scte35Channel, event: CueAcknowledgedEvent): Scte35Noted => {
  const open = runtime.scte35.open.get(event.cue)
  const place = open?.places.get(event.output_id)
  const before = place === undefined ? undefined : open?.entry.current().outputs[place]
  if (open === undefined || place === undefined || before?.status !== "sent") return NOTHING
  if (before.acknowledged_at !== undefined) return NOTHING
  const acknowledged_at = new Date(event.at).toISOString()
  open.entry.update((cue) => withProof(cue, place, { ...before, acknowledged_at, acknowledged_ms: event.delay_ms }))
  const output = runtime.outputs.get(event.output_id)
  if (output !== undefined) output.tally.cuesAcknowledged++
  return NOTHING
}

/**
 * Closes a cue: every proof still pending becomes a miss. Misses are counted here, where nothing can change them any
 * more.
 */
export const closeCue = (
  { runtime }: Scte35Channel,
  number: number,
  { entry, places, repetition }: OpenCue,
  { nowMs }: Scte35Moment,
): Scte35Noted => {
  runtime.scte35.open.delete(number)
  if (repetition > 0) return NOTHING
  const cue = entry.current()
  const over = ({ within_ms, ...proof }: StoredProof): StoredProof =>
    proof.status === "pending"
      ? { ...proof, status: "missed", at: new Date(nowMs).toISOString(), reason: NO_WORD }
      : proof
  for (const [id, place] of places) {
    const output = runtime.outputs.get(id)
    const status = cue.outputs[place]?.status
    if (output !== undefined && status !== "sent" && status !== "no_receiver") {
      output.tally.cuesMissed++
    }
  }
  if (cue.outputs.every(({ status }) => status !== "pending")) return NOTHING
  entry.update((current) => ({ ...current, outputs: current.outputs.map(over) }))
  const missed = cue.outputs.filter(({ status }) => status === "pending").map(over)
  return { events: missed.flatMap((proof) => missedEvent(cue, proof)), lines: [] }
}

/** How long a cue is kept open for the engine's word, in ms. */
export const patienceMs = ({ entry, slow }: OpenCue): number =>
  entry.current().outputs.some(({ status }, place) => status === "pending" && slow.has(place))
    ? HLS_PROOF_WITHIN_MS
    : PROOF_WITHIN_MS
