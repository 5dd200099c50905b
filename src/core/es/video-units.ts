/** Access units out of the payloads of video PES packets. */
import { FieldPairs, nalRole } from "./access-units.ts"
import { H264_SPS, h264NalType } from "./h264.ts"
import { findNals, NalScan } from "./nal.ts"
import { VIDEO_PES_MAX } from "./pes-assembler.ts"
import type { LossReason, VideoCodec, VideoUnit } from "./units.ts"
import { difference33, wrap33 } from "./unwrap.ts"

/** 90 kHz, 33 bits. */
export interface Times {
  readonly pts: number
  readonly dts: number
}

/** The step between units until two times were seen: 25 a second. */
const DEFAULT_STEP = 3600
const LONGEST_STEP = 90_000
/** Parameter sets and the like wait for their picture up to this size. */
const HEAD_MAX = 1 << 20
/**
 * Bytes of a unit that comes in several PES packets: as much as one PES packet may hold. An HEVC 2160p60 intra picture
 * of a 2 Gbit/s stream has half of it, and RTMP carries it twice over.
 */
export const UNIT_MAX = VIDEO_PES_MAX
/** NAL units of one: an encoder that cuts such a picture into slices of 1400 bytes for packet networks makes 6000. */
export const UNIT_NALS_MAX = 8192
const HELD_INITIAL = 256 * 1024
/** A buffer that grew beyond this is given back when its unit is out. */
const HELD_KEPT = 2 * 1024 * 1024

/** What is known of the unit at hand, in front of one of its NAL units. */
interface SplitState {
  readonly idr: boolean
  readonly randomAccess: boolean
  readonly picture: boolean
  readonly paired: boolean
  /** Index of the second field's first slice; -1 without one. */
  readonly joinedTo: number
}

/**
 * A unit that waits for its rest; its bytes lie in the buffer, and nothing of it is looked at twice but its last NAL
 * unit.
 */
interface Held {
  readonly size: number
  readonly times: Times | null
  readonly picture: boolean
  /** Index of the last of its NAL units in their list. */
  readonly last: number
  readonly beforeLast: SplitState
}

const FRESH: SplitState = { idr: false, randomAccess: false, picture: false, paired: false, joinedTo: -1 }

interface Piece {
  /** Index of its first NAL unit in the list of starts and ends. */
  readonly nal: number
  readonly idr: boolean
  readonly randomAccess: boolean
  readonly picture: boolean
}

/**
 * What is supported: one unit a PES packet (the rule); several a PES packet, where the later ones get times by the step
 * between units; and units that go on in the next PES packets.
 */
export class VideoUnits {
  readonly #codec: VideoCodec
  readonly #onUnit: (unit: VideoUnit) => void
  readonly #onLost: (reason: LossReason, bytes: number) => void
  readonly #fields = new FieldPairs()
  #held: Held | null = null
  #buffer = new Uint8Array(0)
  /** Over what is held, and what came now. */
  readonly #scan = new NalScan()
  /** As `split` left it in front of the last NAL unit it saw. */
  #beforeLast = FRESH
  #last: Times | null = null
  #step = DEFAULT_STEP
  #stamped: number | null = null
  #sinceStamped = 0

  /** `onLost`: bytes were left out because no unit was to be found in them, or one without an end. */
  constructor(
    codec: VideoCodec,
    onUnit: (unit: VideoUnit) => void,
    onLost: (reason: LossReason, bytes: number) => void,
  ) {
    this.#codec = codec
    this.#onUnit = onUnit
    this.#onLost = onLost
  }

  /** Whether a PES packet's payload that begins with these bytes begins with an access unit. */
  begins(payload: Uint8Array): boolean {
    const nals = findNals(payload)
    return nals.length > 0 && leadOf(payload, nals[0] ?? 0) === 0 && this.#firstBeginning(payload, nals) === 0
  }

  /**
   * One PES packet's payload, a view; times null when it states none. `goesOn`: its last unit may go on in the next
   * packet.
   */
  push(payload: Uint8Array, times: Times | null, goesOn: boolean): void {
    const size = this.#held?.size ?? 0
    if (size > 0 && size + payload.length > UNIT_MAX) {
      this.#held = null
      this.#onLost("too_large", size)
    }
    const held = this.#held
    this.#held = null
    const bytes = held === null ? payload : this.#joined(held.size, payload)
    const boundary = held === null ? 0 : held.size
    if (held === null) this.#scan.restart()
    const nals = this.#scan.take(bytes, UNIT_NALS_MAX)
    if (nals.length === 0 || nals.length > 2 * UNIT_NALS_MAX) {
      this.#onLost(nals.length === 0 ? "no_start_code" : "malformed", bytes.length)
      return
    }
    const first = held === null ? this.#firstBeginning(bytes, nals) : 0
    const lead = held !== null ? 0 : first === 0 ? leadOf(bytes, nals[0] ?? 0) : (nals[first - 1] ?? bytes.length)
    const pieces = this.#split(bytes, nals, first, held?.beforeLast ?? FRESH, held?.last ?? first)
    let unused: Times | null = times
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i]
      if (piece === undefined) break
      const next = pieces[i + 1]?.nal ?? nals.length
      const from = i === 0 ? lead : (nals[piece.nal - 1] ?? 0)
      const to = next < nals.length ? (nals[next - 1] ?? 0) : bytes.length
      const old = held !== null && (nals[piece.nal] ?? 0) < boundary
      const own = old ? (i === 0 ? held.times : null) : unused
      if (!old) unused = null
      const isLast = next === nals.length
      if (isLast && (goesOn || (!piece.picture && to - from < HEAD_MAX))) this.#hold(bytes, from, nals, piece, own)
      else this.#emit(bytes.subarray(from, to), relative(nals, piece.nal, next, from), piece, own)
    }
    if (this.#held === null && this.#buffer.length > HELD_KEPT) this.#buffer = new Uint8Array(0)
  }

  /** Keeps what lies from `from` on in the buffer. */
  #hold(bytes: Uint8Array, from: number, nals: ReadonlyArray<number>, piece: Piece, times: Times | null): void {
    const size = bytes.length - from
    if (bytes.buffer !== this.#buffer.buffer) {
      this.#reserve(0, size)
      this.#buffer.set(bytes.subarray(from))
    } else if (from > 0) this.#buffer.copyWithin(0, from, bytes.length)
    const { joinedTo } = this.#beforeLast
    // A unit that begins with the last NAL unit begins afresh there.
    const isFresh = piece.nal >= nals.length - 2
    const beforeLast = isFresh ? FRESH : { ...this.#beforeLast, joinedTo: joinedTo < 0 ? -1 : joinedTo - piece.nal }
    this.#scan.shift(piece.nal, from)
    this.#held = { size, times, picture: piece.picture, last: nals.length - 2 - piece.nal, beforeLast }
  }

  /** The held bytes with the payload behind them. */
  #joined(size: number, payload: Uint8Array): Uint8Array {
    this.#reserve(size, size + payload.length)
    this.#buffer.set(payload, size)
    return this.#buffer.subarray(0, size + payload.length)
  }

  /** Makes room for `wanted` bytes, of which the first `used` are kept. */
  #reserve(used: number, wanted: number): void {
    if (wanted <= this.#buffer.length) return
    const grown = new Uint8Array(Math.max(wanted, Math.min(2 * this.#buffer.length, UNIT_MAX), HELD_INITIAL))
    grown.set(this.#buffer.subarray(0, used))
    this.#buffer = grown
  }

  /** Something was lost: of a unit that waits for its rest. */
  lost(): void {
    this.#held = null
  }

  /** The end: what waits goes out. */
  flush(): void {
    const held = this.#held
    this.#held = null
    if (held === null || !held.picture) return
    const { beforeLast, last, size, times } = held
    const { nals } = this.#scan
    const bytes = this.#buffer.subarray(0, size)
    const [piece] = this.#split(bytes, nals, 0, beforeLast, last)
    if (piece !== undefined) this.#emit(bytes, nals, piece, times)
  }

  #firstBeginning(bytes: Uint8Array, nals: ReadonlyArray<number>): number {
    let at = 0
    while (at < nals.length && !nalRole(this.#codec, bytes, nals[at] ?? 0, nals[at + 1] ?? 0).begins) at += 2
    return at
  }

  /** The units of `nals` from index `first` on, of which those before `at` were looked at before and left `state`. */
  #split(bytes: Uint8Array, nals: ReadonlyArray<number>, first: number, state: SplitState, at: number): Piece[] {
    const pieces: Piece[] = []
    let nal = first
    let { idr, randomAccess, picture, paired, joinedTo } = state
    for (let i = at; i < nals.length; i += 2) {
      if (i === nals.length - 2) this.#beforeLast = { idr, randomAccess, picture, paired, joinedTo }
      const start = nals[i] ?? 0
      const end = nals[i + 1] ?? 0
      const role = nalRole(this.#codec, bytes, start, end)
      if (picture && role.begins && i > joinedTo) {
        const second = paired ? -1 : this.#secondField(bytes, nals, i)
        if (second >= 0) {
          joinedTo = second
          paired = true
        } else {
          pieces.push({ nal, idr, randomAccess, picture })
          nal = i
          idr = randomAccess = picture = paired = false
        }
      }
      if (this.#codec === "h264" && h264NalType(bytes[start] ?? 0) === H264_SPS)
        this.#fields.see(bytes.subarray(start, end))
      if (role.vcl && !picture && this.#fields.possible) this.#fields.begin(bytes.subarray(start, end))
      picture ||= role.vcl
      idr ||= role.idr
      randomAccess ||= role.randomAccess
    }
    if (nal < nals.length) pieces.push({ nal, idr, randomAccess, picture })
    return pieces
  }

  /**
   * Index of the next picture's first slice, from `i` on, if it is the second field of the frame that has begun; -1
   * otherwise.
   */
  #secondField(bytes: Uint8Array, nals: ReadonlyArray<number>, i: number): number {
    if (!this.#fields.possible) return -1
    for (let at = i; at < nals.length; at += 2) {
      const start = nals[at] ?? 0
      const end = nals[at + 1] ?? 0
      if (nalRole(this.#codec, bytes, start, end).vcl)
        return this.#fields.completes(bytes.subarray(start, end)) ? at : -1
    }
    return -1
  }

  #emit(bytes: Uint8Array, nals: ReadonlyArray<number>, { idr, randomAccess }: Piece, times: Times | null): void {
    if (times === null && this.#last === null) return
    const { pts, dts } = times ?? this.#estimated()
    if (times !== null) this.#learnStep(dts)
    else this.#sinceStamped++
    this.#last = { pts, dts }
    this.#onUnit({ codec: this.#codec, pts90k: pts, dts90k: dts, bytes, nals, idr, randomAccess })
  }

  /** One step behind the unit before. */
  #estimated(): Times {
    const { pts, dts } = this.#last ?? { pts: 0, dts: 0 }
    return { pts: wrap33(pts + this.#step), dts: wrap33(dts + this.#step) }
  }

  #learnStep(dts: number): void {
    const step = this.#stamped === null ? 0 : Math.round(difference33(dts, this.#stamped) / (1 + this.#sinceStamped))
    if (step > 0 && step < LONGEST_STEP) this.#step = step
    this.#stamped = dts
    this.#sinceStamped = 0
  }
}

/** Bytes before the first start code with its zero bytes. */
const leadOf = (bytes: Uint8Array, firstNal: number): number => {
  let at = firstNal - 3
  while (at > 0 && bytes[at - 1] === 0) at--
  return at
}

const relative = (nals: ReadonlyArray<number>, from: number, to: number, origin: number): ReadonlyArray<number> =>
  from === 0 && to === nals.length && origin === 0 ? nals : nals.slice(from, to).map((at) => at - origin)
