/** Puts datagrams into the core's receive batch as recvmmsg does, and reads the ring back. */
import * as L from "../src/core/assembly/memory/layout.ts"
import type { PacketCore } from "../src/core/packet-core/packet-core.ts"
import type { Datagram } from "../src/core/packet-core/testing/reference-datagram.ts"
import type { ReferenceSlot } from "../src/core/packet-core/testing/reference-results.ts"

const AF_INET = 2
const SOL_SOCKET = 1
const SO_TIMESTAMPNS = 35
/** CLOCK_REALTIME - CLOCK_MONOTONIC in these tests, in microseconds. */
const CLOCK_OFFSET_US = 1_763_700_000_000_000
/** Longest time that a batch spans: the core believes kernel times of the last second only. */
const BATCH_SPAN_US = 900_000

/**
 * Writes datagram `index` of the batch with its source address and, unless `stamped` is false, a kernel receive time.
 */
export const writeDatagram = (core: PacketCore, index: number, datagram: Datagram, stamped = true): void => {
  const { view, u8 } = core
  const header = L.RX_MMSG + index * L.MMSGHDR_SIZE
  const name = L.RX_NAME + index * L.RX_NAME_SIZE
  const control = L.RX_CONTROL + index * L.RX_CONTROL_SIZE
  u8.set(datagram.bytes, L.RX_DATA + index * L.RX_STRIDE)
  view.setUint32(header + 56, datagram.bytes.length, true)
  view.setUint32(header + 48, 0, true)
  view.setUint32(header + 8, 16, true)
  view.setUint16(name, AF_INET, true)
  view.setUint16(name + 2, datagram.port)
  view.setUint32(name + 4, datagram.ipv4)
  view.setBigUint64(header + 40, stamped ? 32n : 0n, true)
  const realtime = BigInt(datagram.rx_us) + BigInt(CLOCK_OFFSET_US)
  view.setBigUint64(control, 32n, true)
  view.setInt32(control + 8, SOL_SOCKET, true)
  view.setInt32(control + 12, SO_TIMESTAMPNS, true)
  view.setBigInt64(control + 16, realtime / 1_000_000n, true)
  view.setBigInt64(control + 24, (realtime % 1_000_000n) * 1000n, true)
}

/** Cuts datagrams into batches that fit the core's batch, and of which the core believes the kernel times. */
function* batches(datagrams: ReadonlyArray<Datagram>): Generator<ReadonlyArray<Datagram>> {
  let batch: Datagram[] = []
  for (const datagram of datagrams) {
    const [first] = batch
    if (first !== undefined && (batch.length === L.RX_BATCH || datagram.rx_us - first.rx_us > BATCH_SPAN_US)) {
      yield batch
      batch = []
    }
    batch.push(datagram)
  }
  if (batch.length > 0) yield batch
}

/** Copies the slot at position `n` of a ring. */
export const readSlot = (core: PacketCore, channel: number, n: number): ReferenceSlot => {
  const at = core.slotAddress(channel, n)
  const u32 = (field: number) => core.view.getUint32(at + field, true)
  const f64 = (field: number) => core.view.getFloat64(at + field, true)
  const flags = u32(L.SLOT_FLAGS)
  return {
    payload: core.u8.slice(at + L.SLOT_PAYLOAD, at + L.SLOT_PAYLOAD + u32(L.SLOT_LENGTH)),
    rx_us: f64(L.SLOT_RX_US),
    rtp_timestamp: u32(L.SLOT_RTP_TIMESTAMP),
    rtp_sequence: u32(L.SLOT_RTP_SEQUENCE),
    pcr:
      (flags & L.SLOT_FLAG_PCR) !== 0
        ? { ticks: f64(L.SLOT_PCR), index: u32(L.SLOT_PCR_INDEX), pid: u32(L.SLOT_PCR_PID) }
        : null,
    random_access: (flags & L.SLOT_FLAG_RAI) !== 0,
    discontinuity: (flags & L.SLOT_FLAG_DISCONTINUITY) !== 0,
  }
}

/** Makes a leg the source of its channel, or no leg when `isSource` is false; neither is a switch. */
export const choose = (core: PacketCore, leg: number, isSource = true): void => {
  core.setSource(leg >> 1, 0)
  if (isSource) core.setSource(leg >> 1, leg % 2 === 0 ? 1 : 2)
}

/**
 * Puts at most RX_BATCH datagrams into the receive batch and lets the core take them. Returns the slots that they made.
 */
export const feedBatch = (core: PacketCore, batch: ReadonlyArray<Datagram>, leg: number): ReferenceSlot[] => {
  batch.forEach((datagram, index) => {
    writeDatagram(core, index, datagram)
  })
  const channel = leg >> 1
  const head = core.ringHead(channel)
  const appended = core.ingest(leg, batch.length, CLOCK_OFFSET_US, batch.at(-1)?.rx_us ?? 0)
  return Array.from({ length: appended }, (_, i) => readSlot(core, channel, (head + i) >>> 0))
}

/** Feeds datagrams to a leg and returns the slots that they made in its channel's ring; none unless `isSource`. */
export const feed = (
  core: PacketCore,
  datagrams: ReadonlyArray<Datagram>,
  leg = 0,
  isSource = true,
): ReferenceSlot[] => {
  choose(core, leg, isSource)
  const slots: ReferenceSlot[] = []
  for (const batch of batches(datagrams)) slots.push(...feedBatch(core, batch, leg))
  return slots
}
