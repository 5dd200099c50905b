// A small check of a single-programme transport stream. It is written apart from the code under test: plain byte
// arithmetic, and no shared parser.

export interface PesUnit {
  /** Byte position of its first and behind its last TS packet. */
  readonly start: number
  end: number
  readonly pts: number
  readonly randomAccess: boolean
  readonly bytes: number[]
}

export interface Section {
  readonly pid: number
  readonly at: number
  readonly bytes: Uint8Array
}

export interface Analysis {
  readonly packets: Map<number, number>
  readonly continuityErrors: number
  readonly pcrs: Array<{ at: number; ticks: number; pid: number }>
  readonly units: Map<number, PesUnit[]>
  readonly sections: Section[]
}

/** Computes CRC-32/MPEG-2 bit by bit; it is 0 over a good section. */
export const slowCrc = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const top = (crc >>> 31) ^ ((byte >> bit) & 1)
      crc = ((crc << 1) ^ (top === 1 ? 0x04c11db7 : 0)) >>> 0
    }
  }
  return crc
}

const bigEndian = (bytes: Uint8Array, at: number, count: number): number => {
  let value = 0
  for (let i = 0; i < count; i++) value = value * 256 + (bytes[at + i] ?? 0)
  return value
}

/** Reads a 33-bit time stamp with marker bits from 5 bytes. */
const timestamp = (b: Uint8Array, at: number): number =>
  Math.floor((bigEndian(b, at, 1) % 16) / 2) * 2 ** 30 +
  Math.floor(bigEndian(b, at + 1, 2) / 2) * 2 ** 15 +
  Math.floor(bigEndian(b, at + 3, 2) / 2)

/**
 * Reads the whole stream; throws on a lost sync byte. PIDs in `sectionPids` carry sections that fit one packet, and
 * other PIDs carry PES.
 */
export const analyse = (ts: Uint8Array, sectionPids: ReadonlyArray<number>): Analysis => {
  const packets = new Map<number, number>()
  const counters = new Map<number, number>()
  const pcrs: Analysis["pcrs"] = []
  const units = new Map<number, PesUnit[]>()
  const sections: Section[] = []
  let continuityErrors = 0
  for (let at = 0; at < ts.length; at += 188) {
    const p = ts.subarray(at, at + 188)
    if (p[0] !== 0x47 || p.length !== 188) throw new Error(`no packet at ${at}`)
    const pid = bigEndian(p, 1, 2) % 0x2000
    const start = (bigEndian(p, 1, 1) & 0x40) !== 0
    const control = (bigEndian(p, 3, 1) >> 4) & 3
    const counter = bigEndian(p, 3, 1) & 15
    packets.set(pid, (packets.get(pid) ?? 0) + 1)
    if (pid === 0x1fff) continue
    const before = counters.get(pid)
    const expected = before === undefined ? counter : (before + (control & 1)) & 15
    if (counter !== expected) continuityErrors++
    counters.set(pid, counter)
    const adaptation = (control & 2) !== 0 ? bigEndian(p, 4, 1) : -1
    const flags = adaptation > 0 ? bigEndian(p, 5, 1) : 0
    if ((flags & 0x10) !== 0) {
      const base = bigEndian(p, 6, 4) * 2 + (bigEndian(p, 10, 1) >> 7)
      pcrs.push({ at, pid, ticks: base * 300 + (bigEndian(p, 10, 2) & 0x1ff) })
    }
    if ((control & 1) === 0) continue
    const payload = p.subarray(5 + adaptation)
    if (sectionPids.includes(pid)) {
      if (!start || payload[0] !== 0) throw new Error(`section of PID ${pid} does not start at its packet's start`)
      sections.push({ pid, at, bytes: payload.slice(1, 4 + (bigEndian(payload, 2, 2) & 0xfff)) })
      continue
    }
    const list = units.get(pid) ?? []
    units.set(pid, list)
    if (start) {
      if (bigEndian(payload, 0, 3) !== 1 || (bigEndian(payload, 7, 1) & 0xc0) === 0)
        throw new Error(`no PES with PTS at ${at}`)
      list.push({ start: at, end: at + 188, pts: timestamp(payload, 9), randomAccess: (flags & 0x40) !== 0, bytes: [] })
    }
    const unit = list.at(-1)
    if (unit === undefined) throw new Error(`PID ${pid} starts inside a PES packet`)
    unit.end = at + 188
    unit.bytes.push(...payload.subarray(start ? 9 + bigEndian(payload, 8, 1) : 0))
  }
  return { packets, continuityErrors, pcrs, units, sections }
}

/** Lists the types of the NAL units of an access unit in Annex B form. */
export const nalTypes = (bytes: ReadonlyArray<number>): number[] =>
  bytes.flatMap((byte, i) =>
    i >= 3 && bytes[i - 1] === 1 && bytes[i - 2] === 0 && bytes[i - 3] === 0 ? [byte & 31] : [],
  )
