/**
 * What a channel's watcher does with SCTE-35: decodes each section, follows the breaks, keeps each cue, and notes by
 * which outputs it left. Plain functions over the channel's runtime; each returns what to record and to log.
 */
import { whyNoCues } from "../../../core/output/output-settings.ts"
import { type BreakEvent, noteDamaged, noteSection, tickBreaks } from "../../../core/scte35/break-state.ts"
import { decodeSpliceInfoSection } from "../../../core/scte35/decode-section.ts"
import type { SpliceInfoSection } from "../../../core/scte35/section-fields.ts"
import type { ChannelEvent } from "../../engine/engine-inboxes.ts"
import type { NewCue } from "../../model/cue.ts"
import type { EventKind, Happening } from "../../model/event.ts"
import { auditOf, expireInsertions, takeInsertion } from "../runtime/cue-insertions.ts"
import { type KnownCue, noteBreakAlarms, raiseAlarm } from "../runtime/scte35-runtime.ts"
import { countCue } from "../runtime/tally.ts"
import { type CueFacts, factsOf, factsOfUnreadable } from "./cue-record.ts"
import { join, NOTHING, type Scte35Channel, type Scte35Moment, type Scte35Noted } from "./scte35-noted.ts"
import { closeCue, firstProof, missedEvent, noCues, patienceMs } from "./scte35-proof.ts"

export type Scte35Event = Extract<ChannelEvent, { readonly event: "scte35" }>

/** Least time between two damaged sections that are kept, in ms: a stream full of them must not fill the history. */
export const DAMAGED_EVERY_MS = 10_000
/** Cues whose repetitions are still counted. */
const MAX_FIRSTS = 1000
/** Largest lag that is believed, in ms. Anything longer comes from a clock that was set, not from us. */
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

const onBreakEvents = (
  { runtime }: Scte35Channel,
  found: ReadonlyArray<BreakEvent>,
  { monotonicMs, nowMs }: Scte35Moment,
): Scte35Noted => {
  if (found.length === 0) return NOTHING
  noteBreakAlarms(runtime.scte35, found, monotonicMs, nowMs)
  return {
    events: found.map(({ kind, message, severity }) => ({ kind: KINDS[kind], message, severity })),
    // Damaged sections get a line of their own.
    lines: found
      .filter(({ kind }) => kind !== "crc_error" && kind !== "bad_section")
      .map(({ kind, message, severity }) => ({ kind: `scte35 ${kind}`, message, warn: severity === "warning" })),
  }
}

/** Keeps a cue, with a proof begun for each enabled output; that of one that is to carry none says so. */
const keep = (
  { id, keepCue, outputs, runtime }: Scte35Channel,
  event: Scte35Event,
  facts: CueFacts,
  seen: Pick<NewCue, "kind" | "preroll_s" | "manual">,
  { monotonicMs }: Scte35Moment,
): { readonly known: KnownCue; readonly events: ReadonlyArray<Happening> } => {
  const enabled = outputs.filter((output) => output.enabled)
  const proofs = enabled.map((output) => {
    const why = whyNoCues(output)
    return why === null ? firstProof(runtime, output, event.at, monotonicMs) : noCues(output, why)
  })
  const carrying = [...enabled.entries()].filter(([place]) => proofs[place]?.status !== "no_cues")
  const { at, cue, leg: source, pid } = event
  const kept: NewCue = {
    ...facts,
    ...seen,
    channelId: id,
    at,
    last_at: at,
    pid,
    source,
    cue,
    repeats: 0,
    outputs: proofs,
  }
  const entry = keepCue(kept)
  const places = new Map(carrying.map(([place, output]) => [output.id, place]))
  const slow = new Set(carrying.flatMap(([place, { protocol }]) => (protocol === "hls" ? [place] : [])))
  const known = { entry, places, slow }
  runtime.scte35.open.set(cue, { ...known, openedMs: monotonicMs, repetition: 0 })
  return {
    known,
    events: proofs.filter(({ status }) => status === "missed").flatMap((proof) => missedEvent(kept, proof)),
  }
}

const rememberFirst = (firsts: Map<number, KnownCue>, sighting: number, known: KnownCue) => {
  firsts.set(sighting, known)
  const [oldest] = firsts.keys()
  if (firsts.size > MAX_FIRSTS && oldest !== undefined) firsts.delete(oldest)
}

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
    channel.runtime.tally.crcErrors++
    // Not by the break events, which are thinned out.
    const message = `an SCTE-35 section on PID ${event.pid} came with a wrong CRC-32; ${scte35.crcErrors} since the start`
    raiseAlarm(scte35, "scte35_crc", message, moment.monotonicMs, moment.nowMs)
  }
  const found = onBreakEvents(channel, noteDamaged(scte35.breaks, moment.monotonicMs, crcOk, error), moment)
  const line = crcOk
    ? { kind: "scte35 bad", message: `SCTE-35 section that cannot be used: ${error}`, warn: true }
    : { kind: "scte35 crc", message: "SCTE-35 section with a wrong CRC-32", warn: true }
  if (moment.monotonicMs - scte35.damagedMs >= DAMAGED_EVERY_MS) {
    scte35.damagedMs = moment.monotonicMs
    keep(channel, event, facts, { kind: "damaged", preroll_s: null, manual: false }, moment)
  }
  return join(found, { events: [], lines: [line] })
}

const onSound = (
  channel: Scte35Channel,
  event: Scte35Event,
  section: SpliceInfoSection,
  moment: Scte35Moment,
): Scte35Noted => {
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
  const insertion = takeInsertion(scte35.insertions, section.base64, event.pid)
  const audit = insertion === undefined ? null : auditOf(insertion)
  const audited: Scte35Noted = audit === null ? NOTHING : { events: [audit], lines: [] }
  const first = repeatOf === null ? undefined : scte35.firsts.get(repeatOf)
  // A manual cue is kept as a cue of its own, even where it repeats one of the stream's.
  const isRepeat = repeatOf !== null && (insertion === undefined || first?.entry.current().manual === true)
  if (isRepeat) {
    if (first !== undefined) {
      first.entry.update((cue) => ({ ...cue, last_at: event.at, repeats: cue.repeats + 1 }))
      const repetition = first.entry.current().repeats
      scte35.open.set(event.cue, { ...first, openedMs: moment.monotonicMs, repetition })
    }
    return join(audited, found)
  }
  const inTime = prerollS !== null && prerollS >= scte35.breaks.policy.minPrerollS
  if (inTime && (kind === "out" || kind === "in")) scte35.raised.delete("short_preroll")
  scte35.cues++
  countCue(channel.runtime.tally, section.command?.name ?? "encrypted", kind, event.at)
  const kept = keep(
    channel,
    event,
    factsOf(section),
    { kind, preroll_s: prerollS, manual: insertion !== undefined },
    moment,
  )
  rememberFirst(scte35.firsts, sighting.cue, kept.known)
  return join(audited, found, { events: kept.events, lines: [] })
}

/** Takes a section of the stream. */
export const onSection = (channel: Scte35Channel, told: Scte35Event, moment: Scte35Moment): Scte35Noted => {
  // The engine counts microseconds; whole milliseconds are kept.
  const event = { ...told, at: Math.round(told.at) }
  const { scte35 } = channel.runtime
  scte35.sections++
  channel.runtime.tally.sections++
  const unproven = scte35.open.get(event.cue)
  // An engine that restarts counts from the beginning: nothing more will be heard of an older cue with this number.
  const closed = unproven === undefined ? NOTHING : closeCue(channel, event.cue, unproven, moment)
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

const onExpired = (events: ReadonlyArray<Happening>): Scte35Noted => ({
  events,
  lines: events.map(({ kind, message }) => ({ kind, message, warn: true })),
})

/** Lets time pass for breaks, proofs and manual cues. To be called about once a second. */
export const tickScte35 = (channel: Scte35Channel, moment: Scte35Moment): Scte35Noted => {
  const { scte35 } = channel.runtime
  const found = join(
    onBreakEvents(channel, tickBreaks(scte35.breaks, moment.monotonicMs), moment),
    onExpired(expireInsertions(scte35.insertions, moment.monotonicMs)),
  )
  const due = [...scte35.open].filter(([, open]) => moment.monotonicMs - open.openedMs >= patienceMs(open))
  return due.length === 0 ? found : join(found, ...due.map(([number, open]) => closeCue(channel, number, open, moment)))
}
