// SCTE 35 sections of the test source: splice_null and splice_insert (SCTE 35 clauses 9.6 and 9.7). The whole codec is elsewhere.
import { sealSection } from "../ts/psi.ts"
import { BitWriter } from "./bit-writer.ts"

const TABLE_ID = 0xfc
const SPLICE_NULL = 0x00
const SPLICE_INSERT = 0x05
const CRC_SIZE = 4

/** One avail of the whole programme, at a given time. Times are 90 kHz ticks, 33 bits. */
export interface SpliceInsert {
  readonly eventId: number
  /** true: leave the network for the break; false: come back. */
  readonly outOfNetwork: boolean
  readonly pts90k: number
  /** Length of the break, with auto_return; left out on the way back. */
  readonly duration90k?: number
  readonly uniqueProgramId: number
}

const putTime = (w: BitWriter, ticks: number): void => {
  w.put(Math.floor(ticks / 2 ** 32) % 2, 1)
  w.put(ticks >>> 0, 32)
}

const section = (type: number, command: Uint8Array): Uint8Array => {
  const w = new BitWriter(64)
  w.put(TABLE_ID, 8)
  w.put(0b00_11, 4) // no section syntax, not private, sap_type not specified
  w.put(11 + command.length + 2 + CRC_SIZE, 12)
  w.put(0, 8) // protocol_version
  w.put(0, 7) // not encrypted
  putTime(w, 0) // pts_adjustment
  w.put(0, 8) // cw_index
  w.put(0xfff, 12) // tier: all
  w.put(command.length, 12)
  w.put(type, 8)
  for (const byte of command) w.put(byte, 8)
  w.put(0, 16) // descriptor_loop_length
  w.put(0, 32) // CRC_32, below
  return sealSection(w.view().slice())
}

/** A heartbeat: splice_null (9.7.1). */
export const spliceNull = (): Uint8Array => section(SPLICE_NULL, new Uint8Array(0))

/** splice_insert (9.7.3) with program_splice_flag, at `pts90k`; avail 1 of 1. */
export const spliceInsert = (event: SpliceInsert): Uint8Array => {
  const w = new BitWriter(32)
  w.put(event.eventId, 32)
  w.put(0x7f, 8) // splice_event_cancel_indicator 0
  w.put(event.outOfNetwork ? 1 : 0, 1)
  w.put(1, 1) // program_splice_flag
  w.put(event.duration90k === undefined ? 0 : 1, 1)
  w.put(0b0_1111, 5) // not immediate
  w.put(0b1_111111, 7) // time_specified_flag
  putTime(w, event.pts90k)
  if (event.duration90k !== undefined) {
    w.put(0b1_111111, 7) // auto_return
    putTime(w, event.duration90k)
  }
  w.put(event.uniqueProgramId, 16)
  w.put(1, 8) // avail_num
  w.put(1, 8) // avails_expected
  return section(SPLICE_INSERT, w.view())
}
