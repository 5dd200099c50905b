/**
 * The test source's programme without its pictures and sound, so that hours of it pass in seconds. It has the same
 * tables, cues and multiplexer at a low bit rate, with one short PES packet in place of each picture.
 */

import { PCR_MODULUS, TS_PACKET_SIZE } from "../src/core/ts/packet.ts"
import { Multiplexer } from "../src/test-source/multiplexer.ts"
import { buildPes } from "../src/test-source/pes.ts"
import { FRAMES_PER_SECOND } from "../src/test-source/picture.ts"
import { programTables } from "../src/test-source/program-tables.ts"
import { type BreakPlan, CueSchedule, FRAME_90K, isSplicePoint } from "../src/test-source/schedule.ts"
import { BATCH_BYTES, BATCH_PACKETS, GOP_FRAMES, VIDEO_DELAY_90K } from "../src/test-source/test-programme.ts"

const PTS_MODULUS = 2 ** 33
const FRAME_27M = FRAME_90K * 300
const VIDEO_STREAM_ID = 0xe0
/** An access unit delimiter, which stands for a whole picture. */
const PICTURE = Uint8Array.of(0, 0, 0, 1, 9, 0xf0)

export interface LongProgrammeOptions {
  /** Bit rate of the whole stream in bit/s; tables, PCR and pictures take about 150 000 of it. */
  readonly bitrate: number
  /** PTS of the first picture in 90 kHz ticks of 33 bits. */
  readonly startPts90k: number
  readonly breakEverySeconds: number
  readonly breakSeconds: number
  readonly spliceNullSeconds: number
}

/** A datagram of the programme: 7 TS packets, valid until the next call, and its time in us since the start. */
export interface Batch {
  readonly bytes: Uint8Array
  readonly timeUs: number
}

/** Yields `seconds` of a programme, and tells `onCue` every section when it is made. */
export function* longProgramme(
  seconds: number,
  options: LongProgrammeOptions,
  onCue: (section: Uint8Array) => void,
): Generator<Batch> {
  const { bitrate, breakEverySeconds, breakSeconds, spliceNullSeconds, startPts90k } = options
  const plan: BreakPlan = {
    everyFrames: breakEverySeconds * FRAMES_PER_SECOND,
    frames: breakSeconds * FRAMES_PER_SECOND,
  }
  const schedule = new CueSchedule(plan, startPts90k, 1, spliceNullSeconds * FRAMES_PER_SECOND)
  let frame = 0
  const video = (now: number) => {
    if (now < frame * FRAME_27M) return undefined
    const idr = frame % GOP_FRAMES === 0 || isSplicePoint(plan, frame)
    const pes = buildPes(VIDEO_STREAM_ID, (startPts90k + frame * FRAME_90K) % PTS_MODULUS, [PICTURE], false)
    frame++
    return { pes, idr }
  }
  const cue = (now: number) => {
    const section = schedule.take(now / FRAME_27M)
    if (section !== undefined) onCue(section)
    return section
  }
  const startPcr = ((startPts90k + PTS_MODULUS - VIDEO_DELAY_90K) * 300) % PCR_MODULUS
  const multiplexer = new Multiplexer(bitrate, startPcr, programTables(1, "LONG"), {
    video,
    audio: () => undefined,
    cue,
  })
  const bytes = new Uint8Array(BATCH_BYTES)
  const batches = Math.floor((seconds * bitrate) / 8 / BATCH_BYTES)
  for (let n = 0; n < batches; n++) {
    for (let i = 0; i < BATCH_PACKETS; i++) multiplexer.writePacket(bytes, i * TS_PACKET_SIZE)
    yield { bytes, timeUs: (n * BATCH_BYTES * 8 * 1_000_000) / bitrate }
  }
}
