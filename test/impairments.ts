/**
 * What a network does to a stream, as pure functions over a list of timed datagrams. The same seed gives the same
 * damage, and a test can ask exactly which datagrams were lost, so that it knows which bytes must come out.
 */
import { buildRtp } from "../src/core/rtp/header.ts"
import { TS_PACKET_SIZE } from "../src/core/ts/packet.ts"

/** A datagram, and when it is to be sent. */
export interface TimedDatagram {
  /** Number of the datagram in the stream as packetised, before any damage. */
  readonly index: number
  /** Number of its first TS packet in the source, and the number of packets that it holds. */
  readonly first: number
  readonly packets: number
  readonly bytes: Uint8Array
  /** Microseconds since the start of the schedule. */
  readonly us: number
}

/** Returns random numbers in [0, 1). */
export type Random = () => number

/** Takes datagrams in the order of their times, and returns those that are left, in any order. */
export type Impairment = (datagrams: ReadonlyArray<TimedDatagram>, random: Random) => ReadonlyArray<TimedDatagram>

/** The datagrams that one leg sends, and those that it never sends. */
export interface Schedule {
  /** The datagrams in the order of their times. */
  readonly datagrams: ReadonlyArray<TimedDatagram>
  /** Numbers of the datagrams that are never sent, ascending. */
  readonly lost: ReadonlyArray<number>
}

/**
 * Makes a source of random numbers (mulberry32) that depend on the seed alone, so that every run repeats them. Any two
 * seeds differ.
 */
export const randomOf = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296
  }
}

export interface Packetising {
  /** Constant bit rate of the TS in bit/s; default 4 000 000. */
  readonly bitrate?: number
  /** TS packets in a datagram, 1 to 7; default 7. A list of numbers counts for one datagram each, in turn. */
  readonly packets?: number | ReadonlyArray<number>
  /** TS packets in the very first datagram if that is to differ, which gives another alignment of the same stream. */
  readonly shift?: number
  /** First sequence number and first timestamp (90 kHz) of RTP; both wrap. Left out for raw UDP. */
  readonly rtp?: { readonly ssrc: number; readonly sequence: number; readonly timestamp: number }
}

/** Cuts whole TS packets into datagrams, each with the time at which its first packet is due at the bit rate. */
export const packetise = (ts: Uint8Array, how: Packetising = {}): TimedDatagram[] => {
  const { bitrate = 4_000_000, packets = 7, shift = 0, rtp } = how
  const sizes = typeof packets === "number" ? [packets] : packets
  if (ts.length % TS_PACKET_SIZE !== 0) throw new RangeError(`${ts.length} bytes are not a whole number of TS packets`)
  for (const size of [...sizes, shift || 1])
    if (!(size >= 1 && size <= 7)) throw new RangeError(`a datagram takes 1 to 7 TS packets, not ${size}`)
  const total = ts.length / TS_PACKET_SIZE
  const datagrams: TimedDatagram[] = []
  for (let first = 0; first < total; ) {
    const index = datagrams.length
    const size = index === 0 && shift > 0 ? shift : (sizes[index % sizes.length] ?? 7)
    const count = Math.min(size, total - first)
    const us = (first * TS_PACKET_SIZE * 8 * 1e6) / bitrate
    const payload = ts.subarray(first * TS_PACKET_SIZE, (first + count) * TS_PACKET_SIZE)
    const header = rtp && {
      ssrc: rtp.ssrc,
      sequence: rtp.sequence + index,
      timestamp: rtp.timestamp + Math.round(us * 0.09),
    }
    datagrams.push({ index, first, packets: count, us, bytes: header ? buildRtp(header, payload) : payload })
    first += count
  }
  return datagrams
}

const inOrder = (datagrams: ReadonlyArray<TimedDatagram>): TimedDatagram[] => [...datagrams].sort((a, b) => a.us - b.us)

/**
 * Damages a stream step by step. Each step draws from a random source of its own, so that adding or removing a step
 * leaves the choices of the others as they were.
 */
export const impair = (
  stream: ReadonlyArray<TimedDatagram>,
  seed: number,
  ...steps: ReadonlyArray<Impairment>
): Schedule => {
  let datagrams = inOrder(stream)
  for (const [number, step] of steps.entries())
    datagrams = inOrder(step(datagrams, randomOf(seed * 1009 + number * 7919 + 1)))
  const sent = new Set(datagrams.map(({ index }) => index))
  return { datagrams, lost: stream.map(({ index }) => index).filter((index) => !sent.has(index)) }
}

/** Loses each datagram with the same probability, 0 to 1. */
export const loss =
  (share: number): Impairment =>
  (datagrams, random) =>
    datagrams.filter(() => random() >= share)

/** Loses the datagrams with these numbers. */
export const drop = (indices: Iterable<number>): Impairment => {
  const gone = new Set(indices)
  return (datagrams) => datagrams.filter(({ index }) => !gone.has(index))
}

/**
 * Loses datagrams by the Gilbert-Elliott model. It goes from the good state to the bad one with probability `p` at each
 * datagram, and back with `r`; all datagrams are lost in the bad state and none in the good one. The mean burst is 1/r,
 * and the mean loss p/(p+r).
 */
export const bursts =
  (p: number, r: number): Impairment =>
  (datagrams, random) => {
    let bad = false
    return datagrams.filter(() => {
      bad = random() < (bad ? 1 - r : p)
      return !bad
    })
  }

/** Repeats a share of the datagrams; each copy comes up to `maxUs` later. */
export const duplicate =
  (share: number, maxUs = 0): Impairment =>
  (datagrams, random) =>
    datagrams.flatMap((datagram) => {
      const [chosen, late] = [random() < share, random() * maxUs]
      return chosen ? [datagram, { ...datagram, us: datagram.us + late }] : [datagram]
    })

/** Lets each of a share of the datagrams be overtaken by 1 to `most` others; those at the very end stay. */
export const displace =
  (share: number, most: number): Impairment =>
  (datagrams, random) =>
    datagrams.map((datagram, place) => {
      const [chosen, by] = [random() < share, 1 + Math.floor(random() * most)]
      const behind = chosen ? datagrams[place + by] : undefined
      // Sorting is stable and keeps the order within a time, so a fraction of a microsecond puts the datagram after it.
      return behind === undefined ? datagram : { ...datagram, us: behind.us + 0.001 }
    })

/** Delays all datagrams by the same time. */
export const delay =
  (us: number): Impairment =>
  (datagrams) =>
    datagrams.map((datagram) => ({ ...datagram, us: datagram.us + us }))

/** Delays a share of the datagrams by exactly `us`, whatever overtakes them. */
export const straggle =
  (share: number, us: number): Impairment =>
  (datagrams, random) =>
    datagrams.map((datagram) => (random() < share ? { ...datagram, us: datagram.us + us } : datagram))

/** Delays each datagram by up to `maxUs`. With `reorder` they overtake each other; without it they queue. */
export const jitter =
  (maxUs: number, reorder = false): Impairment =>
  (datagrams, random) => {
    let last = 0
    return datagrams.map((datagram) => {
      const us = datagram.us + random() * maxUs
      last = reorder ? us : Math.max(last, us)
      return { ...datagram, us: last }
    })
  }

/** Loses everything from `fromUs` until before `toUs`. */
export const cut =
  (fromUs: number, toUs: number): Impairment =>
  (datagrams) =>
    datagrams.filter(({ us }) => us < fromUs || us >= toUs)

/** Holds back what is due from `fromUs` until before `toUs`; all of it comes then, at once. */
export const stall =
  (fromUs: number, toUs: number): Impairment =>
  (datagrams) =>
    datagrams.map((datagram) => (datagram.us >= fromUs && datagram.us < toUs ? { ...datagram, us: toUs } : datagram))

/** Applies the impairment only from `fromUs` until before `toUs`. */
export const between =
  (fromUs: number, toUs: number, impairment: Impairment): Impairment =>
  (datagrams, random) => {
    const isWithin = ({ us }: TimedDatagram) => us >= fromUs && us < toUs
    const damaged = impairment(datagrams.filter(isWithin), random)
    return [...datagrams.filter((datagram) => !isWithin(datagram)), ...damaged]
  }

/** Numbers of the TS packets, of `total`, that no leg brings. */
export const lostOnAll = (total: number, ...legs: ReadonlyArray<Schedule>): number[] => {
  const brought = new Uint8Array(total)
  for (const { datagrams } of legs) for (const { first, packets } of datagrams) brought.fill(1, first, first + packets)
  return Array.from(brought.keys()).filter((packet) => brought[packet] === 0)
}

/** Returns the TS without the packets of these numbers. */
export const tsWithout = (ts: Uint8Array, lost: Iterable<number>): Uint8Array => {
  const gone = new Set(lost)
  const left = Array.from({ length: ts.length / TS_PACKET_SIZE }, (_, packet) => packet).filter(
    (packet) => !gone.has(packet),
  )
  const bytes = new Uint8Array(left.length * TS_PACKET_SIZE)
  for (const [place, packet] of left.entries()) {
    bytes.set(ts.subarray(packet * TS_PACKET_SIZE, (packet + 1) * TS_PACKET_SIZE), place * TS_PACKET_SIZE)
  }
  return bytes
}

/** Numbers of the datagrams that come after one of a higher number; copies do not count. */
export const overtaken = ({ datagrams }: Schedule): number[] => {
  let highest = -1
  const seen = new Set<number>()
  const late: number[] = []
  for (const { index } of datagrams) {
    if (index < highest && !seen.has(index)) late.push(index)
    seen.add(index)
    highest = Math.max(highest, index)
  }
  return late
}
