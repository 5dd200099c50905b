import { PCR_MODULUS, TS_PACKET_SIZE } from "../core/ts/packet.ts"
import { AUDIO_FRAME_90K, audioFrame } from "./audio-encoder.ts"
import { drawScene } from "./draw.ts"
import { Multiplexer } from "./multiplexer.ts"
import { buildPes } from "./pes.ts"
import { FRAMES_PER_SECOND, Picture } from "./picture.ts"
import { programTables } from "./program-tables.ts"
import { type BreakPlan, breakAt, CueSchedule, FRAME_90K, isSplicePoint } from "./schedule.ts"
import { VideoEncoder } from "./video-encoder.ts"

/** TS packets in a batch, as many as in one datagram. */
export const BATCH_PACKETS = 7
export const BATCH_BYTES = BATCH_PACKETS * TS_PACKET_SIZE
/** Frames from one IDR picture to the next, at most: 2 s. */
export const GOP_FRAMES = 2 * FRAMES_PER_SECOND
/**
 * PTS less PCR at the moment when a picture or an audio frame begins to be sent: 400 and 200 ms (the audio buffer of
 * 2.4.2.7 is small).
 */
export const VIDEO_DELAY_90K = 36_000
const AUDIO_DELAY_90K = 18_000
const AUDIO_FRAMES_PER_PES = 2
const FRAME_27M = FRAME_90K * 300
/** Bit rate, in bit/s, that audio, tables, cues and packet headers need beside the video. */
const OVERHEAD = 400_000
/**
 * Lowest bit rate. The pictures have a mean rate of about 0.7 Mbit/s, and an IDR picture must get through before it is
 * due.
 */
const MIN_BITRATE = 1_500_000
const MAX_BITRATE = 200_000_000
const PTS_MODULUS = 2 ** 33
const VIDEO_STREAM_ID = 0xe0
const AUDIO_STREAM_ID = 0xc0

/** How a test programme is made; everything has a default. A value out of its range is a RangeError. */
export interface TestProgrammeOptions {
  /** Constant rate of the whole stream in bit/s, null packets included: 1.5 to 200 Mbit/s, default 4 Mbit/s. */
  readonly bitrate?: number
  /**
   * Rate in bit/s up to which filler data pads the pictures; default 0 leaves them at their own rate, about 0.7 Mbit/s.
   */
  readonly videoBitrate?: number
  /** Seconds from one break to the next, at least 5 and more than `breakSeconds`; 0: no breaks. Default 30. */
  readonly breakEverySeconds?: number
  /** Length of a break in seconds, at least 1; default 10. */
  readonly breakSeconds?: number
  /** Seconds between splice_null messages; 0: none. Default 10. */
  readonly spliceNullSeconds?: number
  /** PTS of the first picture, 90 kHz ticks 0..2^33-1; PCR starts 0.4 s before it. Default 10 s. */
  readonly startPts90k?: number
  /** Number of the programme, 1..65535; default 1. */
  readonly programNumber?: number
  /** Shown in the picture (13 characters) and as the service name in the SDT; ASCII. Default "TEST". */
  readonly label?: string
  /** Varies the grain in the picture, so that two sources differ; an integer, default 0. */
  readonly seed?: number
}

/** An endless MPEG-TS programme at a constant rate; the same options give the same bytes. */
export interface TestProgramme {
  /** Returns the next 7 TS packets, 1316 bytes. The buffer is reused: the next call overwrites it. */
  next(): Uint8Array
  /** Writes the next 1316 bytes at an offset of the caller's memory. */
  writeNext(target: Uint8Array, offset: number): void
  /** Microseconds from the start of the stream to the first bit of the last batch given out; 0 before the first. */
  readonly timeUs: number
  /** Constant rate in bit/s. */
  readonly bitrate: number
}

const within = (name: string, value: number, least: number, most: number): number => {
  if (!(value >= least && value <= most))
    throw new RangeError(`${name} must be between ${least} and ${most}, not ${value}`)
  return value
}

const breakPlan = (everySeconds: number, seconds: number): BreakPlan | undefined => {
  if (everySeconds === 0) return undefined
  within("breakEverySeconds", everySeconds, 5, 86_400)
  within("breakSeconds", seconds, 1, everySeconds - 1)
  return { everyFrames: Math.round(everySeconds * FRAMES_PER_SECOND), frames: Math.round(seconds * FRAMES_PER_SECOND) }
}

/** Starts a programme in which no picture and no audio begins after `end`, in 27 MHz ticks. */
const startProgramme = (options: TestProgrammeOptions, end: number): TestProgramme => {
  const videoBitrate = within("videoBitrate", options.videoBitrate ?? 0, 0, MAX_BITRATE)
  const least = Math.max(MIN_BITRATE, Math.ceil(videoBitrate * 1.05) + OVERHEAD)
  const bitrate = Math.round(within("bitrate", options.bitrate ?? 4_000_000, least, MAX_BITRATE))
  const startPts90k = Math.floor(within("startPts90k", options.startPts90k ?? 900_000, 0, PTS_MODULUS - 1))
  const programNumber = within("programNumber", options.programNumber ?? 1, 1, 65_535)
  const heartbeat = within("spliceNullSeconds", options.spliceNullSeconds ?? 10, 0, 86_400)
  const plan = breakPlan(options.breakEverySeconds ?? 30, options.breakSeconds ?? 10)
  const { label = "TEST", seed = 0 } = options

  const encoder = new VideoEncoder()
  const picture = new Picture()
  const cues = new CueSchedule(plan, startPts90k, programNumber, heartbeat * FRAMES_PER_SECOND)
  const pts = (elapsed90k: number): number => (startPts90k + elapsed90k) % PTS_MODULUS
  let frame = 0
  let lastIdr = 0
  let audioFrames = 0

  const video = (now: number) => {
    if (now < frame * FRAME_27M || now > end) return undefined
    const idr = frame === 0 || frame - lastIdr === GOP_FRAMES || isSplicePoint(plan, frame)
    if (idr) lastIdr = frame
    const shown = breakAt(plan, frame)
    drawScene(picture, { frame, label, seed, ...(shown === undefined ? {} : { break: shown }) })
    const { data } = encoder.encode(picture, idr, videoBitrate / 8 / FRAMES_PER_SECOND)
    const pes = buildPes(VIDEO_STREAM_ID, pts(frame * FRAME_90K), [data], false)
    frame++
    return { pes, idr }
  }

  const audio = (now: number) => {
    const elapsed90k = audioFrames * AUDIO_FRAME_90K
    if (now < (elapsed90k + VIDEO_DELAY_90K - AUDIO_DELAY_90K) * 300 || now > end) return undefined
    const frames = Array.from({ length: AUDIO_FRAMES_PER_PES }, (_, i) => audioFrame(audioFrames + i))
    audioFrames += AUDIO_FRAMES_PER_PES
    return buildPes(AUDIO_STREAM_ID, pts(elapsed90k), frames, true)
  }

  const startPcr = ((startPts90k + PTS_MODULUS - VIDEO_DELAY_90K) * 300) % PCR_MODULUS
  const tables = programTables(programNumber, label)
  const multiplexer = new Multiplexer(bitrate, startPcr, tables, {
    video,
    audio,
    cue: (now) => cues.take(now / FRAME_27M),
  })
  const batch = new Uint8Array(BATCH_BYTES)
  let batches = 0

  const programme = {
    bitrate,
    get timeUs() {
      return (Math.max(batches - 1, 0) * BATCH_BYTES * 8 * 1_000_000) / bitrate
    },
    writeNext(target: Uint8Array, offset: number) {
      for (let i = 0; i < BATCH_PACKETS; i++) multiplexer.writePacket(target, offset + i * TS_PACKET_SIZE)
      batches++
    },
    next() {
      programme.writeNext(batch, 0)
      return batch
    },
  }
  return programme
}

/**
 * Starts a test programme: H.264 640x360 at 25 frames a second, a stereo tone in AAC, and SCTE-35 breaks. It is pure:
 * it uses no clock and no sockets. Throws a RangeError for an option out of its range.
 */
export const createTestProgramme = (options: TestProgrammeOptions = {}): TestProgramme =>
  startProgramme(options, Number.POSITIVE_INFINITY)

/**
 * Makes about `seconds` of a test programme in memory, in whole batches. Nothing begins in the last 40 ms, so the last
 * picture is whole.
 */
export const generateTs = (seconds: number, options: TestProgrammeOptions = {}): Uint8Array => {
  const programme = startProgramme(options, seconds * 27_000_000 - FRAME_27M)
  const batches = Math.ceil((seconds * programme.bitrate) / 8 / BATCH_BYTES)
  const ts = new Uint8Array(batches * BATCH_BYTES)
  for (let i = 0; i < batches; i++) programme.writeNext(ts, i * BATCH_BYTES)
  return ts
}
