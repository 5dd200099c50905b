/** Feeds media and FEC of one leg to the core, and reads what the ring and the datagram store then hold. */
import * as L from "../src/core/assembly/memory/layout.ts"
import type { PacketCore } from "../src/core/packet-core/packet-core.ts"
import { buildRtp } from "../src/core/rtp/header.ts"
import { type Arrival, SSRC } from "./fec-arrivals.ts"
import { choose, readSlot, writeDatagram } from "./feed-core.ts"

const STEP_US = 1000

/** Resets a leg, makes it its channel's source, and turns FEC on for it. */
export const startFec = (core: PacketCore, leg = 0): void => {
  core.resetChannel(leg >> 1)
  core.resetLeg(leg)
  core.setLegField(leg, L.LEG_REORDER_US, 50_000)
  core.setLegField(leg, L.LEG_REORDER_MAX, L.REORDER_DATAGRAMS_MAX)
  core.setLegField(leg, L.LEG_FEC_ENABLED, 1)
  choose(core, leg)
}

/**
 * Feeds arrivals one by one, a millisecond apart, from `startUs` on. Returns the payloads that the channel's ring then
 * got, in order.
 */
export const feedFec = (
  core: PacketCore,
  arrivals: ReadonlyArray<Arrival>,
  startUs = 1_000_000,
  leg = 0,
): Uint8Array[] => {
  const channel = leg >> 1
  const payloads: Uint8Array[] = []
  for (const [i, { port, bytes }] of arrivals.entries()) {
    const nowUs = startUs + i * STEP_US
    const head = core.ringHead(channel)
    writeDatagram(core, 0, { bytes, rx_us: nowUs, ipv4: 0x7f000001, port: 5000 }, false)
    if (port === "media") core.ingest(leg, 1, 0, nowUs)
    else core.ingestFec(leg, port === "row", 1, 0, nowUs)
    core.fecPortsEmpty(leg)
    core.tick(nowUs)
    core.takeEvents()
    for (let n = head; n !== core.ringHead(channel); n = (n + 1) >>> 0)
      payloads.push(readSlot(core, channel, n).payload)
  }
  return payloads
}

/** Returns datagram `sequence` as RTP from the leg's store; null when the store does not have it. */
export const storedDatagram = (core: PacketCore, sequence: number, ssrc = SSRC, leg = 0): Uint8Array | null => {
  const slot = sequence & (L.STORE_SLOTS - 1)
  const entry = core.view.getUint32(L.STORE_INDEX + (leg * L.STORE_SLOTS + slot) * 4, true)
  if ((entry & L.STORE_ENTRY & ~L.STORE_WAITING) !== (sequence | L.STORE_PRESENT)) return null
  const at = L.STORES + leg * L.STORE_BYTES + (entry >>> L.STORE_PLACE_SHIFT) * L.STORE_STRIDE
  const length = core.view.getUint32(at + L.STORE_LENGTH, true)
  const payload = core.u8.slice(at + L.STORE_PAYLOAD, at + L.STORE_PAYLOAD + length)
  const datagram = buildRtp({ sequence, timestamp: core.view.getUint32(at + L.STORE_TIMESTAMP, true), ssrc }, payload)
  datagram.set(core.u8.slice(at + L.STORE_BITS, at + L.STORE_BITS + 2))
  return datagram
}
