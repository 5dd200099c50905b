/**
 * What a channel's watcher does with SCTE-35: decodes each section, follows the breaks, keeps each cue, and notes by which outputs it
 * left. Plain functions over the channel's runtime; each returns what to record and to log.
 */
import { type BreakEvent, noteDamaged, noteSection, tickBreaks } from "../core/scte35/break-state.ts"
import { decodeSpliceInfoSection } from "../core/scte35/decode-section.ts"
import type { SpliceInfoSection } from "../core/scte35/section-fields.ts"
import type { CueEntry } from "./CueLog.ts"
import type { Happening } from "./channel-event.ts"
import type { ChannelRuntime, OutputRuntime } from "./channel-runtime.ts"
import type { CueProof, NewCue, StoredCueKind } from "./cue-model.ts"
import { type CueFacts, factsOf, factsOfUnreadable } from "./cue-record.ts"
import { NO_WORD } from "./cue-rows.ts"
import type { ChannelEvent } from "./engine-inboxes.ts"
import type { EventKind, OutputConfig } from "./model.ts"
import { noteBreakAlarms, type OpenCue, raiseAlarm } from "./scte35-runtime.ts"

export type Scte35Event = Extract<ChannelEvent, { readonly event: "scte35" }>
export type CueSentEvent = Extract<ChannelEvent, { readonly event: "cue_sent" }>

export interface Scte35Moment {
  readonly monotonicMs: number
  /** Unix time in ms. */
  readonly nowMs: number
}

export interface Scte35Channel {
  readonly id: string
  readonly runtime: ChannelRuntime
  readonly outputs: ReadonlyArray<OutputConfig>
  readonly keepCue: (cue: NewCue) => CueEntry
}

export interface Scte35Noted {
  readonly events: ReadonlyArray<Happening>
  readonly lines: ReadonlyArray<{ readonly kind: string; readonly message: string; readonly warn: boolean }>
}

const NOTHING: Scte35Noted = { events: [], lines: [] }
/** How long the engine is given to tell of an output, in ms. */
export const PROOF_WITHIN_MS = 10_000
/** A stream whose every section is damaged must not fill the history: one of them is kept in this time, in ms. */
export const DAMAGED_EVERY_MS = 10_000
/** Cues whose repetitions are still counted. */
const MAX_FIRSTS = 1000
/** What arrived longer ago than this, in ms, was held up by a clock that was set, not by us. */
const MAX_LAG_MS = 5000

const KINDS: Readonly<Record<BreakEvent["kind"], EventKind>> = {
  break_announced: "break_announced",
  break_started: "break_started",
  break_ended: "break_ended",
  break_cancelled: "break_cancelled",
  short_preroll: "short_preroll",
  missing_return: "missing_return",
  overlong_break: "overlong_break",
  overlapping_breaks: "overlapping_breaks",
  crc_error: "scte35_crc",
  bad_section: "scte35_bad",
  silent: "scte35_silent",
}

const onBreakEvents = ({ runtime }: Scte35Channel, found: ReadonlyArray<BreakEvent>, { monotonicMs, nowMs }: Scte35Moment): Scte35Noted => {
  if (found.length === 0) return NOTHING
  noteBreakAlarms(runtime.scte35, found, monotonicMs, nowMs)
  return {
    events: found.map(({ kind, message, severity }) => ({ kind: KINDS[kind], message, severity })),
    // Damaged sections have a line of their own.
    lines: found
      .filter(({ kind }) => kind !== "crc_error" && kind !== "bad_section")
      .map(({ kind, message, severity }) => ({ kind: `scte35 ${kind}`, message, warn: severity === "warning" })),
  }
}

/** A listener that nobody has joined is connected to nobody. */
const whyNot = (runtime: OutputRuntime | undefined): string => runtime?.lastError ?? "not connected"

const firstProof = (runtime: ChannelRuntime, { id, slug }: OutputConfig, atMs: number): CueProof => {
  const output = runtime.outputs.get(id)
  if (output?.status === "connected") return { output: slug, status: "pending", at: null, delay_ms: null, reason: null }
  return { output: slug, status: "missed", at: new Date(atMs).toISOString(), delay_ms: null, reason: whyNot(output) }
}

const missedEvent = (cue: NewCue, { output, reason }: CueProof): ReadonlyArray<Happening> =>
  cue.kind === "damaged"
    ? []
    : [{ kind: "cue_missed", severity: "warning", output, message: `cue missed: ${reason ?? "no reason is known"}; ${cue.description}` }]

/** Keeps a cue, with a proof begun for each enabled output. */
const keep = (
  { id, keepCue, outputs, runtime }: Scte35Channel,
  event: Scte35Event,
  facts: CueFacts,
  kind: StoredCueKind,
  preroll_s: number | null,
  { monotonicMs }: Scte35Moment,
): { readonly entry: CueEntry; readonly events: ReadonlyArray<Happening> } => {
  const enabled = outputs.filter((output) => output.enabled)
  const proofs = enabled.map((output) => firstProof(runtime, output, event.at))
  const { at, cue, leg: source, pid } = event
  const kept: NewCue = {
    ...facts,
    ...{ channelId: id, at, last_at: at, pid, source, cue, kind, preroll_s, repeats: 0, manual: false, outputs: proofs },
  }
  const entry = keepCue(kept)
  const places = new Map(enabled.map((output, place) => [output.id, place]))
  runtime.scte35.open.set(cue, { entry, openedMs: monotonicMs, places })
  return { entry, events: proofs.filter(({ status }) => status === "missed").flatMap((proof) => missedEvent(kept, proof)) }
}

const rememberFirst = (firsts: Map<number, CueEntry>, sighting: number, entry: CueEntry) => {
  firsts.set(sighting, entry)
  const [oldest] = firsts.keys()
  if (firsts.size > MAX_FIRSTS && oldest !== undefined) firsts.delete(oldest)
}

const join = (...all: ReadonlyArray<Scte35Noted>): Scte35Noted => ({
  events: all.flatMap(({ events }) => events),
  lines: all.flatMap(({ lines }) => lines),
})

const onDamaged = (
  channel: Scte35Channel,
  event: Scte35Event,
  crcOk: boolean,
  error: string,
  facts: CueFacts,
  moment: Scte35Moment,
): Scte35Noted => {
  const { scte35 } = channel.runtime
  if (!crcOk) {
    scte35.crcErrors++
    // Not by the break events, which are thinned out.
    const message = `a SCTE-35 section on PID ${event.pid} came with a wrong CRC-32; ${scte35.crcErrors} since the start`
    raiseAlarm(scte35, "scte35_crc", message, moment.monotonicMs, moment.nowMs)
  }
  const found = onBreakEvents(channel, noteDamaged(scte35.breaks, moment.monotonicMs, crcOk, error), moment)
  const line = crcOk
    ? { kind: "scte35 bad", message: `SCTE-35 section that cannot be used: ${error}`, warn: true }
    : { kind: "scte35 crc", message: "SCTE-35 section with a wrong CRC-32", warn: true }
  if (moment.monotonicMs - scte35.damagedMs >= DAMAGED_EVERY_MS) {
    scte35.damagedMs = moment.monotonicMs
    keep(channel, event, facts, "damaged", null, moment)
  }
  return join(found, { events: [], lines: [line] })
}

const onSound = (channel: Scte35Channel, event: Scte35Event, section: SpliceInfoSection, moment: Scte35Moment): Scte35Noted => {
  const { scte35 } = channel.runtime
  const lag = Math.min(MAX_LAG_MS, Math.max(0, moment.nowMs - event.at))
  const atMs = Math.max(scte35.seenMs, moment.monotonicMs - lag)
  scte35.seenMs = atMs
  const sighting = { cue: ++scte35.sightings, atMs, pid: event.pid, clock90k: event.clock_90k, section }
  const { events, kind, prerollS, repeatOf } = noteSection(scte35.breaks, sighting)
  const found = onBreakEvents(channel, events, moment)
  if (kind === "null") return found
  scte35.lastCueAt = event.at
  scte35.raised.delete("scte35_silent")
  if (repeatOf !== null) {
    scte35.firsts.get(repeatOf)?.update((cue) => ({ ...cue, last_at: event.at, repeats: cue.repeats + 1 }))
    return found
  }
  const inTime = prerollS !== null && prerollS >= scte35.breaks.policy.minPrerollS
  if (inTime && (kind === "out" || kind === "in")) scte35.raised.delete("short_preroll")
  scte35.cues++
  const kept = keep(channel, event, factsOf(section), kind, prerollS, moment)
  rememberFirst(scte35.firsts, sighting.cue, kept.entry)
  return join(found, { events: kept.events, lines: [] })
}

/** Takes a section of the stream. */
export const onSection = (channel: Scte35Channel, told: Scte35Event, moment: Scte35Moment): Scte35Noted => {
  // The engine reckons in microseconds; whole milliseconds are kept.
  const event = { ...told, at: Math.round(told.at) }
  const { scte35 } = channel.runtime
  scte35.sections++
  const unproven = scte35.open.get(event.cue)
  // Numbers begin anew with the engine: nothing more will come of an older cue of this number.
  const closed = unproven === undefined ? NOTHING : close(channel, event.cue, unproven, moment)
  const decoded = decodeSpliceInfoSection(new Uint8Array(Buffer.from(event.section_base64, "base64")))
  if (!decoded.ok) {
    const facts = factsOfUnreadable(event.section_base64, event.crc_ok, decoded.error)
    return join(closed, onDamaged(channel, event, event.crc_ok, decoded.error, facts, moment))
  }
  const { section } = decoded
  const [error] = section.errors
  if (error === undefined) return join(closed, onSound(channel, event, section, moment))
  return join(closed, onDamaged(channel, event, section.crc_ok, error, factsOf(section), moment))
}

const withProof = (cue: NewCue, place: number, proof: CueProof): NewCue => ({ ...cue, outputs: cue.outputs.with(place, proof) })

/** Takes what the engine says of a cue and an output; of heartbeats, repetitions and cues of an earlier time nothing is kept. */
export const onCueSent = ({ runtime }: Scte35Channel, event: CueSentEvent): Scte35Noted => {
  const open = runtime.scte35.open.get(event.cue)
  const place = open?.places.get(event.output_id)
  const before = place === undefined ? undefined : open?.entry.current().outputs[place]
  if (open === undefined || place === undefined || before === undefined || before.status === "sent") return NOTHING
  const at = new Date(event.at).toISOString()
  const proof: CueProof = event.sent
    ? { output: before.output, status: "sent", at, delay_ms: event.delay_ms, reason: null }
    : { output: before.output, status: "missed", at, delay_ms: null, reason: event.reason ?? "not sent" }
  open.entry.update((cue) => withProof(cue, place, proof))
  const output = runtime.outputs.get(event.output_id)
  if (output !== undefined && event.sent) output.cuesSent++
  if (event.sent || before.status === "missed") return NOTHING
  return { events: missedEvent(open.entry.current(), proof), lines: [] }
}

/** What is still pending of a cue is missed. Misses are counted here, where no word can change them any more. */
const close = ({ runtime }: Scte35Channel, number: number, { entry, places }: OpenCue, { nowMs }: Scte35Moment): Scte35Noted => {
  runtime.scte35.open.delete(number)
  const cue = entry.current()
  const over = (proof: CueProof): CueProof =>
    proof.status === "pending" ? { ...proof, status: "missed", at: new Date(nowMs).toISOString(), reason: NO_WORD } : proof
  for (const [id, place] of places) {
    const output = runtime.outputs.get(id)
    if (output !== undefined && cue.outputs[place]?.status !== "sent") output.cuesMissed++
  }
  if (cue.outputs.every(({ status }) => status !== "pending")) return NOTHING
  entry.update((current) => ({ ...current, outputs: current.outputs.map(over) }))
  const missed = cue.outputs.filter(({ status }) => status === "pending").map(over)
  return { events: missed.flatMap((proof) => missedEvent(cue, proof)), lines: [] }
}

/** To be called about once a second: what time brings to breaks and proofs. */
export const tickScte35 = (channel: Scte35Channel, moment: Scte35Moment): Scte35Noted => {
  const { scte35 } = channel.runtime
  const found = onBreakEvents(channel, tickBreaks(scte35.breaks, moment.monotonicMs), moment)
  const due = [...scte35.open].filter(([, { openedMs }]) => moment.monotonicMs - openedMs >= PROOF_WITHIN_MS)
  return due.length === 0 ? found : join(found, ...due.map(([number, open]) => close(channel, number, open, moment)))
}
