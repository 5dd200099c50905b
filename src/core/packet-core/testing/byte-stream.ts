/** A transport stream cut into datagrams of any size. */
import { generateTs } from "../../../test-source/test-programme.ts"
import { joinBytes } from "../../bytes/join-bytes.ts"
import { TS_PACKET_SIZE } from "../../ts/packet.ts"
import type { Datagram } from "./reference-datagram.ts"

export const START_US = 1_000_000
export const stream = generateTs(4, { bitrate: 2_000_000 })

/** Pieces of these sizes, again and again. */
export const cut = (bytes: Uint8Array, sizes: ReadonlyArray<number>): Uint8Array[] => {
  const pieces: Uint8Array[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}
export const arriving = (
  pieces: ReadonlyArray<Uint8Array>,
  stepUs = 500,
  port = 5000,
  startUs = START_US,
): Datagram[] => pieces.map((bytes, i) => ({ bytes, rx_us: startUs + i * stepUs, ipv4: 0x7f000001, port }))
export const packetsOf = (bytes: Uint8Array): Uint8Array[] => cut(bytes, [TS_PACKET_SIZE])
/** TS packets with 16 Reed-Solomon bytes behind each; those hold sync bytes, too. */
export const with204 = (bytes: Uint8Array) =>
  joinBytes(packetsOf(bytes).map((each) => joinBytes([each, new Uint8Array(16).fill(0x47)])))
/**
 * Without sync bytes: a single one where it is looked for, in a short datagram, cannot be told from the stream's own.
 */
export const noise = (length: number, seed: number) =>
  Uint8Array.from({ length }, (_, i) => Math.imul(i + seed * 7919, 2654435761) >>> 24).map((byte) =>
    byte === 0x47 ? 0 : byte,
  )
export const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
