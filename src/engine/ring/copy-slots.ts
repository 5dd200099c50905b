/** Slots of a ring for what takes longer with them than the ring keeps them. */
import { SLOT_LENGTH, SLOT_PAYLOAD } from "../../core/assembly/memory/layout.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import type { RingReader } from "./ring-reader.ts"

/** Copies the payloads of the next `slots` slots of a channel's ring, which have to be there, and moves on past them. */
export const copySlots = (core: PacketCore, channel: number, reader: RingReader, slots: number): Buffer => {
  const { u8, u32 } = core
  let size = 0
  for (let i = 0; i < slots; i++)
    size += u32[(core.slotAddress(channel, (reader.cursor + i) >>> 0) + SLOT_LENGTH) >> 2] ?? 0
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (let i = 0; i < slots; i++) {
    const slot = core.slotAddress(channel, reader.cursor)
    const length = u32[(slot + SLOT_LENGTH) >> 2] ?? 0
    bytes.set(u8.subarray(slot + SLOT_PAYLOAD, slot + SLOT_PAYLOAD + length), at)
    at += length
    reader.next()
  }
  return bytes
}
