// The tables of the test programme: PAT and PMT (ISO/IEC 13818-1 2.4.4), SDT (ETSI EN 300 468 5.2.3), SCTE-35
// signalling (SCTE 35 8).
import { buildPat, buildPmt, packetizeSection, registrationDescriptor, sealSection } from "../core/ts/psi.ts"
import { STREAM_TYPE_SCTE35 } from "../core/ts/stream-types.ts"

export const PAT_PID = 0
export const SDT_PID = 17
/** PIDs as AWS Elemental MediaLive numbers them by default. */
export const PMT_PID = 480
export const VIDEO_PID = 481
export const AUDIO_PID = 482
export const SCTE35_PID = 500

const STREAM_TYPE_H264 = 0x1b
const STREAM_TYPE_AAC_ADTS = 0x0f
const TAG_LANGUAGE = 0x0a
const TAG_CUE_IDENTIFIER = 0x8a
const TAG_SERVICE = 0x48
const TRANSPORT_STREAM_ID = 1
const ORIGINAL_NETWORK_ID = 0xff01
const PROVIDER = "Stream Distributor"

const ascii = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0) & 0x7f)

/** Builds the SDT of the actual stream with one running service, whose name players show. */
const buildSdt = (programNumber: number, name: string): Uint8Array => {
  const service = [1, PROVIDER.length, ...ascii(PROVIDER), name.length, ...ascii(name)] // service_type 1: digital television
  const descriptor = [TAG_SERVICE, service.length, ...service]
  const body = [
    ORIGINAL_NETWORK_ID >> 8,
    ORIGINAL_NETWORK_ID & 255,
    0xff,
    programNumber >> 8,
    programNumber & 255,
    0xfc,
  ]
  body.push(0x80 | (descriptor.length >> 8), descriptor.length & 255, ...descriptor) // running, not scrambled
  const length = 5 + body.length + 4
  const head = [
    0x42,
    0xf0 | (length >> 8),
    length & 255,
    TRANSPORT_STREAM_ID >> 8,
    TRANSPORT_STREAM_ID & 255,
    0xc1,
    0,
    0,
  ]
  return sealSection(Uint8Array.from([...head, ...body, 0, 0, 0, 0]))
}

/** The tables of a programme: one TS packet for each, with continuity counter 0. */
export interface ProgramTables {
  readonly pat: Uint8Array
  readonly pmt: Uint8Array
  readonly sdt: Uint8Array
}

/** Builds the tables of a programme with H.264, AAC and SCTE-35; `name` is cut to 48 characters. */
export const programTables = (programNumber: number, name: string): ProgramTables => ({
  pat: packetizeSection(
    buildPat({
      transport_stream_id: TRANSPORT_STREAM_ID,
      version: 0,
      programs: [{ program_number: programNumber, pid: PMT_PID }],
    }),
    PAT_PID,
    0,
  ),
  pmt: packetizeSection(
    buildPmt({
      program_number: programNumber,
      version: 0,
      pcr_pid: VIDEO_PID,
      descriptors: [registrationDescriptor("CUEI")],
      streams: [
        { pid: VIDEO_PID, stream_type: STREAM_TYPE_H264, descriptors: [] },
        {
          pid: AUDIO_PID,
          stream_type: STREAM_TYPE_AAC_ADTS,
          descriptors: [{ tag: TAG_LANGUAGE, data: Uint8Array.from([...ascii("eng"), 0]) }],
        },
        // cue_stream_type 0 means splice_insert, splice_null and splice_schedule.
        {
          pid: SCTE35_PID,
          stream_type: STREAM_TYPE_SCTE35,
          descriptors: [{ tag: TAG_CUE_IDENTIFIER, data: Uint8Array.of(0) }],
        },
      ],
    }),
    PMT_PID,
    0,
  ),
  sdt: packetizeSection(buildSdt(programNumber, name.slice(0, 48)), SDT_PID, 0),
})
