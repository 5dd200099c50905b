/**
 * Tells exactly which TS packets of a source are missing from what came out, and which packets came out that are not
 * the source's or not in order.
 */
import { NULL_PID, TS_PACKET_SIZE } from "../src/core/ts/packet.ts"

const packetAt = (ts: Uint8Array, packet: number): string =>
  Buffer.from(ts.buffer, ts.byteOffset + packet * TS_PACKET_SIZE, TS_PACKET_SIZE).toString("latin1")

/**
 * Returns a copy in which each null packet carries its number in its payload, so that each is unique. The payload of
 * null packets may be anything (ISO/IEC 13818-1 2.4.3.3).
 */
export const numberNulls = (ts: Uint8Array): Uint8Array => {
  const numbered = Buffer.from(ts)
  for (let at = 0; at + TS_PACKET_SIZE <= numbered.length; at += TS_PACKET_SIZE) {
    if ((numbered.readUInt16BE(at + 1) & 0x1fff) === NULL_PID) numbered.writeUInt32BE(at / TS_PACKET_SIZE, at + 4)
  }
  return numbered
}

export interface TsDifference {
  /**
   * Numbers of the source's packets that did not come out. Among packets that are alike, the first ones count as those
   * that did.
   */
  readonly missing: ReadonlyArray<number>
  /** Number of packets that came out and are repeated, out of order, or not the source's. */
  readonly extra: number
}

/** Compares a source with what came out. The result is `{ missing: [], extra: 0 }` if and only if both are equal. */
export const tsDifference = (source: Uint8Array, out: Uint8Array): TsDifference => {
  const total = Math.floor(source.length / TS_PACKET_SIZE)
  const places = new Map<string, number[]>()
  for (let packet = 0; packet < total; packet++) {
    const key = packetAt(source, packet)
    const known = places.get(key)
    if (known === undefined) places.set(key, [packet])
    else known.push(packet)
  }
  const missing: number[] = []
  let next = 0
  let extra = out.length % TS_PACKET_SIZE === 0 ? 0 : 1
  for (let packet = 0; packet < Math.floor(out.length / TS_PACKET_SIZE); packet++) {
    const known = places.get(packetAt(out, packet)) ?? []
    // Lists are short except for null packets, of which those already used are behind `next`.
    let [low, high] = [0, known.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((known[middle] ?? 0) < next) low = middle + 1
      else high = middle
    }
    const place = known[low]
    if (place === undefined) {
      extra += 1
      continue
    }
    while (next < place) missing.push(next++)
    next = place + 1
  }
  while (next < total) missing.push(next++)
  return { missing, extra }
}
