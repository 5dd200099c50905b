/** Parameter sets as they go by, and the decoder configuration they make. */
import { buildAvcC, H264_AUD, H264_FILLER, H264_PPS, H264_SPS, h264NalType, parseH264Sps } from "../es/h264.ts"
import {
  buildHvcC,
  HEVC_AUD,
  HEVC_FILLER,
  HEVC_PPS,
  HEVC_SPS,
  HEVC_VPS,
  hevcNalType,
  parseHevcSps,
} from "../es/hevc.ts"
import { RbspReader, unescapeRbsp } from "../es/rbsp.ts"
import type { VideoCodec, VideoUnit } from "../es/units.ts"
import type { VideoFacts } from "./metadata.ts"

type SetKind = "vps" | "sps" | "pps"

const KINDS: Readonly<Record<VideoCodec, ReadonlyMap<number, SetKind>>> = {
  h264: new Map([
    [H264_SPS, "sps"],
    [H264_PPS, "pps"],
  ]),
  hevc: new Map([
    [HEVC_VPS, "vps"],
    [HEVC_SPS, "sps"],
    [HEVC_PPS, "pps"],
  ]),
}

/** The most that any configuration may hold (avcC counts SPS in 5 bits and PPS in 8); more in one unit are damage. */
const SETS_MAX: Readonly<Record<SetKind, number>> = { vps: 16, sps: 31, pps: 255 }

const nalType = (codec: VideoCodec, header: number): number =>
  codec === "h264" ? h264NalType(header) : hevcNalType(header)

/**
 * The NAL units that go out: all but access unit delimiters and filler, parameter sets included (as `ffmpeg -c copy`
 * does).
 */
export const carriedNals = ({ codec, bytes, nals }: VideoUnit): ReadonlyArray<number> => {
  const dropped = codec === "h264" ? [H264_AUD, H264_FILLER] : [HEVC_AUD, HEVC_FILLER]
  const isDropped = (i: number) => dropped.includes(nalType(codec, bytes[nals[i] ?? 0] ?? 0))
  const carried: number[] = []
  for (let i = 0; i + 1 < nals.length; i += 2) if (!isDropped(i)) carried.push(nals[i] ?? 0, nals[i + 1] ?? 0)
  return carried
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i])

/** pic_parameter_set_id or pps_pic_parameter_set_id: the first field of the payload. */
const ppsId = (codec: VideoCodec, nal: Uint8Array): number =>
  new RbspReader(unescapeRbsp(nal.subarray(codec === "h264" ? 1 : 2, 12))).ue()

export class VideoConfig {
  readonly #codec: VideoCodec
  #vps: ReadonlyArray<Uint8Array> = []
  #sps: ReadonlyArray<Uint8Array> = []
  #pps: ReadonlyArray<Uint8Array> = []

  constructor(codec: VideoCodec) {
    this.#codec = codec
  }

  /**
   * Takes up the unit's parameter sets: a unit with an SPS brings VPS and SPS anew, a PPS replaces that of its number.
   */
  see({ bytes, nals }: VideoUnit): void {
    const found: Record<SetKind, Uint8Array[]> = { vps: [], sps: [], pps: [] }
    for (let i = 0; i + 1 < nals.length; i += 2) {
      const kind = KINDS[this.#codec].get(nalType(this.#codec, bytes[nals[i] ?? 0] ?? 0))
      if (kind === undefined) continue
      if (found[kind].length >= SETS_MAX[kind]) continue
      const nal = bytes.subarray(nals[i], nals[i + 1])
      if (!found[kind].some((known) => equal(known, nal))) found[kind].push(nal.slice())
    }
    if (found.vps.length > 0) this.#vps = found.vps
    if (found.sps.length > 0) {
      const changed =
        found.sps.length !== this.#sps.length ||
        found.sps.some((nal, i) => !equal(nal, this.#sps[i] ?? nal.subarray(1)))
      this.#sps = found.sps
      if (changed && found.pps.length > 0) this.#pps = []
    }
    if (found.pps.length === 0) return
    const byId = new Map([...this.#pps, ...found.pps].map((nal) => [ppsId(this.#codec, nal), nal]))
    this.#pps = [...byId]
      .filter(([id]) => id < SETS_MAX.pps)
      .sort(([a], [b]) => a - b)
      .map(([, nal]) => nal)
  }

  /** avcC or hvcC; null while a set is missing or cannot be read. */
  record(): Uint8Array | null {
    return this.#codec === "h264" ? buildAvcC(this.#sps, this.#pps) : buildHvcC(this.#vps, this.#sps, this.#pps)
  }

  facts(): VideoFacts | null {
    const [first] = this.#sps
    if (first === undefined) return null
    if (this.#codec === "hevc") {
      const sps = parseHevcSps(first)
      return sps === null ? null : { codec: "hevc", width: sps.width, height: sps.height, frame_rate: null }
    }
    const sps = parseH264Sps(first)
    return sps === null ? null : { codec: "h264", width: sps.width, height: sps.height, frame_rate: sps.frame_rate }
  }
}
