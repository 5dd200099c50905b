// A small H.264 encoder (ITU-T H.264) of constrained baseline level 3. IDR pictures consist of intra macroblocks, and P
// pictures skip what did not change.
import { BitWriter } from "./bit-writer.ts"
import { QP, writeMacroblock } from "./macroblock.ts"
import { FRAMES_PER_SECOND, MB_COLUMNS, MB_ROWS, Picture } from "./picture.ts"

const NAL_SLICE = 1
const NAL_IDR_SLICE = 5
const NAL_SPS = 7
const NAL_PPS = 8
const NAL_ACCESS_UNIT_DELIMITER = 9
const NAL_FILLER = 12

/** A picture in the form that goes into one PES packet: an access unit in Annex B form. */
export interface EncodedPicture {
  readonly data: Uint8Array
  readonly idr: boolean
}

/** Writes the sequence parameter set of clause 7.3.2.1.1, with the VUI of Annex E. */
const writeSps = (w: BitWriter): void => {
  w.put(66, 8) // profile_idc: Baseline
  w.put(0xc0, 8) // constraint_set0_flag and constraint_set1_flag: Constrained Baseline
  w.put(30, 8) // level_idc 3: 640x368 at 25 frames a second is 23000 macroblocks a second of 40500
  w.ue(0) // seq_parameter_set_id
  w.ue(4) // log2_max_frame_num_minus4
  w.ue(2) // pic_order_cnt_type: output order is decoding order
  w.ue(1) // max_num_ref_frames
  w.put(0, 1) // gaps_in_frame_num_value_allowed_flag
  w.ue(MB_COLUMNS - 1)
  w.ue(MB_ROWS - 1)
  w.put(0b11, 2) // frame_mbs_only_flag, direct_8x8_inference_flag
  w.put(1, 1) // frame_cropping_flag
  for (const offset of [0, 0, 0, 4]) w.ue(offset) // left, right, top, bottom, in units of two lines
  w.put(1, 1) // vui_parameters_present_flag
  w.put(1, 1) // aspect_ratio_info_present_flag
  w.put(1, 8) // square samples
  w.put(0, 1) // overscan_info_present_flag
  w.put(1, 1) // video_signal_type_present_flag
  w.put(0b101_0_1, 5) // unspecified format, limited range, colour description follows
  for (let i = 0; i < 3; i++) w.put(1, 8) // BT.709 primaries, transfer and matrix
  w.put(0, 1) // chroma_loc_info_present_flag
  w.put(1, 1) // timing_info_present_flag
  w.put(1, 32) // num_units_in_tick
  w.put(2 * FRAMES_PER_SECOND, 32) // time_scale counts fields
  w.put(1, 1) // fixed_frame_rate_flag
  w.put(0b00_0_1, 4) // no HRD, no pic_struct, bitstream_restriction_flag
  w.put(1, 1) // motion_vectors_over_pic_boundaries_flag
  for (const value of [0, 0, 10, 10, 0, 1]) w.ue(value) // max_bytes, max_bits, vector ranges, no reordering, one frame buffered
  w.trailing()
}

/** Writes the picture parameter set of clause 7.3.2.2. */
const writePps = (w: BitWriter): void => {
  w.ue(0) // pic_parameter_set_id
  w.ue(0) // seq_parameter_set_id
  w.put(0, 2) // CAVLC, no bottom_field_pic_order
  for (let i = 0; i < 3; i++) w.ue(0) // one slice group, one reference in each list
  w.put(0, 3) // no weighted prediction
  w.se(QP - 26) // pic_init_qp_minus26
  w.se(0) // pic_init_qs_minus26
  w.se(0) // chroma_qp_index_offset
  w.put(0b100, 3) // deblocking_filter_control_present_flag, neighbours of inter macroblocks may predict intra ones, no redundant pictures
  w.trailing()
}

/** Encodes pictures one after another. It is deterministic. */
export class VideoEncoder {
  readonly #previous = new Picture()
  readonly #decoded = new Picture()
  readonly #rbsp = new BitWriter()
  #unit: Uint8Array = new Uint8Array(65536)
  #unitLength = 0
  #frameNum = 0
  #idrPicId = 0

  /**
   * Encodes the next picture; `minBytes` pads the access unit with filler data (clause 7.3.2.7) up to about that size.
   */
  encode(target: Picture, idr: boolean, minBytes: number): EncodedPicture {
    this.#unitLength = 0
    this.#frameNum = idr ? 0 : (this.#frameNum + 1) & 0xff
    this.#nal(0, NAL_ACCESS_UNIT_DELIMITER, (w) => {
      w.put(idr ? 0 : 1, 3) // primary_pic_type: I, or I and P
      w.trailing()
    })
    if (idr) {
      this.#idrPicId = (this.#idrPicId + 1) & 1
      this.#nal(3, NAL_SPS, writeSps)
      this.#nal(3, NAL_PPS, writePps)
      this.#nal(3, NAL_IDR_SLICE, (w) => this.#writeIdrSlice(w, target))
    } else {
      this.#nal(2, NAL_SLICE, (w) => this.#writeSlice(w, target))
    }
    const missing = minBytes - this.#unitLength - 6
    if (missing > 0) {
      this.#nal(0, NAL_FILLER, (w) => {
        for (let i = 0; i < missing; i++) w.put(0xff, 8)
        w.trailing()
      })
    }
    this.#previous.set(target)
    return { data: this.#unit.slice(0, this.#unitLength), idr }
  }

  /** Writes the slice_header (clause 7.3.3) of the only slice of a picture. */
  #writeSliceHeader(w: BitWriter, idr: boolean): void {
    w.ue(0) // first_mb_in_slice
    w.ue(idr ? 7 : 5) // slice_type: all slices I, all slices P
    w.ue(0) // pic_parameter_set_id
    w.put(this.#frameNum, 8)
    if (idr) {
      w.ue(this.#idrPicId)
      w.put(0, 2) // no_output_of_prior_pics_flag, long_term_reference_flag
    } else {
      w.put(0, 3) // one reference as in the PPS, list not modified, sliding window marking
    }
    w.se(0) // slice_qp_delta
    w.ue(1) // disable_deblocking_filter_idc: cells stay flat
  }

  #writeIdrSlice(w: BitWriter, target: Picture): void {
    this.#writeSliceHeader(w, true)
    for (let row = 0; row < MB_ROWS; row++) {
      for (let column = 0; column < MB_COLUMNS; column++) writeMacroblock(w, target, this.#decoded, column, row, 0)
    }
    w.trailing()
  }

  /**
   * Writes the slice. A macroblock that did not change is P_Skip: all vectors are zero, so it copies the previous
   * picture (8.4.1.1).
   */
  #writeSlice(w: BitWriter, target: Picture): void {
    this.#writeSliceHeader(w, false)
    let skipped = 0
    for (let row = 0; row < MB_ROWS; row++) {
      for (let column = 0; column < MB_COLUMNS; column++) {
        if (!target.differs(this.#previous, column, row)) {
          skipped++
          continue
        }
        w.ue(skipped) // mb_skip_run
        skipped = 0
        writeMacroblock(w, target, this.#decoded, column, row, 5)
      }
    }
    if (skipped > 0) w.ue(skipped)
    w.trailing()
  }

  /**
   * Writes a NAL unit: the start code of Annex B, the NAL header, and the payload with emulation prevention (clause
   * 7.4.1).
   */
  #nal(refIdc: number, type: number, write: (writer: BitWriter) => void): void {
    this.#rbsp.reset()
    write(this.#rbsp)
    const payload = this.#rbsp.view()
    this.#reserve(6 + payload.length * 1.5)
    const unit = this.#unit
    let at = this.#unitLength
    unit.set([0, 0, 0, 1, (refIdc << 5) | type], at)
    at += 5
    let zeros = 0
    for (const byte of payload) {
      if (zeros >= 2 && byte <= 3) {
        unit[at++] = 3
        zeros = 0
      }
      unit[at++] = byte
      zeros = byte === 0 ? zeros + 1 : 0
    }
    this.#unitLength = at
  }

  #reserve(bytes: number): void {
    if (this.#unitLength + bytes <= this.#unit.length) return
    const grown = new Uint8Array((this.#unitLength + Math.ceil(bytes)) * 2)
    grown.set(this.#unit)
    this.#unit = grown
  }
}
