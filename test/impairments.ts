/**
 * What a network does to a stream, as pure functions over a list of timed datagrams: the same seed gives the same
 * damage, and what was lost can be asked for exactly, so that a test knows which bytes must come out.
 */
import { buildRtp } from "../src/core/rtp/header.ts"
import { TS_PACKET_SIZE } from "../src/core/ts/packet.ts"

/** A datagram and when it is to be sent. */
export interface TimedDatagram {
  /** Its number in the stream as packetised, before any damage. */
  readonly index: number
  /** Number of its first TS packet in the source, and how many it holds. */
  readonly first: number
  readonly packets: number
  readonly bytes: Uint8Array
  /** Microseconds from the start of the schedule. */
  readonly us: number
}

/** Numbers in [0, 1). */
export type Random = () => number

/** Takes datagrams in the order of their times; gives those that are left, in any order. */
export type Impairment = (datagrams: ReadonlyArray<TimedDatagram>, random: Random) => ReadonlyArray<TimedDatagram>

/** What one leg sends. */
export interface Schedule {
  /** In the order of their times. */
  readonly datagrams: ReadonlyArray<TimedDatagram>
  /** Numbers of the datagrams that are never sent, ascending. */
  readonly lost: ReadonlyArray<number>
}

/** Random numbers (mulberry32) that depend on the seed alone, so that every run repeats them; any two seeds differ. */
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
  /** Constant bit rate of the TS in bit/s, default 4 000 000. */
  readonly bitrate?: number
  /** TS packets in a datagram, 1 to 7, default 7; of several numbers each counts for one datagram, in turn. */
  readonly packets?: number | ReadonlyArray<number>
  /** TS packets in the very first datagram when that is to differ: another alignment of the same stream. */
  readonly shift?: number
  /** Left out: raw UDP. First sequence number and timestamp (90 kHz); both wrap. */
  readonly rtp?: { readonly ssrc: number; readonly sequence: number; readonly timestamp: number }
}

/** Cuts whole TS packets into datagrams, each at the time its first packet is due at the bit rate. */
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
 * Damages a stream step by step. Each step draws from a random source of its own, so that a step more or less leaves
 * the choices of the others as they were.
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

/** Each datagram is lost with the same probability, 0 to 1. */
export const loss =
  (share: number): Impairment =>
  (datagrams, random) =>
    datagrams.filter(() => random() >= share)

/** Loses the datagrams of these numbers. */
export const drop = (indices: Iterable<number>): Impairment => {
  const gone = new Set(indices)
  return (datagrams) => datagrams.filter(({ index }) => !gone.has(index))
}

/**
 * Gilbert-Elliott model: from the good state to the bad one with probability `p` at each datagram, back with `r`; all
 * are lost in the bad state and none in the good one. Mean burst 1/r, mean loss p/(p+r).
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

/** A share comes twice, the copy up to `maxUs` later. */
export const duplicate =
  (share: number, maxUs = 0): Impairment =>
  (datagrams, random) =>
    datagrams.flatMap((datagram) => {
      const [chosen, late] = [random() < share, random() * maxUs]
      return chosen ? [datagram, { ...datagram, us: datagram.us + late }] : [datagram]
    })

/** A share is overtaken by 1 to `most` datagrams; those at the very end stay. */
export const displace =
  (share: number, most: number): Impairment =>
  (datagrams, random) =>
    datagrams.map((datagram, place) => {
      const [chosen, by] = [random() < share, 1 + Math.floor(random() * most)]
      const behind = chosen ? datagrams[place + by] : undefined
      // Sorting is stable and keeps what was at a time before; a fraction of a microsecond puts it after.
      return behind === undefined ? datagram : { ...datagram, us: behind.us + 0.001 }
    })

/** All come later by the same time. */
export const delay =
  (us: number): Impairment =>
  (datagrams) =>
    datagrams.map((datagram) => ({ ...datagram, us: datagram.us + us }))

/** A share comes later by exactly `us`, whatever overtakes it. */
export const straggle =
  (share: number, us: number): Impairment =>
  (datagrams, random) =>
    datagrams.map((datagram) => (random() < share ? { ...datagram, us: datagram.us + us } : datagram))

/** Each comes later by up to `maxUs`; `reorder` lets them overtake each other, without it they queue. */
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

/** Nothing passes from `fromUs` until before `toUs`. */
export const cut =
  (fromUs: number, toUs: number): Impairment =>
  (datagrams) =>
    datagrams.filter(({ us }) => us < fromUs || us >= toUs)

/** The impairment works from `fromUs` until before `toUs` only. */
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

/** The TS without the packets of these numbers. */
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

/** Datagrams that come after one of a higher number; copies do not count. */
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
