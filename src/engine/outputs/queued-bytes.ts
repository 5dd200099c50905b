import { SLOT_LENGTH } from "../../core/assembly/memory/layout.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import { QUEUE_SLOTS, type RingReader } from "../ring/ring-reader.ts"

/** TS bytes that wait in the ring of `channel` for a reader. */
export const queuedBytes = (core: PacketCore, channel: number, reader: RingReader): number => {
  const waiting = Math.min((core.ringHead(channel) - reader.cursor) >>> 0, QUEUE_SLOTS)
  let bytes = -reader.offset
  for (let i = 0; i < waiting; i++)
    bytes += core.u32[(core.slotAddress(channel, (reader.cursor + i) >>> 0) + SLOT_LENGTH) >> 2] ?? 0
  return Math.max(0, bytes)
}
