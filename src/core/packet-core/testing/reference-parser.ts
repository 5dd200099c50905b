/**
 * A readable parser of datagrams that counts what the packet core counts: the oracle of its tests.
 *
 * It is written for clarity from the specifications (RFC 3550, ISO/IEC 13818-1, ETSI TR 101 290), with objects and
 * maps, and shares no code with the AssemblyScript core. Names of counters are those of `leg-fields.ts`.
 */

import { joinBytes } from "../../bytes/join-bytes.ts"
import { parseRtp, type RtpHeader } from "../../rtp/header.ts"
import { NULL_PID, parsePacket, SYNC_BYTE, TS_PACKET_SIZE, type TsPacket } from "../../ts/packet.ts"
import { LEG_COUNTERS, type LegCounters } from "../leg-fields.ts"
import { hasRunBeside, isEven, ReferenceBytes, type Step } from "./reference-bytes.ts"
import { type CheckGauges, ReferenceChecks } from "./reference-checks.ts"
import { ReferenceSections, type SectionEvent } from "./reference-sections.ts"
import { ReferenceSender, type Sender, sourceIdentity } from "./reference-sender.ts"
import { ReferenceSequence } from "./reference-sequence.ts"

export interface Datagram {
  readonly bytes: Uint8Array
  /** Time of arrival in whole monotonic microseconds, which never fall. */
  readonly rx_us: number
  /** Source address in host order; the next field is its port. */
  readonly ipv4: number
  readonly port: number
}

export type ReferenceEvent =
  | SectionEvent
  | { readonly kind: "sender"; readonly identity: number; readonly before: number }
  | { readonly kind: "sequence_reset"; readonly sequence: number; readonly expected: number }
  | { readonly kind: "pcr_jump"; readonly pid: number; readonly before_ms: number; readonly after_ms: number }

export interface ReferenceSlot {
  readonly payload: Uint8Array
  readonly rx_us: number
  readonly rtp_timestamp: number
  readonly rtp_sequence: number
  pcr: { readonly ticks: number; readonly index: number; readonly pid: number } | null
  random_access: boolean
  discontinuity: boolean
}

/** Values that the LEG_* gauges hold. */
export interface ReferenceGauges extends CheckGauges {
  first_rx_us: number
  last_rx_us: number
  last_programme_us: number
  jitter_90k: number
  max_gap_us: number
  identity: number
  framing: number
  payload_type: number
  pcr_27m: number
  pcr_pid: number
  in_sync: number
}

type Fault = "bad_not_ts" | "bad_rtp" | "bad_length" | "bad_sync"
type Rtp = {
  readonly framing: "rtp"
  readonly payload: Uint8Array
  readonly header: RtpHeader
  readonly is204: boolean
}
type Udp = { readonly framing: "udp"; readonly payload: Uint8Array }
type Kind = Rtp | Udp | { readonly fault: Fault }

const isWhole = (bytes: Uint8Array) => bytes.length > 0 && bytes.length % TS_PACKET_SIZE === 0
const hasSync = (bytes: Uint8Array) => bytes.some((byte, at) => at % TS_PACKET_SIZE === 0 && byte === SYNC_BYTE)
const isTs = (bytes: Uint8Array) => isWhole(bytes) && hasSync(bytes)
const payloadFault = (bytes: Uint8Array): Kind => ({ fault: isWhole(bytes) ? "bad_sync" : "bad_length" })

const without204 = (bytes: Uint8Array): Uint8Array =>
  joinBytes(Array.from({ length: bytes.length / 204 }, (_, i) => bytes.subarray(i * 204, i * 204 + TS_PACKET_SIZE)))

/** Says what a datagram is by itself, or why it is not taken. */
export const classifyDatagram = (bytes: Uint8Array): Kind => {
  const [first, second = 0] = bytes
  if (first === undefined) return { fault: "bad_not_ts" }
  const header = parseRtp(bytes)
  const payload =
    header === null ? null : bytes.subarray(header.payload_offset, header.payload_offset + header.payload_length)
  if (header !== null && payload !== null) {
    if (isTs(payload)) return { framing: "rtp", payload, header, is204: false }
    if (isEven(payload, 204)) return { framing: "rtp", payload: without204(payload), header, is204: true }
  }
  if (isTs(bytes)) return { framing: "udp", payload: bytes }
  if (first >> 6 !== 2) return isWhole(bytes) || first === SYNC_BYTE ? payloadFault(bytes) : { fault: "bad_not_ts" }
  if (second >= 192 && second <= 223) return { fault: "bad_not_ts" }
  if (payload === null) return { fault: "bad_rtp" }
  return payload.length === 0 ? { fault: "bad_not_ts" } : payloadFault(payload)
}

/** Whether a datagram is RTP except for the length of its payload. */
const isBrokenRtp = (bytes: Uint8Array): boolean => {
  const header = parseRtp(bytes)
  return header !== null && header.payload_length > 0 && bytes[header.payload_offset] === SYNC_BYTE
}

/** Time in us for which a part of a byte stream waits for the next datagram. */
const WAIT_US = 2000

const zeroCounters = (): LegCounters =>
  Object.fromEntries(Object.keys(LEG_COUNTERS).map((name) => [name, 0])) as LegCounters

/** Highest PID that is reserved for tables. */
const LAST_TABLE_PID = 0x1f

export class ReferenceParser {
  readonly counters = zeroCounters()
  readonly events: ReferenceEvent[] = []
  readonly slots: ReferenceSlot[] = []
  readonly pids = new Map<number, number>()
  readonly gauges: ReferenceGauges = {
    first_rx_us: 0,
    last_rx_us: 0,
    last_programme_us: 0,
    jitter_90k: 0,
    max_gap_us: 0,
    identity: 0,
    framing: 0,
    payload_type: 0,
    pcr_27m: 0,
    pcr_pid: 0,
    in_sync: 0,
    pat_us: 0,
    pmt_us: 0,
    video_pid: 0,
    access_point_us: 0,
    access_point_interval_us: 0,
    pcr_bitrate: 0,
    pcr_bitrate_min: 0,
    pcr_bitrate_max: 0,
  }
  readonly #sender = new ReferenceSender()
  readonly #sequence = new ReferenceSequence(this.counters, (sequence, expected) =>
    this.events.push({ kind: "sequence_reset", sequence, expected }),
  )
  readonly #checks = new ReferenceChecks(this.counters, this.gauges, (pid, before_ms, after_ms) =>
    this.events.push({ kind: "pcr_jump", pid, before_ms, after_ms }),
  )
  readonly #sections = new ReferenceSections(this.counters, (event) => this.events.push(event), this.#checks)
  /** Last counter of each PID, and whether its one legal duplicate has come. */
  readonly #continuity = new Map<number, { counter: number; duplicated: boolean }>()
  #transit: { rxUs: number; timestamp: number } | null = null
  #goodRun = 0
  #badRun = 0

  /** Raw senders taken as streams of bytes: the one in use, and the last other one. */
  #own: ReferenceBytes | null = null
  #rival: { readonly source: number; bytes: ReferenceBytes } | null = null
  #group: Uint8Array[] = []
  /** Time of arrival, in us, of what is being analysed. */
  #arrivedUs = 0
  #groupUs = 0
  #bytesUs = 0

  push(datagram: Datagram): void {
    const { bytes, rx_us } = datagram
    this.counters.datagrams += 1
    this.counters.bytes += bytes.length
    this.settle(rx_us)
    const kind = classifyDatagram(bytes)
    const source = sourceIdentity(datagram.ipv4, datagram.port)
    const isOwn = this.#isCurrent({ framing: "udp", identity: source })
    const hasBegin = !("fault" in kind) && kind.payload[0] === SYNC_BYTE
    if (
      hasBegin &&
      kind.framing === "rtp" &&
      !kind.is204 &&
      this.#isCurrent({ framing: "rtp", identity: kind.header.ssrc })
    ) {
      this.#takeRtp(kind, rx_us)
      return
    }
    const stream = this.#streamOf(source, isOwn)
    // A datagram that begins with a packet, from a sender of whole packets, is not looked at further: its damage is for
    // the counters.
    const isUsual = hasBegin && kind.framing === "udp" && isOwn && stream.isUntouched
    if (bytes.length > 0 && !isUsual && this.#isOfStream(stream, kind, bytes)) {
      this.#takeBytes(stream, kind, datagram, isOwn, source)
    } else if ("fault" in kind) {
      this.counters[kind.fault] += 1
    } else if (kind.framing === "udp") {
      if (isOwn) this.#own = null
      else this.#rival = null
      if (!this.#acceptSender({ framing: "udp", identity: source }, rx_us)) return
      this.counters.udp_datagrams += 1
      this.#forward(kind.payload, rx_us, 0, 0)
    } else this.#takeRtp(kind, rx_us)
  }

  /** Sends on what has waited long enough. */
  settle(nowUs: number): void {
    if (this.#own === null || nowUs - this.#bytesUs < WAIT_US) return
    const held = this.#own.takeHeld()
    if (held !== null) this.#follow([held], this.#bytesUs)
    this.#sendGroup()
  }

  #isCurrent({ framing, identity }: Sender): boolean {
    const { current } = this.#sender
    return current?.framing === framing && current.identity === identity
  }

  #streamOf(source: number, isOwn: boolean): ReferenceBytes {
    if (isOwn) {
      this.#own ??= new ReferenceBytes()
      return this.#own
    }
    if (this.#rival?.source !== source) this.#rival = { source, bytes: new ReferenceBytes() }
    return this.#rival.bytes
  }

  /** Whether the bytes before a datagram, or those in it, make it a part of a byte stream. */
  #isOfStream(stream: ReferenceBytes, kind: Kind, bytes: Uint8Array): boolean {
    if ("fault" in kind) return stream.goesOn(bytes) || !isBrokenRtp(bytes)
    if (kind.framing === "udp") return stream.wasFound || (!isEven(bytes) && stream.hasRunBeside(bytes))
    if (!kind.is204 && this.#isCurrent({ framing: "rtp", identity: kind.header.ssrc })) return false
    if (stream.goesOn(bytes)) return true
    return !kind.is204 && !isEven(kind.payload) && hasRunBeside(bytes, kind.header.payload_offset)
  }

  #takeBytes(stream: ReferenceBytes, kind: Kind, { bytes, rx_us }: Datagram, isOwn: boolean, source: number): void {
    const { isTaken, entry, steps } = stream.take(bytes)
    if (!isTaken) {
      this.counters["fault" in kind ? kind.fault : "bad_sync"] += 1
      if (isOwn) this.#follow(entry, rx_us)
      return
    }
    if (!this.#acceptSender({ framing: "udp", identity: source }, rx_us)) return
    this.counters.udp_datagrams += 1
    if (!isOwn) {
      this.#own = stream
      this.#rival = null
    }
    this.#bytesUs = rx_us
    // Bytes that were passed over before the first packet of a new sender belong to nobody.
    if (isOwn) this.#follow(entry, rx_us)
    this.#follow(steps, rx_us)
    if (bytes.length % (this.#sizeAtBegin(stream, steps) ?? TS_PACKET_SIZE) !== 0) this.counters.unaligned += 1
  }

  /** Length of the packets with which the datagram began. */
  #sizeAtBegin(stream: ReferenceBytes, steps: ReadonlyArray<Step>): number | null {
    for (const step of steps) if (step.kind === "packet") return step.is204 ? 204 : TS_PACKET_SIZE
    return stream.size
  }

  #follow(steps: ReadonlyArray<Step>, rxUs: number): void {
    for (const step of steps) {
      if (step.kind === "skip") {
        if (this.#own?.wasFound === true) this.counters.skipped_bytes += step.bytes
      } else if (step.kind === "loss") {
        this.#sendGroup()
        this.counters.resyncs += 1
      } else {
        this.#group.push(step.bytes)
        this.#groupUs = rxUs
        if (step.is204) this.counters.ts_204 += 1
        if (this.#group.length === 7) this.#sendGroup()
      }
    }
  }

  #sendGroup(): void {
    const packets = joinBytes(this.#group)
    this.#group = []
    if (packets.length > 0) this.#forward(packets, this.#groupUs, 0, 0)
  }

  #takeRtp({ header, is204, payload }: Rtp, rx_us: number): void {
    if (is204) this.counters.ts_204 += payload.length / TS_PACKET_SIZE
    const { sequence, ssrc, timestamp, payload_type } = header
    if (!this.#acceptSender({ framing: "rtp", identity: ssrc }, rx_us)) return
    this.gauges.payload_type = payload_type
    const { foreign } = this.counters
    const now = this.#sequence.accept({ sequence, timestamp, payload, rxUs: rx_us })
    // A datagram of a second source with this SSRC counts as foreign only.
    if (this.counters.foreign === foreign) this.counters.rtp_datagrams += 1
    for (const taken of now) {
      this.#measureJitter(taken.rxUs, taken.timestamp)
      if (this.#sequence.goesOn(taken)) this.#forward(taken.payload, taken.rxUs, taken.timestamp, taken.sequence)
    }
  }

  #acceptSender(sender: Sender, rxUs: number): boolean {
    const { current, lastUs } = this.#sender
    const verdict = this.#sender.accept(sender, rxUs)
    if (verdict === "foreign") {
      this.counters.foreign += 1
      return false
    }
    if (verdict === "changed") {
      this.counters.sender_changes += 1
      this.#own = null
      this.#group = []
      this.events.push({ kind: "sender", identity: sender.identity, before: current?.identity ?? 0 })
      this.#sequence.restart()
      this.#transit = null
      this.#continuity.clear()
      this.#sections.abandonAll()
      this.#checks.restart()
      this.gauges.jitter_90k = 0
    }
    if (verdict === "first") this.gauges.first_rx_us = rxUs
    else this.gauges.max_gap_us = Math.max(this.gauges.max_gap_us, rxUs - lastUs)
    this.gauges.last_rx_us = rxUs
    this.gauges.identity = sender.identity
    this.gauges.framing = sender.framing === "rtp" ? 1 : 2
    return true
  }

  #measureJitter(rxUs: number, timestamp: number): void {
    if (this.#transit !== null) {
      const sent = (timestamp - this.#transit.timestamp) | 0
      const deviation = Math.abs((rxUs - this.#transit.rxUs) * 0.09 - sent)
      if (deviation <= 90000) this.gauges.jitter_90k += (deviation - this.gauges.jitter_90k) / 16
    }
    this.#transit = { rxUs, timestamp }
  }

  #forward(payload: Uint8Array, rx_us: number, rtp_timestamp: number, rtp_sequence: number): void {
    for (let start = 0; start < payload.length; start += 7 * TS_PACKET_SIZE) {
      const part = payload.subarray(start, start + 7 * TS_PACKET_SIZE)
      const slot: ReferenceSlot = {
        payload: part,
        // A held datagram may be older than what went before it, but times in a ring never run backwards.
        rx_us: Math.max(rx_us, this.slots.at(-1)?.rx_us ?? 0),
        rtp_timestamp,
        rtp_sequence,
        pcr: null,
        random_access: false,
        discontinuity: false,
      }
      this.#arrivedUs = rx_us
      this.#checks.arrive(rx_us)
      for (let at = 0; at < part.length; at += TS_PACKET_SIZE) this.#analyse(part, at, slot)
      this.slots.push(slot)
      this.counters.forwarded += 1
    }
  }

  #analyse(part: Uint8Array, at: number, slot: ReferenceSlot): void {
    this.counters.ts_packets += 1
    const packet = parsePacket(part, at)
    this.#trackSync(packet !== null)
    if (packet === null) return
    this.pids.set(packet.pid, (this.pids.get(packet.pid) ?? 0) + 1)
    if (packet.pid === NULL_PID) {
      this.counters.null_packets += 1
      return
    }
    if (packet.transport_error) {
      this.gauges.last_programme_us = Math.max(this.gauges.last_programme_us, this.#arrivedUs)
      this.counters.tei += 1
      return
    }
    if (packet.scrambling !== 0) this.counters.scrambled += 1
    const table = this.#sections.kindOf(packet.pid)
    // An encoder without input may go on with its tables, which are no programme.
    if (table === null && packet.pid > LAST_TABLE_PID)
      this.gauges.last_programme_us = Math.max(this.gauges.last_programme_us, this.#arrivedUs)
    this.#checks.packetSeen(packet, this.counters.ts_packets, table === "scte35" ? null : table)
    this.#readAdaptation(packet, at / TS_PACKET_SIZE, slot)
    this.#readPayload(packet)
  }

  /** TR 101 290 1.1: two bad sync bytes in a row lose sync, five good ones regain it. */
  #trackSync(isGood: boolean): void {
    this.#goodRun = isGood ? this.#goodRun + 1 : 0
    this.#badRun = isGood ? 0 : this.#badRun + 1
    if (!isGood) this.counters.sync_byte_errors += 1
    if (this.#goodRun >= 5) this.gauges.in_sync = 1
    if (this.#badRun >= 2 && this.gauges.in_sync === 1) {
      this.counters.sync_losses += 1
      this.gauges.in_sync = 0
    }
  }

  #readAdaptation({ adaptation, pid }: TsPacket, index: number, slot: ReferenceSlot): void {
    if (adaptation === null) return
    if (adaptation.random_access) {
      this.counters.rai += 1
      slot.random_access = true
    }
    if (adaptation.discontinuity) {
      this.counters.discontinuities += 1
      slot.discontinuity = true
    }
    if (adaptation.pcr === null) return
    this.counters.pcrs += 1
    this.gauges.pcr_27m = adaptation.pcr
    this.gauges.pcr_pid = pid
    slot.pcr ??= { ticks: adaptation.pcr, index, pid }
  }

  #readPayload(packet: TsPacket): void {
    const { pid, adaptation, scrambling, payload, unit_start } = packet
    if ((packet.adaptation_field_control & 1) === 0) {
      this.#checks.bareSeen(packet)
      if (adaptation?.discontinuity !== true) return
      this.#continuity.delete(pid)
      this.#sections.abandon(pid)
      return
    }
    const order = this.#checkContinuity(packet)
    if (order === "repeated") return
    this.#checks.payloadSeen(packet)
    if (order === "after gap" || scrambling !== 0) this.#sections.abandon(pid)
    if (scrambling === 0) this.#sections.feed(pid, payload, unit_start)
  }

  /** ISO/IEC 13818-1 2.4.3.3. */
  #checkContinuity({ pid, continuity_counter: counter, adaptation }: TsPacket): "in order" | "repeated" | "after gap" {
    const last = this.#continuity.get(pid)
    const isNext = last === undefined || counter === (last.counter + 1) % 16
    if (!isNext && counter === last.counter && adaptation?.discontinuity !== true) {
      this.counters[last.duplicated ? "cc_errors" : "cc_duplicates"] += 1
      last.duplicated = true
      return "repeated"
    }
    this.#continuity.set(pid, { counter, duplicated: false })
    if (isNext) return "in order"
    if (adaptation?.discontinuity !== true) this.counters.cc_errors += 1
    return "after gap"
  }
}
