/** Access units out of the payloads of video PES packets. */
import { FieldPairs, nalRole } from "./access-units.ts"
import { H264_SPS, h264NalType } from "./h264.ts"
import { findNals } from "./nal.ts"
import type { VideoCodec, VideoUnit } from "./units.ts"
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

interface Held {
  readonly bytes: Uint8Array
  readonly times: Times | null
  readonly picture: boolean
}

interface Piece {
  /** Index of its first NAL unit in the list of starts and ends. */
  readonly nal: number
  readonly idr: boolean
  readonly randomAccess: boolean
  readonly picture: boolean
}

/**
 * What is supported: one unit a PES packet (the rule); several a PES packet, where the later ones get times by the step between units;
 * and units that go on in the next PES packets.
 */
export class VideoUnits {
  private readonly codec: VideoCodec
  private readonly onUnit: (unit: VideoUnit) => void
  private readonly fields = new FieldPairs()
  private held: Held | null = null
  private last: Times | null = null
  private step = DEFAULT_STEP
  private stamped: number | null = null
  private sinceStamped = 0

  constructor(codec: VideoCodec, onUnit: (unit: VideoUnit) => void) {
    this.codec = codec
    this.onUnit = onUnit
  }

  /** Whether a PES packet's payload that begins with these bytes begins with an access unit. */
  begins(payload: Uint8Array): boolean {
    const nals = findNals(payload)
    return nals.length > 0 && leadOf(payload, nals[0] ?? 0) === 0 && this.firstBeginning(payload, nals) === 0
  }

  /** One PES packet's payload, a view; times null when it states none. `goesOn`: its last unit may go on in the next packet. */
  push(payload: Uint8Array, times: Times | null, goesOn: boolean): void {
    const { held } = this
    this.held = null
    const bytes = held === null ? payload : joined(held.bytes, payload)
    const boundary = held === null ? 0 : held.bytes.length
    const nals = findNals(bytes)
    const first = this.firstBeginning(bytes, nals)
    const lead = first === 0 && nals.length > 0 ? leadOf(bytes, nals[0] ?? 0) : (nals[first - 1] ?? bytes.length)
    const pieces = this.split(bytes, nals, first)
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
      if (isLast && (goesOn || (!piece.picture && to - from < HEAD_MAX))) {
        this.held = { bytes: bytes.slice(from, to), times: own, picture: piece.picture }
      } else {
        this.emit(bytes.subarray(from, to), relative(nals, piece.nal, next, from), piece, own)
      }
    }
  }

  /** Something was lost: of a unit that waits for its rest. */
  lost(): void {
    this.held = null
  }

  /** The end: what waits goes out. */
  flush(): void {
    const { held } = this
    this.held = null
    if (held === null || !held.picture) return
    const nals = findNals(held.bytes)
    const [piece] = this.split(held.bytes, nals, 0)
    if (piece !== undefined) this.emit(held.bytes, nals, piece, held.times)
  }

  private firstBeginning(bytes: Uint8Array, nals: ReadonlyArray<number>): number {
    let at = 0
    while (at < nals.length && !nalRole(this.codec, bytes, nals[at] ?? 0, nals[at + 1] ?? 0).begins) at += 2
    return at
  }

  private split(bytes: Uint8Array, nals: ReadonlyArray<number>, first: number): Piece[] {
    const pieces: Piece[] = []
    let [nal, idr, randomAccess, picture, paired, joinedTo] = [first, false, false, false, false, -1]
    for (let i = first; i < nals.length; i += 2) {
      const start = nals[i] ?? 0
      const end = nals[i + 1] ?? 0
      const role = nalRole(this.codec, bytes, start, end)
      if (picture && role.begins && i > joinedTo) {
        const second = paired ? -1 : this.secondField(bytes, nals, i)
        if (second >= 0) {
          joinedTo = second
          paired = true
        } else {
          pieces.push({ nal, idr, randomAccess, picture })
          nal = i
          idr = randomAccess = picture = paired = false
        }
      }
      if (this.codec === "h264" && h264NalType(bytes[start] ?? 0) === H264_SPS) this.fields.see(bytes.subarray(start, end))
      if (role.vcl && !picture && this.fields.possible) this.fields.begin(bytes.subarray(start, end))
      picture ||= role.vcl
      idr ||= role.idr
      randomAccess ||= role.randomAccess
    }
    if (nal < nals.length) pieces.push({ nal, idr, randomAccess, picture })
    return pieces
  }

  /** Index of the next picture's first slice, from `i` on, if it is the second field of the frame that has begun; -1 otherwise. */
  private secondField(bytes: Uint8Array, nals: ReadonlyArray<number>, i: number): number {
    if (!this.fields.possible) return -1
    for (let at = i; at < nals.length; at += 2) {
      const start = nals[at] ?? 0
      const end = nals[at + 1] ?? 0
      if (nalRole(this.codec, bytes, start, end).vcl) return this.fields.completes(bytes.subarray(start, end)) ? at : -1
    }
    return -1
  }

  private emit(bytes: Uint8Array, nals: ReadonlyArray<number>, { idr, randomAccess }: Piece, times: Times | null): void {
    if (times === null && this.last === null) return
    const { pts, dts } = times ?? this.estimated()
    if (times !== null) this.learnStep(dts)
    else this.sinceStamped++
    this.last = { pts, dts }
    this.onUnit({ codec: this.codec, pts90k: pts, dts90k: dts, bytes, nals, idr, randomAccess })
  }

  /** One step behind the unit before. */
  private estimated(): Times {
    const { pts, dts } = this.last ?? { pts: 0, dts: 0 }
    return { pts: wrap33(pts + this.step), dts: wrap33(dts + this.step) }
  }

  private learnStep(dts: number): void {
    const step = this.stamped === null ? 0 : Math.round(difference33(dts, this.stamped) / (1 + this.sinceStamped))
    if (step > 0 && step < LONGEST_STEP) this.step = step
    this.stamped = dts
    this.sinceStamped = 0
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

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(a.length + b.length)
  bytes.set(a)
  bytes.set(b, a.length)
  return bytes
}
