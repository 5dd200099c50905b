/** Builds transport streams for tests, packet by packet. */
import { joinBytes } from "../../bytes/join-bytes.ts"
import { buildPacket } from "../../ts/packet.ts"
import { buildPat, buildPmt, type Descriptor, packetizeSection } from "../../ts/psi.ts"

export const VIDEO_PID = 0x100
export const AUDIO_PID = 0x101
export const PMT_PID = 0x1000

const timeField = (prefix: number, time: number): number[] => {
  const high = Math.floor(time / 2 ** 30) & 7
  const low = time % 2 ** 30
  return [
    (prefix << 4) | (high << 1) | 1,
    (low >> 22) & 255,
    ((low >> 14) & 0xfe) | 1,
    (low >> 7) & 255,
    ((low << 1) & 0xfe) | 1,
  ]
}

export interface PesOptions {
  readonly pts?: number
  readonly dts?: number
  /** Whether PES_packet_length is stated, modulo 65536. */
  readonly bounded?: boolean
  readonly streamId?: number
  readonly scrambled?: boolean
  /** Bytes of stuffing in the PES header. */
  readonly stuffing?: number
}

/** Makes a PES packet (ISO/IEC 13818-1 2.4.3.6). */
export const pesPacket = (payload: Uint8Array, options: PesOptions = {}): Uint8Array => {
  const { pts, dts, bounded = false, streamId = 0xe0, scrambled = false, stuffing = 0 } = options
  const times =
    pts === undefined ? [] : dts === undefined ? timeField(2, pts) : [...timeField(3, pts), ...timeField(1, dts)]
  const flags = pts === undefined ? 0 : dts === undefined ? 0x80 : 0xc0
  const header = [
    scrambled ? 0x90 : 0x80,
    flags,
    times.length + stuffing,
    ...times,
    ...new Array<number>(stuffing).fill(0xff),
  ]
  const length = bounded ? (header.length + payload.length) & 0xffff : 0
  return joinBytes([Uint8Array.of(0, 0, 1, streamId, length >> 8, length & 255, ...header), payload])
}

export interface TsStream {
  readonly pid: number
  readonly stream_type: number
  readonly descriptors?: ReadonlyArray<Descriptor>
}

export const H264_AAC: ReadonlyArray<TsStream> = [
  { pid: VIDEO_PID, stream_type: 0x1b },
  { pid: AUDIO_PID, stream_type: 0x0f },
]

/** Writes TS packets with continuity counters that run on. */
export class TsWriter {
  readonly #counters = new Map<number, number>()
  readonly #packets: Uint8Array[] = []
  #version = 0

  /** Everything written so far. */
  get bytes(): Uint8Array {
    return joinBytes(this.#packets)
  }

  /** Number of packets written so far. */
  get length(): number {
    return this.#packets.length
  }

  /** Writes PAT and PMT of one programme; streams that differ from those before make another version. */
  tables(streams: ReadonlyArray<TsStream> = H264_AAC, program_number = 1, pid = PMT_PID): this {
    const version = this.#version++
    this.pat([{ program_number, pid }])
    return this.pmt(streams, program_number, pid, version)
  }

  pat(programs: ReadonlyArray<{ readonly program_number: number; readonly pid: number }>, version = 0): this {
    return this.section(0, buildPat({ transport_stream_id: 1, version, programs }))
  }

  pmt(streams: ReadonlyArray<TsStream>, program_number = 1, pid = PMT_PID, version = 0): this {
    const full = streams.map((stream) => ({ descriptors: [], ...stream }))
    return this.section(pid, buildPmt({ program_number, version, pcr_pid: VIDEO_PID, descriptors: [], streams: full }))
  }

  section(pid: number, section: Uint8Array): this {
    const packets = packetizeSection(section, pid, this.take(pid, Math.ceil((section.length + 1) / 184)))
    for (let at = 0; at < packets.length; at += 188) this.#packets.push(packets.subarray(at, at + 188))
    return this
  }

  /** Writes a PES packet in TS packets; `change` edits each of them, and may leave it out. */
  pes(
    pid: number,
    pes: Uint8Array,
    change: (packet: Uint8Array, index: number) => Uint8Array | null = (packet) => packet,
  ): this {
    for (let at = 0, index = 0; at < pes.length; index++) {
      const size = Math.min(184, pes.length - at)
      const packet = buildPacket({
        pid,
        continuity_counter: this.take(pid, 1),
        unit_start: at === 0,
        payload: pes.subarray(at, at + size),
      })
      const changed = change(packet, index)
      if (changed !== null) this.#packets.push(changed)
      at += size
    }
    return this
  }

  /** Writes any packet as it is. */
  packet(packet: Uint8Array): this {
    this.#packets.push(packet)
    return this
  }

  /** Returns the counter of the next packet of a PID, and uses up those of `count` packets. */
  take(pid: number, count: number): number {
    const counter = this.#counters.get(pid) ?? 0
    this.#counters.set(pid, (counter + count) & 15)
    return counter
  }
}
