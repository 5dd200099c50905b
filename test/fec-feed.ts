/** Media and FEC of one leg as they arrive, fed to the core, and what its ring and its datagram store then hold. */
import * as L from "../src/core/assembly/layout.ts"
import { type FecDatagram, FecEncoder, type FecMatrix } from "../src/core/fec/encoder.ts"
import type { PacketCore } from "../src/core/packet-core.ts"
import { buildRtp } from "../src/core/rtp/header.ts"
import { buildPacket } from "../src/core/ts/packet.ts"
import { choose, readSlot, writeDatagram } from "./feed-core.ts"
import { concat } from "./ts-stream.ts"

/** The port a datagram comes to: media, port + 2 or port + 4. */
export type Port = "media" | "column" | "row"

export interface Arrival {
  readonly port: Port
  readonly bytes: Uint8Array
}

export const SSRC = 0x1234
const STEP_US = 1000

/** `count` RTP datagrams of one to seven TS packets, whose bytes all differ; some carry the marker bit. */
export const mediaDatagrams = (count: number, firstSequence = 0, packets: (i: number) => number = () => 7): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => {
    const payload = Array.from({ length: packets(i) }, (_, part) => {
      const filling = new Uint8Array(184)
      for (let at = 0; at < filling.length; at++) filling[at] = (Math.imul(i * 7 + part + 1, 2654435761) >>> (at % 24)) ^ at
      return buildPacket({ pid: 0x100, continuity_counter: part & 15, payload: filling })
    })
    return buildRtp({ sequence: firstSequence + i, timestamp: 2 ** 32 - 5000 + i * 90, ssrc: SSRC, marker: i % 11 === 3 }, concat(payload))
  })

/** The datagrams with the FEC packets of an encoder between them, and the last column packets behind. */
export const withFec = (media: ReadonlyArray<Uint8Array>, matrix: FecMatrix): Arrival[] => {
  const encoder = new FecEncoder(matrix)
  const port = ({ isRow, bytes }: FecDatagram): Arrival => ({ port: isRow ? "row" : "column", bytes })
  return [...media.flatMap((bytes) => [{ port: "media" as const, bytes }, ...encoder.push(bytes).map(port)]), ...encoder.flush().map(port)]
}

/** Resets a leg and takes FEC for it from then on, as its channel's source. */
export const startFec = (core: PacketCore, leg = 0): void => {
  core.resetChannel(leg >> 1)
  core.resetLeg(leg)
  core.setLegField(leg, L.LEG_REORDER_US, 50_000)
  core.setLegField(leg, L.LEG_REORDER_MAX, 64)
  core.setLegField(leg, L.LEG_FEC_ENABLED, 1)
  choose(core, leg)
}

/** Feeds arrivals one by one, a millisecond apart from `startUs` on; returns the payloads the channel's ring then got, in order. */
export const feedFec = (core: PacketCore, arrivals: ReadonlyArray<Arrival>, startUs = 1_000_000, leg = 0): Uint8Array[] => {
  const channel = leg >> 1
  const payloads: Uint8Array[] = []
  for (const [i, { port, bytes }] of arrivals.entries()) {
    const nowUs = startUs + i * STEP_US
    const head = core.ringHead(channel)
    writeDatagram(core, 0, { bytes, rx_us: nowUs, ipv4: 0x7f000001, port: 5000 }, false)
    if (port === "media") core.ingest(leg, 1, 0, nowUs)
    else core.ingestFec(leg, port === "row", 1, 0, nowUs)
    core.tick(nowUs)
    core.takeEvents()
    for (let n = head; n !== core.ringHead(channel); n = (n + 1) >>> 0) payloads.push(readSlot(core, channel, n).payload)
  }
  return payloads
}

/** Datagram `sequence` as the leg's store holds it, as RTP; null when it is not there. */
export const storedDatagram = (core: PacketCore, sequence: number, ssrc = SSRC, leg = 0): Uint8Array | null => {
  const slot = sequence & (L.STORE_SLOTS - 1)
  const entry = core.view.getUint32(L.STORE_INDEX + (leg * L.STORE_SLOTS + slot) * 4, true)
  if ((entry & ~L.STORE_WAITING) !== (sequence | L.STORE_PRESENT)) return null
  const at = L.STORES + leg * L.STORE_BYTES + slot * L.STORE_STRIDE
  const length = core.view.getUint32(at + L.STORE_LENGTH, true)
  const payload = core.u8.slice(at + L.STORE_PAYLOAD, at + L.STORE_PAYLOAD + length)
  const datagram = buildRtp({ sequence, timestamp: core.view.getUint32(at + L.STORE_TIMESTAMP, true), ssrc }, payload)
  datagram.set(core.u8.slice(at + L.STORE_BITS, at + L.STORE_BITS + 2))
  return datagram
}
