/** A small synthetic transport stream for tests: PAT, PMT with SCTE-35, video with PCR, audio, null packets. */
import { joinBytes } from "../src/core/bytes/join-bytes.ts"
import type { Datagram } from "../src/core/packet-core/testing/reference-datagram.ts"
import { buildRtp } from "../src/core/rtp/header.ts"
import { buildPacket, NULL_PID, TS_PACKET_SIZE } from "../src/core/ts/packet.ts"
import { buildPat, buildPmt, CUEI, packetizeSection, registrationDescriptor, sealSection } from "../src/core/ts/psi.ts"
import { STREAM_TYPE_SCTE35 } from "../src/core/ts/stream-types.ts"

export const PMT_PID = 0x1000
export const VIDEO_PID = 0x100
export const AUDIO_PID = 0x101
export const SCTE35_PID = 500
export const PROGRAM_NUMBER = 1
const PCR_STEP = 27_000_000 / 25

/** Builds a splice_null section (ANSI/SCTE 35 9.7.1) with its CRC_32. */
export const spliceNull = (): Uint8Array =>
  sealSection(Uint8Array.from([0xfc, 0x30, 0x11, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xf0, 0, 0, 0, 0, 0, 0, 0, 0]))

export const pat = (version = 0) =>
  buildPat({ transport_stream_id: 1, version, programs: [{ program_number: PROGRAM_NUMBER, pid: PMT_PID }] })

export const pmt = (version = 0, scte35Pids: ReadonlyArray<number> = [SCTE35_PID]) =>
  buildPmt({
    program_number: PROGRAM_NUMBER,
    version,
    pcr_pid: VIDEO_PID,
    descriptors: [registrationDescriptor(CUEI)],
    streams: [
      { pid: VIDEO_PID, stream_type: 0x1b, descriptors: [] },
      { pid: AUDIO_PID, stream_type: 0x0f, descriptors: [] },
      ...scte35Pids.map((pid) => ({ pid, stream_type: STREAM_TYPE_SCTE35, descriptors: [] })),
    ],
  })

/** Writes TS packets with a continuity counter for each PID. */
export class TsWriter {
  readonly #counters = new Map<number, number>()

  #next(pid: number, packets: number): number {
    const counter = this.#counters.get(pid) ?? 0
    this.#counters.set(pid, (counter + packets) & 15)
    return counter
  }

  section(pid: number, section: Uint8Array): Uint8Array {
    const packets = packetizeSection(section, pid, 0)
    return packetizeSection(section, pid, this.#next(pid, packets.length / TS_PACKET_SIZE))
  }

  media(pid: number, fields: { pcr?: number; random_access?: boolean; discontinuity?: boolean } = {}): Uint8Array {
    const continuity_counter = this.#next(pid, 1)
    const room = Object.keys(fields).length > 0 ? 170 : 184
    const payload = Uint8Array.from({ length: room }, (_, i) => (i * 7 + continuity_counter) & 255)
    return buildPacket({ pid, continuity_counter, payload, ...fields })
  }
}

/** Builds `frames` frames of 40 ms, with PAT and PMT in each and a cue in every tenth. */
export const buildStream = (frames: number): Uint8Array => {
  const writer = new TsWriter()
  const parts: Uint8Array[] = []
  for (let frame = 0; frame < frames; frame++) {
    parts.push(writer.section(0, pat()), writer.section(PMT_PID, pmt()))
    if (frame % 10 === 5) parts.push(writer.section(SCTE35_PID, spliceNull()))
    parts.push(writer.media(VIDEO_PID, { pcr: frame * PCR_STEP, random_access: frame % 25 === 0 }))
    for (let i = 0; i < 8; i++) parts.push(writer.media(VIDEO_PID))
    parts.push(
      writer.media(AUDIO_PID),
      buildPacket({ pid: NULL_PID, continuity_counter: 0, payload: new Uint8Array(184) }),
    )
  }
  return joinBytes(parts)
}

export interface Carriage {
  /** First values of the RTP header; left out for raw UDP. */
  readonly rtp?: { readonly sequence: number; readonly timestamp: number; readonly ssrc: number }
  readonly startUs?: number
  /** Microseconds between datagrams; default 1000. */
  readonly stepUs?: number
  readonly port?: number
  /** TS packets in a datagram; default 7. */
  readonly packets?: number
}

/** Cuts a stream into datagrams; an incomplete last packet is dropped. */
export const toDatagrams = (stream: Uint8Array, carriage: Carriage = {}): Datagram[] => {
  const { rtp, startUs = 1_000_000, stepUs = 1000, port = 5000, packets = 7 } = carriage
  const whole = stream.subarray(0, stream.length - (stream.length % TS_PACKET_SIZE))
  const size = packets * TS_PACKET_SIZE
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, i) => {
    const payload = whole.subarray(i * size, (i + 1) * size)
    const bytes =
      rtp === undefined
        ? payload
        : buildRtp(
            { ssrc: rtp.ssrc, sequence: rtp.sequence + i, timestamp: rtp.timestamp + Math.round(i * stepUs * 0.09) },
            payload,
          )
    return { bytes, rx_us: startUs + i * stepUs, ipv4: 0x7f000001, port }
  })
}
