/**
 * Programme specific information: PAT (ISO/IEC 13818-1 2.4.4.3) and PMT (2.4.4.8), read and written as whole sections.
 *
 * Readers return null for anything that is not a sound, current-or-next section of their table: wrong table_id, lengths
 * that disagree, a bad CRC_32.
 */
import { crc32 } from "./crc32.ts"
import { buildPacket, TS_PACKET_SIZE } from "./packet.ts"

export const TABLE_ID_PAT = 0x00
export const TABLE_ID_PMT = 0x02
export const TAG_REGISTRATION = 0x05
/** format_identifier that announces SCTE-35 in a programme (ANSI/SCTE 35 8.1). */
export const CUEI = "CUEI"

const CRC_SIZE = 4
const PAT_HEADER = 8
const PMT_HEADER = 12
/** section_length of PAT and PMT is at most 1021. */
const PSI_SECTION_MAX = 1024
/** section_length of a private section is at most 4093. */
const SECTION_MAX = 4096

export interface Descriptor {
  readonly tag: number
  readonly data: Uint8Array
}

export interface Pat {
  readonly transport_stream_id: number
  readonly version: number
  /** Programme 0 names the network PID. */
  readonly programs: ReadonlyArray<{ readonly program_number: number; readonly pid: number }>
}

export interface PmtStream {
  readonly pid: number
  readonly stream_type: number
  readonly descriptors: ReadonlyArray<Descriptor>
}

export interface Pmt {
  readonly program_number: number
  readonly version: number
  /** 0x1FFF: none. */
  readonly pcr_pid: number
  /** A registration descriptor CUEI at programme level. */
  readonly cuei: boolean
  readonly descriptors: ReadonlyArray<Descriptor>
  readonly streams: ReadonlyArray<PmtStream>
}

const u16 = (bytes: Uint8Array, offset: number): number => ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)

const isSound = (section: Uint8Array, table: number, minimum: number): boolean =>
  section.length >= minimum + CRC_SIZE &&
  section[0] === table &&
  ((section[1] ?? 0) & 0x80) !== 0 &&
  (u16(section, 1) & 0xfff) + 3 === section.length &&
  crc32(section) === 0

const versionOf = (section: Uint8Array): number => ((section[5] ?? 0) >> 1) & 0x1f

/** A descriptor whose length runs past its loop ends the list. */
export const parseDescriptors = (bytes: Uint8Array): Descriptor[] => {
  const descriptors: Descriptor[] = []
  for (let at = 0; at + 2 <= bytes.length; ) {
    const length = bytes[at + 1] ?? 0
    if (at + 2 + length > bytes.length) break
    descriptors.push({ tag: bytes[at] ?? 0, data: bytes.slice(at + 2, at + 2 + length) })
    at += 2 + length
  }
  return descriptors
}

/** format_identifier of a registration descriptor (2.6.8), null for any other. */
export const registrationOf = ({ tag, data }: Descriptor): string | null =>
  tag === TAG_REGISTRATION && data.length >= 4 ? String.fromCharCode(...data.subarray(0, 4)) : null

export const parsePat = (section: Uint8Array): Pat | null => {
  if (!isSound(section, TABLE_ID_PAT, PAT_HEADER)) return null
  const programs: Array<{ program_number: number; pid: number }> = []
  for (let at = PAT_HEADER; at + 4 <= section.length - CRC_SIZE; at += 4) {
    programs.push({ program_number: u16(section, at), pid: u16(section, at + 2) & 0x1fff })
  }
  return { transport_stream_id: u16(section, 3), version: versionOf(section), programs }
}

export const parsePmt = (section: Uint8Array): Pmt | null => {
  if (!isSound(section, TABLE_ID_PMT, PMT_HEADER)) return null
  const end = section.length - CRC_SIZE
  const firstStream = PMT_HEADER + (u16(section, 10) & 0xfff)
  const descriptors = parseDescriptors(section.subarray(PMT_HEADER, Math.min(firstStream, end)))
  const streams: PmtStream[] = []
  for (let at = firstStream; at + 5 <= end; ) {
    const next = at + 5 + (u16(section, at + 3) & 0xfff)
    const loop = section.subarray(at + 5, Math.min(next, end))
    streams.push({
      stream_type: section[at] ?? 0,
      pid: u16(section, at + 1) & 0x1fff,
      descriptors: parseDescriptors(loop),
    })
    at = next
  }
  return {
    program_number: u16(section, 3),
    version: versionOf(section),
    pcr_pid: u16(section, 8) & 0x1fff,
    cuei: descriptors.some((descriptor) => registrationOf(descriptor) === CUEI),
    descriptors,
    streams,
  }
}

export const registrationDescriptor = (format: string): Descriptor => ({
  tag: TAG_REGISTRATION,
  data: Uint8Array.from(format, (letter) => letter.charCodeAt(0)),
})

const describe = (descriptors: ReadonlyArray<Descriptor>): number[] =>
  descriptors.flatMap(({ tag, data }) => [tag, data.length, ...data])

/** A section with syntax from its table_id, extension, version and body; adds lengths and CRC_32. */
const buildSection = (table: number, extension: number, version: number, body: ReadonlyArray<number>): Uint8Array => {
  const section = new Uint8Array(PAT_HEADER + body.length + CRC_SIZE)
  if (section.length > PSI_SECTION_MAX)
    throw new RangeError(`a table of ${body.length} bytes needs more than one section`)
  const length = section.length - 3
  section.set([
    table,
    0xb0 | (length >> 8),
    length & 255,
    extension >> 8,
    extension & 255,
    0xc1 | ((version & 31) << 1),
    0,
    0,
  ])
  section.set(body, PAT_HEADER)
  return sealSection(section)
}

/** Writes CRC_32 over the last four bytes of a section; returns the same bytes. */
export const sealSection = (section: Uint8Array): Uint8Array => {
  const crc = crc32(section.subarray(0, section.length - CRC_SIZE))
  section.set([crc >>> 24, (crc >>> 16) & 255, (crc >>> 8) & 255, crc & 255], section.length - CRC_SIZE)
  return section
}

/** One current PAT section; RangeError above 253 programmes. */
export const buildPat = ({ transport_stream_id, version, programs }: Pat): Uint8Array =>
  buildSection(
    TABLE_ID_PAT,
    transport_stream_id,
    version,
    programs.flatMap(({ program_number, pid }) => [
      program_number >> 8,
      program_number & 255,
      0xe0 | (pid >> 8),
      pid & 255,
    ]),
  )

/** One current PMT section; `descriptors` are those of the programme. RangeError when it exceeds 1024 bytes. */
export const buildPmt = (pmt: Omit<Pmt, "cuei">): Uint8Array => {
  const programme = describe(pmt.descriptors)
  const streams = pmt.streams.flatMap(({ pid, stream_type, descriptors }) => {
    const loop = describe(descriptors)
    return [stream_type, 0xe0 | (pid >> 8), pid & 255, 0xf0 | (loop.length >> 8), loop.length & 255, ...loop]
  })
  const pcr = [0xe0 | (pmt.pcr_pid >> 8), pmt.pcr_pid & 255]
  const body = [...pcr, 0xf0 | (programme.length >> 8), programme.length & 255, ...programme, ...streams]
  return buildSection(TABLE_ID_PMT, pmt.program_number, pmt.version, body)
}

/**
 * TS packets that carry one section from pointer_field on, the rest stuffed; counters run on from `continuity_counter`.
 */
export const packetizeSection = (section: Uint8Array, pid: number, continuity_counter: number): Uint8Array => {
  if (section.length > SECTION_MAX) throw new RangeError(`a section has at most ${SECTION_MAX} bytes`)
  const room = TS_PACKET_SIZE - 4
  const content = new Uint8Array(Math.ceil((section.length + 1) / room) * room).fill(0xff)
  content[0] = 0
  content.set(section, 1)
  const packets = new Uint8Array((content.length / room) * TS_PACKET_SIZE)
  for (let i = 0; i * room < content.length; i++) {
    const payload = content.subarray(i * room, (i + 1) * room)
    packets.set(
      buildPacket({ pid, continuity_counter: continuity_counter + i, unit_start: i === 0, payload }),
      i * TS_PACKET_SIZE,
    )
  }
  return packets
}
