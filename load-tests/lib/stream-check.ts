/**
 * Judges one received stream: what is missing, doubled, late or altered, and how long it took.
 *
 * `pattern` expects the datagrams of pattern.ts, cut into messages in any way that keeps TS packets whole; `ts` accepts
 * any transport stream and counts continuity errors (remuxers); `none` only counts.
 */

import { DelayHistogram } from "./delay-histogram.ts"
import { type Arena, createArena } from "./native.ts"
import { channelAt, counterAt, DATAGRAM_BYTES, DATAGRAM_WORDS, isIntact, sentNsAt, startsDatagram } from "./pattern.ts"

export type Verify = "pattern" | "ts" | "none"

/**
 * Findings since the start or the last reset. Counts are of pattern datagrams, or of messages when the pattern is not
 * checked.
 */
export interface StreamReport {
  readonly stream: string
  /** Channel number of the pattern; -1 unknown. */
  readonly channel: number
  readonly received: number
  readonly messages: number
  readonly bytes: number
  /** Counters skipped and not seen later. */
  readonly lost: number
  readonly duplicated: number
  /** Arrived after a higher counter. */
  readonly out_of_order: number
  /** Altered, incomplete or unrecognisable. */
  readonly corrupt: number
  /** Datagrams of another channel. */
  readonly foreign: number
  /** Continuity errors in `ts` mode. */
  readonly cc_errors: number
  /** First and last counter seen; -1 when none. */
  readonly first: number
  readonly last: number
  readonly gap_max_ms: number
  /** Send to receive, microseconds. */
  readonly delay_us: { readonly p50: number; readonly p99: number; readonly max: number }
}

const TS_PACKET = 188
const PACKET_WORDS = TS_PACKET / 4
/** Counters remembered to tell a late datagram from a repeated one. */
const WINDOW = 8192

const scratch: Arena = createArena(65536)

export class StreamCheck {
  readonly name: string
  readonly delays = new DelayHistogram()
  readonly #verify: Verify
  readonly #capture: Uint8Array
  #captured = 0
  readonly #seen = new Float64Array(WINDOW).fill(-1)
  readonly #continuity = new Int8Array(8192).fill(-1)
  /** A datagram under reassembly, when messages do not match datagrams. */
  readonly #partial = new Uint32Array(DATAGRAM_WORDS)
  #partialPackets = 0
  #channel = -1
  #expected = -1
  #first = -1
  #lastRxNs = 0
  #received = 0
  #messages = 0
  #bytes = 0
  #lost = 0
  #duplicated = 0
  #outOfOrder = 0
  #corrupt = 0
  #foreign = 0
  #ccErrors = 0
  #gapMaxNs = 0

  /** `capture`: how many bytes of the stream's beginning to keep for `captured`. */
  constructor(name: string, verify: Verify = "pattern", capture = 0) {
    this.name = name
    this.#verify = verify
    this.#capture = new Uint8Array(capture)
  }

  get received(): number {
    return this.#verify === "pattern" ? this.#received : this.#messages
  }

  get channel(): number {
    return this.#channel
  }

  /** The stream's first bytes, up to the `capture` asked for. */
  captured(): Uint8Array {
    return this.#capture.subarray(0, this.#captured)
  }

  /** A message at any place in JavaScript memory; `rxNs` is CLOCK_MONOTONIC. */
  push(message: Uint8Array, rxNs: number): void {
    scratch.bytes.set(message)
    this.accept(scratch, 0, message.length, rxNs)
  }

  /** A message in native memory at an offset that is a multiple of 4. */
  accept(arena: Arena, offset: number, length: number, rxNs: number): void {
    this.#messages += 1
    this.#bytes += length
    if (this.#lastRxNs > 0) this.#gapMaxNs = Math.max(this.#gapMaxNs, rxNs - this.#lastRxNs)
    this.#lastRxNs = rxNs
    if (this.#captured < this.#capture.length) {
      const part = arena.bytes.subarray(offset, offset + Math.min(length, this.#capture.length - this.#captured))
      this.#capture.set(part, this.#captured)
      this.#captured += part.length
    }
    if (this.#verify === "none") return
    if (length % TS_PACKET !== 0 || length === 0) {
      this.#corrupt += 1
      return
    }
    const at = offset >> 2
    if (this.#verify === "ts") this.#countContinuity(arena.bytes, offset, length)
    else if (length === DATAGRAM_BYTES && this.#partialPackets === 0) this.#judge(arena.words, at, rxNs)
    else for (let i = 0; i < length; i += TS_PACKET) this.#reassemble(arena.words, at + i / 4, rxNs)
  }

  #reassemble(words: Uint32Array, at: number, rxNs: number): void {
    if (startsDatagram(words, at) && this.#partialPackets > 0) {
      this.#corrupt += 1
      this.#partialPackets = 0
    } else if (this.#partialPackets === 0 && !startsDatagram(words, at)) {
      // The rest of a datagram whose beginning was before the first message is no fault.
      if (this.#expected >= 0) this.#corrupt += 1
      return
    }
    this.#partial.set(words.subarray(at, at + PACKET_WORDS), this.#partialPackets * PACKET_WORDS)
    this.#partialPackets += 1
    if (this.#partialPackets * TS_PACKET < DATAGRAM_BYTES) return
    this.#partialPackets = 0
    this.#judge(this.#partial, 0, rxNs)
  }

  #judge(words: Uint32Array, at: number, rxNs: number): void {
    if (!isIntact(words, at)) {
      this.#corrupt += 1
      return
    }
    const channel = channelAt(words, at)
    if (this.#channel < 0) this.#channel = channel
    if (channel !== this.#channel) {
      this.#foreign += 1
      return
    }
    const counter = counterAt(words, at)
    const slot = counter % WINDOW
    if (this.#seen[slot] === counter) {
      this.#duplicated += 1
      return
    }
    this.#seen[slot] = counter
    this.#received += 1
    this.delays.add((rxNs - sentNsAt(words, at)) / 1000)
    if (this.#expected < 0) this.#first = counter
    else if (counter > this.#expected) this.#lost += counter - this.#expected
    else if (counter < this.#expected) {
      this.#outOfOrder += 1
      // Counters before the first one were never counted as lost.
      if (counter > this.#first) this.#lost -= 1
    }
    this.#expected = Math.max(this.#expected, counter + 1)
  }

  /** Continuity by PID: ISO/IEC 13818-1 2.4.3.3, one repeat allowed, discontinuity_indicator excuses. */
  #countContinuity(bytes: Uint8Array, offset: number, length: number): void {
    for (let at = offset; at < offset + length; at += TS_PACKET) {
      if (bytes[at] !== 0x47) {
        this.#corrupt += 1
        continue
      }
      const pid = (((bytes[at + 1] ?? 0) & 31) << 8) | (bytes[at + 2] ?? 0)
      const flags = bytes[at + 3] ?? 0
      if (pid === 0x1fff || (flags & 0x10) === 0) continue
      const last = this.#continuity[pid] ?? -1
      const cc = flags & 15
      this.#continuity[pid] = cc
      const excused = (flags & 0x20) !== 0 && (bytes[at + 4] ?? 0) > 0 && ((bytes[at + 5] ?? 0) & 0x80) !== 0
      if (last >= 0 && cc !== last && cc !== ((last + 1) & 15) && !excused) this.#ccErrors += 1
    }
  }

  report(): StreamReport {
    return {
      stream: this.name,
      channel: this.#channel,
      received: this.received,
      messages: this.#messages,
      bytes: this.#bytes,
      lost: this.#lost,
      duplicated: this.#duplicated,
      out_of_order: this.#outOfOrder,
      corrupt: this.#corrupt,
      foreign: this.#foreign,
      cc_errors: this.#ccErrors,
      first: this.#first,
      last: this.#expected - (this.#expected < 0 ? 0 : 1),
      gap_max_ms: Math.round(this.#gapMaxNs / 1e4) / 100,
      delay_us: { p50: this.delays.percentile(0.5), p99: this.delays.percentile(0.99), max: this.delays.max },
    }
  }

  /** Counts from zero again, without forgetting where the stream is: a loss across the reset is still seen. */
  reset(): void {
    this.#received = 0
    this.#messages = 0
    this.#bytes = 0
    this.#lost = 0
    this.#duplicated = 0
    this.#outOfOrder = 0
    this.#corrupt = 0
    this.#foreign = 0
    this.#ccErrors = 0
    this.#gapMaxNs = 0
    this.delays.reset()
  }
}

export type Totals = Omit<StreamReport, "stream" | "channel" | "first" | "last"> & { readonly streams: number }

/** Sums of several streams; gap and delays over all of them. */
export const totals = (checks: Iterable<StreamCheck>): Totals => {
  const all = new DelayHistogram()
  const sum = {
    received: 0,
    messages: 0,
    bytes: 0,
    lost: 0,
    duplicated: 0,
    out_of_order: 0,
    corrupt: 0,
    foreign: 0,
    cc_errors: 0,
  }
  let streams = 0
  let gap = 0
  for (const check of checks) {
    const report = check.report()
    streams += 1
    gap = Math.max(gap, report.gap_max_ms)
    all.merge(check.delays)
    for (const key of Object.keys(sum) as Array<keyof typeof sum>) sum[key] += report[key]
  }
  return {
    streams,
    ...sum,
    gap_max_ms: gap,
    delay_us: { p50: all.percentile(0.5), p99: all.percentile(0.99), max: all.max },
  }
}
