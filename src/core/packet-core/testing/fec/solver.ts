/**
 * Finds what SMPTE 2022-1 FEC can bring back when everything that arrived is looked at together: the oracle of the
 * tests.
 */
import { type FecPacket, parseFec, protectedBy, recoveryOf, sequenceOf, toDatagram, xor } from "./packet.ts"

const solve = (
  packet: FecPacket,
  known: ReadonlyMap<number, Uint8Array>,
  ssrc: number,
): [number, Uint8Array] | null => {
  const sequences = protectedBy(packet)
  const [missing, ...more] = sequences.filter((sequence) => !known.has(sequence))
  if (missing === undefined || more.length > 0) return null
  const present = sequences.flatMap((sequence) => known.get(sequence) ?? [])
  const datagram = toDatagram(missing, ssrc, present.map(recoveryOf).reduce(xor, packet))
  return datagram === null ? null : [missing, datagram]
}

/** Whether every datagram of some FEC packet arrived, which tells a receiver that FEC and media belong together. */
export const isConfirmed = (media: ReadonlyArray<Uint8Array>, fec: ReadonlyArray<Uint8Array>): boolean => {
  const arrived = new Set(media.map(sequenceOf))
  return fec.some((datagram) => {
    const packet = parseFec(datagram)
    return packet !== null && protectedBy(packet).every((sequence) => arrived.has(sequence))
  })
}

/**
 * Recovers, round after round, every datagram that is the only one missing of some FEC packet. Returns the recovered
 * RTP datagrams by sequence number, in the order in which they were found. The sequence numbers of `media` must be
 * unique.
 */
export const recoverAll = (
  media: ReadonlyArray<Uint8Array>,
  fec: ReadonlyArray<Uint8Array>,
  ssrc: number,
): ReadonlyMap<number, Uint8Array> => {
  const known = new Map(media.map((datagram) => [sequenceOf(datagram), datagram]))
  const recovered = new Map<number, Uint8Array>()
  const packets = fec.flatMap((datagram) => parseFec(datagram) ?? [])
  for (let isProgress = true; isProgress; ) {
    isProgress = false
    for (const packet of packets) {
      const found = solve(packet, known, ssrc)
      if (found === null) continue
      known.set(...found)
      recovered.set(...found)
      isProgress = true
    }
  }
  return recovered
}
