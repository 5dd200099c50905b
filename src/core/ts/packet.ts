/** Transport stream packets, ISO/IEC 13818-1 2.4.3.2 (packet), 2.4.3.4 (adaptation field). */

export const TS_PACKET_SIZE = 188
export const SYNC_BYTE = 0x47
export const NULL_PID = 0x1fff
/** Where a 33-bit clock base wraps, in 27 MHz ticks. */
export const PCR_MODULUS = 2 ** 33 * 300

export interface AdaptationField {
  readonly discontinuity: boolean
  readonly random_access: boolean
  /** program_clock_reference in 27 MHz ticks (base x 300 + extension), null when there is none. */
  readonly pcr: number | null
}

export interface TsPacket {
  readonly transport_error: boolean
  readonly unit_start: boolean
  readonly pid: number
  /** transport_scrambling_control; 0 is clear. */
  readonly scrambling: number
  /** adaptation_field_control: 1 payload, 2 adaptation field, 3 both, 0 reserved. */
  readonly adaptation_field_control: number
  readonly continuity_counter: number
  /** Null when there is none, it is empty, or its length runs past the packet. */
  readonly adaptation: AdaptationField | null
  /**
   * Bytes behind header and adaptation field; empty unless adaptation_field_control has a payload. A view, not a copy.
   */
  readonly payload: Uint8Array
}

const EMPTY = new Uint8Array(0)
const PCR_FIELD = 7

const parseAdaptation = (packet: Uint8Array): AdaptationField | null => {
  const [length = 0, flags = 0] = packet.subarray(4, 6)
  if (length === 0 || length > TS_PACKET_SIZE - 5) return null
  const hasPcr = (flags & 0x10) !== 0 && length >= PCR_FIELD
  return {
    discontinuity: (flags & 0x80) !== 0,
    random_access: (flags & 0x40) !== 0,
    pcr: hasPcr ? parsePcr(packet.subarray(6, 12)) : null,
  }
}

/** 33 bits of base, 6 reserved, 9 of extension (2.4.3.5), as 27 MHz ticks. */
export const parsePcr = (field: Uint8Array): number => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = field
  const base = a * 2 ** 25 + b * 2 ** 17 + c * 2 ** 9 + d * 2 + (e >> 7)
  return base * 300 + ((e & 1) << 8) + f
}

/** Reads the packet at `offset`; null when 188 bytes are not there or the sync byte is wrong. */
export const parsePacket = (bytes: Uint8Array, offset = 0): TsPacket | null => {
  const packet = bytes.subarray(offset, offset + TS_PACKET_SIZE)
  const [sync, b1 = 0, b2 = 0, b3 = 0, adaptationLength = 0] = packet
  if (packet.length < TS_PACKET_SIZE || sync !== SYNC_BYTE) return null
  const control = (b3 >> 4) & 3
  const payloadStart = (control & 2) !== 0 ? 5 + adaptationLength : 4
  return {
    transport_error: (b1 & 0x80) !== 0,
    unit_start: (b1 & 0x40) !== 0,
    pid: ((b1 & 0x1f) << 8) | b2,
    scrambling: b3 >> 6,
    adaptation_field_control: control,
    continuity_counter: b3 & 15,
    adaptation: (control & 2) !== 0 ? parseAdaptation(packet) : null,
    payload: (control & 1) !== 0 ? packet.subarray(Math.min(payloadStart, TS_PACKET_SIZE)) : EMPTY,
  }
}

export interface PacketFields {
  readonly pid: number
  readonly continuity_counter: number
  readonly unit_start?: boolean
  readonly transport_error?: boolean
  readonly scrambling?: number
  readonly discontinuity?: boolean
  readonly random_access?: boolean
  /** 27 MHz ticks; taken modulo 2^33 x 300. */
  readonly pcr?: number
  /** Up to 184 bytes, less what the adaptation field takes; left out: an adaptation field only. */
  readonly payload?: Uint8Array
}

const writePcr = (field: Uint8Array, ticks: number): void => {
  const value = ((ticks % PCR_MODULUS) + PCR_MODULUS) % PCR_MODULUS
  const base = Math.floor(value / 300)
  const extension = Math.floor(value % 300)
  const low = base % 2 ** 32
  field.set([Math.floor(base / 2 ** 25), (low >>> 17) & 255, (low >>> 9) & 255, (low >>> 1) & 255])
  field[4] = ((low & 1) << 7) | 0x7e | (extension >> 8)
  field[5] = extension & 255
}

/**
 * One packet of 188 bytes; what the payload does not fill is stuffing in the adaptation field. Throws RangeError when
 * it does not fit.
 */
export const buildPacket = (fields: PacketFields): Uint8Array => {
  const { payload, pcr } = fields
  const flags =
    (fields.discontinuity === true ? 0x80 : 0) |
    (fields.random_access === true ? 0x40 : 0) |
    (pcr === undefined ? 0 : 0x10)
  const needed = flags === 0 ? 0 : pcr === undefined ? 2 : 8
  const room = TS_PACKET_SIZE - 4 - (payload?.length ?? 0)
  if (room < needed) throw new RangeError(`payload of ${payload?.length} bytes does not fit the packet`)
  const packet = new Uint8Array(TS_PACKET_SIZE).fill(0xff)
  const control = (payload === undefined || payload.length === 0 ? 0 : 1) | (room > 0 ? 2 : 0)
  packet[0] = SYNC_BYTE
  packet[1] =
    (fields.transport_error === true ? 0x80 : 0) | (fields.unit_start === true ? 0x40 : 0) | ((fields.pid >> 8) & 0x1f)
  packet[2] = fields.pid & 0xff
  packet[3] = ((fields.scrambling ?? 0) << 6) | (control << 4) | (fields.continuity_counter & 15)
  if (room > 0) packet[4] = room - 1
  if (room > 1) packet[5] = flags
  if (pcr !== undefined) writePcr(packet.subarray(6, 12), pcr)
  if (payload !== undefined) packet.set(payload, 4 + room)
  return packet
}
