/**
 * A readable parser of datagrams that counts what the packet core counts: the oracle of its tests.
 *
 * It is written for clarity from the specifications (RFC 3550, ISO/IEC 13818-1, ETSI TR 101 290), with objects and
 * maps, and shares no code with the AssemblyScript core. Names of counters are those of `leg-fields.ts`.
 */

import { joinBytes } from "../../bytes/join-bytes.ts"
import { SYNC_BYTE, TS_PACKET_SIZE } from "../../ts/packet.ts"
import { LEG_COUNTERS, type LegCounters } from "../leg-fields.ts"
import { hasRunBeside, isEven, ReferenceBytes, type Step } from "./reference-bytes.ts"
import { ReferenceChecks } from "./reference-checks.ts"
import { classifyDatagram, type Datagram, isBrokenRtp, type Kind, type Rtp } from "./reference-datagram.ts"
import { ReferencePackets } from "./reference-packets.ts"
import type { ReferenceEvent, ReferenceGauges, ReferenceSlot } from "./reference-results.ts"
import { ReferenceSections } from "./reference-sections.ts"
import { ReferenceSender, type Sender, sourceIdentity } from "./reference-sender.ts"
import { ReferenceSequence } from "./reference-sequence.ts"

/** Time in us for which a part of a byte stream waits for the next datagram. */
const WAIT_US = 2000

const zeroCounters = (): LegCounters =>
  Object.fromEntries(Object.keys(LEG_COUNTERS).map((name) => [name, 0])) as LegCounters

export class ReferenceParser {
  readonly counters = zeroCounters()
  readonly events: ReferenceEvent[] = []
  readonly slots: ReferenceSlot[] = []
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
  readonly #packets = new ReferencePackets(this.counters, this.gauges, this.#checks, this.#sections)
  #transit: { rxUs: number; timestamp: number } | null = null

  /** Raw senders taken as streams of bytes: the one in use, and the last other one. */
  #own: ReferenceBytes | null = null
  #rival: { readonly source: number; bytes: ReferenceBytes } | null = null
  #group: Uint8Array[] = []
  #groupUs = 0
  #bytesUs = 0

  /** Packets of each PID. */
  get pids(): ReadonlyMap<number, number> {
    return this.#packets.pids
  }

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
      this.#packets.restart()
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
      this.#checks.arrive(rx_us)
      for (let at = 0; at < part.length; at += TS_PACKET_SIZE) this.#packets.analyse(part, at, slot, rx_us)
      this.slots.push(slot)
      this.counters.forwarded += 1
    }
  }
}
