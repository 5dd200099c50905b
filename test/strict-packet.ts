/**
 * Reads transport packets and PSI sections as ISO/IEC 13818-1 2.4.3 and 2.4.4 define them, for the strict analyser. It
 * shares no code with src/core, so that a mistake there cannot hide itself here.
 */

export const PACKET_BYTES = 188
export const NULL_PID = 0x1fff
export const TICKS_PER_MS = 27_000
/** PCR in 27 MHz ticks and time stamps in 90 kHz ticks start again at these values (2.4.2.2, 2.4.3.7). */
export const PCR_WRAP = 300 * 2 ** 33
export const STAMP_WRAP = 2 ** 33

const byteAt = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0
const number16 = (bytes: Uint8Array, at: number): number => byteAt(bytes, at) * 256 + byteAt(bytes, at + 1)

export interface Packet {
  readonly bytes: Uint8Array
  readonly synchronised: boolean
  readonly damaged: boolean
  readonly pid: number
  readonly unitStart: boolean
  readonly scrambled: boolean
  /** adaptation_field_control, 0 to 3. */
  readonly control: number
  readonly counter: number
  /** What is wrong with the adaptation field; null when nothing is. */
  readonly fault: string | null
  readonly discontinuity: boolean
  readonly randomAccess: boolean
  /** The PCR in 27 MHz ticks; null without one. */
  readonly pcr: number | null
  /** The payload of the packet; empty without one. */
  readonly payload: Uint8Array
}

/**
 * Checks an adaptation field by table 2-6: with a payload behind it, the field leaves at least one byte; without one,
 * it fills the packet.
 */
const adaptationFault = (control: number, length: number): string | null => {
  if (control === 0) return "adaptation_field_control 00 is reserved"
  if (control === 2 && length !== 183) return `adaptation_field_length ${length} without payload, not 183`
  if (control === 3 && length > 182) return `adaptation_field_length ${length} leaves no payload`
  return null
}

export const readPacket = (stream: Uint8Array, at: number): Packet => {
  const bytes = stream.subarray(at, at + PACKET_BYTES)
  const control = (byteAt(bytes, 3) >> 4) & 3
  const length = (control & 2) !== 0 ? byteAt(bytes, 4) : 0
  const fault = adaptationFault(control, length)
  const flags = fault === null && length > 0 ? byteAt(bytes, 5) : 0
  const hasPcr = (flags & 0x10) !== 0 && length >= 7
  const base =
    byteAt(bytes, 6) * 2 ** 25 + number16(bytes, 7) * 2 ** 9 + byteAt(bytes, 9) * 2 + (byteAt(bytes, 10) >> 7)
  return {
    bytes,
    synchronised: bytes.length === PACKET_BYTES && bytes[0] === 0x47,
    damaged: (byteAt(bytes, 1) & 0x80) !== 0,
    pid: number16(bytes, 1) & 0x1fff,
    unitStart: (byteAt(bytes, 1) & 0x40) !== 0,
    scrambled: byteAt(bytes, 3) >= 0x40,
    control,
    counter: byteAt(bytes, 3) & 15,
    fault,
    discontinuity: (flags & 0x80) !== 0,
    randomAccess: (flags & 0x40) !== 0,
    pcr: hasPcr ? base * 300 + (number16(bytes, 10) & 0x1ff) : null,
    payload:
      (control & 1) !== 0 && fault === null
        ? bytes.subarray((control & 2) !== 0 ? 5 + length : 4)
        : bytes.subarray(0, 0),
  }
}

/** Whether a packet is a duplicate, which repeats every byte but those of the PCR (2.4.3.3). */
export const isDuplicate = (first: Uint8Array, second: Uint8Array, hasPcr: boolean): boolean => {
  for (let i = 0; i < PACKET_BYTES; i++) if (first[i] !== second[i] && !(hasPcr && i >= 6 && i < 12)) return false
  return true
}

/** CRC_32 of annex A over a whole section; it is 0 when the section is sound. */
export const sectionRemainder = (section: Uint8Array): number => {
  let register = 0xffffffff
  for (const byte of section) {
    register ^= byte << 24
    for (let bit = 0; bit < 8; bit++) register = (register << 1) ^ (register < 0 ? 0x04c11db7 : 0)
  }
  return register >>> 0
}

/**
 * Puts the sections of one PID together (2.4.4.1). A section may start anywhere behind the pointer, and run over
 * several packets.
 */
export class SectionReader {
  #gathered: number[] | null = null

  /** Discards a section that has begun, because packets are missing. */
  reset(): void {
    this.#gathered = null
  }

  /** Returns the sections that this payload completes. `problem` is a sentence when the payload makes no sense. */
  push(
    payload: Uint8Array,
    unitStart: boolean,
  ): { readonly sections: ReadonlyArray<Uint8Array>; readonly problem: string | null } {
    const pointer = unitStart ? byteAt(payload, 0) : 0
    if (unitStart && 1 + pointer > payload.length) {
      this.reset()
      return { sections: [], problem: `pointer_field ${pointer} points behind the packet` }
    }
    const sections = this.#take(unitStart ? payload.subarray(1, 1 + pointer) : payload)
    if (!unitStart) return { sections, problem: null }
    const problem = this.#gathered === null ? null : "a section is cut off by the next one"
    this.#gathered = []
    return { sections: [...sections, ...this.#take(payload.subarray(1 + pointer))], problem }
  }

  #take(bytes: Uint8Array): Uint8Array[] {
    const done: Uint8Array[] = []
    for (const byte of bytes) {
      const gathered = this.#gathered
      if (gathered === null) break
      // Stuffing follows the last section up to the end of the packet.
      if (gathered.length === 0 && byte === 0xff) {
        this.#gathered = null
        break
      }
      gathered.push(byte)
      const wanted = gathered.length < 3 ? 3 : 3 + (((gathered[1] ?? 0) & 15) << 8) + (gathered[2] ?? 0)
      if (gathered.length < 3 || gathered.length < wanted) continue
      done.push(new Uint8Array(gathered))
      this.#gathered = []
    }
    if (this.#gathered?.length === 0) this.#gathered = null
    return done
  }
}

/** PMT PIDs by programme of a PAT section; programme 0, which gives the network PID, is left out. */
export const readPat = (section: Uint8Array): Map<number, number> => {
  const programmes = new Map<number, number>()
  for (let at = 8; at + 4 <= section.length - 4; at += 4) {
    if (number16(section, at) !== 0) programmes.set(number16(section, at), number16(section, at + 2) & 0x1fff)
  }
  return programmes
}

export interface ProgrammeMap {
  readonly programme: number
  readonly pcrPid: number
  /** stream_type by PID. */
  readonly streams: ReadonlyMap<number, number>
}

export const readPmt = (section: Uint8Array): ProgrammeMap => {
  const streams = new Map<number, number>()
  for (
    let at = 12 + (number16(section, 10) & 0xfff);
    at + 5 <= section.length - 4;
    at += 5 + (number16(section, at + 3) & 0xfff)
  ) {
    streams.set(number16(section, at + 1) & 0x1fff, byteAt(section, at))
  }
  return { programme: number16(section, 3), pcrPid: number16(section, 8) & 0x1fff, streams }
}
