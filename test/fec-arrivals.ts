/** Media and FEC of one leg in the order in which they arrive, with or without losses. */

import { joinBytes } from "../src/core/bytes/join-bytes.ts"
import { type FecDatagram, FecEncoder, type FecMatrix } from "../src/core/packet-core/testing/fec/encoder.ts"
import { buildFec, sequenceOf } from "../src/core/packet-core/testing/fec/packet.ts"
import { buildRtp } from "../src/core/rtp/header.ts"
import { buildPacket } from "../src/core/ts/packet.ts"

/** The port to which a datagram comes: media, port + 2 (column) or port + 4 (row). */
export type Port = "media" | "column" | "row"

export interface Arrival {
  readonly port: Port
  readonly bytes: Uint8Array
}

export const SSRC = 0x1234
/** Makes `count` RTP datagrams of one to seven TS packets, whose bytes all differ; some carry the marker bit. */
export const mediaDatagrams = (
  count: number,
  firstSequence = 0,
  packets: (i: number) => number = () => 7,
): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => {
    const payload = Array.from({ length: packets(i) }, (_, part) => {
      const filling = new Uint8Array(184)
      for (let at = 0; at < filling.length; at++)
        filling[at] = (Math.imul(i * 7 + part + 1, 2654435761) >>> (at % 24)) ^ at
      return buildPacket({ pid: 0x100, continuity_counter: part & 15, payload: filling })
    })
    return buildRtp(
      { sequence: firstSequence + i, timestamp: 2 ** 32 - 5000 + i * 90, ssrc: SSRC, marker: i % 11 === 3 },
      joinBytes(payload),
    )
  })

/** Puts the FEC packets of an encoder between the datagrams, and the last column packets behind them. */
export const withFec = (media: ReadonlyArray<Uint8Array>, matrix: FecMatrix): Arrival[] => {
  const encoder = new FecEncoder(matrix)
  const port = ({ isRow, bytes }: FecDatagram): Arrival => ({ port: isRow ? "row" : "column", bytes })
  return [
    ...media.flatMap((bytes) => [{ port: "media" as const, bytes }, ...encoder.push(bytes).map(port)]),
    ...encoder.flush().map(port),
  ]
}

/** Lists the sequence numbers `from` to `to` - 1, which wrap. */
export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => (from + i) & 0xffff)

export const arrival =
  (port: Port) =>
  (bytes: Uint8Array): Arrival => ({ port, bytes })

export const isMedia = ({ port }: Arrival): boolean => port === "media"

/** Whether an arrival is a media datagram with one of these sequence numbers. */
export const sequenceIn =
  (sequences: ReadonlyArray<number>) =>
  (each: Arrival): boolean =>
    isMedia(each) && sequences.includes(sequenceOf(each.bytes))

/** Returns the arrivals without the media datagrams of these sequence numbers. */
export const losing = (arrivals: ReadonlyArray<Arrival>, sequences: ReadonlyArray<number>): Arrival[] =>
  arrivals.filter((each) => !sequenceIn(sequences)(each))

/**
 * Makes the FEC packet over those of `media` that have the sequence numbers base, base + offset and so on, `count` of
 * them.
 */
export const fecOf = (media: ReadonlyArray<Uint8Array>, base: number, offset: number, count: number): Uint8Array => {
  const members = range(0, count).flatMap(
    (i) => media.find((datagram) => sequenceOf(datagram) === ((base + i * offset) & 0xffff)) ?? [],
  )
  return buildFec({ isRow: offset === 1, offset, sequence: 0, timestamp: 0 }, members)
}

/** Joins the RTP payloads of datagrams whose headers have no options. */
export const payloadsOf = (media: ReadonlyArray<Uint8Array>): Uint8Array =>
  joinBytes(media.map((datagram) => datagram.subarray(12)))
