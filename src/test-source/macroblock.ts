// Codes Intra_16x16 macroblocks with DC prediction and DC coefficients only (ITU-T H.264 7.3.5, 8.3.3.3, 8.3.4, 8.5.10,
// 8.5.11). A DC coefficient moves a whole 4x4 block, so a picture of flat cells decodes to flat cells, and one cell
// stands for its 16 pixels.
import type { BitWriter } from "./bit-writer.ts"
import { writeResidualBlock } from "./cavlc.ts"
import { CHROMA_COLUMNS, LUMA_COLUMNS, type Picture } from "./picture.ts"

/**
 * Quantiser of the whole stream. At 20, a level step is 26/64 of a luma and 52/64 of a chroma value, so any flat colour
 * is met exactly.
 */
export const QP = 20
const LUMA_STEP = 26
const CHROMA_STEP = 52

/** Position in raster order of each coefficient in zig-zag order (clause 8.5.6). */
const ZIGZAG = [0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15]

const clip = (value: number): number => Math.max(0, Math.min(value, 255))

const work = new Int32Array(16)
const lumaLevels = new Int32Array(16)
const cbLevels = new Int32Array(4)
const crLevels = new Int32Array(4)
const prediction = new Int32Array(4)

/** Applies the 4x4 Hadamard transform of equation 8-326 in place; applied twice, it multiplies by 16. */
const hadamard4 = (block: Int32Array): void => {
  for (let pass = 0; pass < 2; pass++) {
    const stride = pass === 0 ? 1 : 4
    for (let line = 0; line < 4; line++) {
      const at = line * (pass === 0 ? 4 : 1)
      const a = block[at] ?? 0
      const b = block[at + stride] ?? 0
      const c = block[at + 2 * stride] ?? 0
      const d = block[at + 3 * stride] ?? 0
      block[at] = a + b + c + d
      block[at + stride] = a + b - c - d
      block[at + 2 * stride] = a - b - c + d
      block[at + 3 * stride] = a - b + c - d
    }
  }
}

/** Predicts luma by Intra_16x16_DC (8.3.3.3) over cells: each neighbouring cell stands for four equal samples. */
const predictLuma = (y: Uint8Array, at: number, top: boolean, left: boolean): number => {
  let sum = 0
  for (let i = 0; i < 4; i++) {
    if (top) sum += y[at - LUMA_COLUMNS + i] ?? 0
    if (left) sum += y[at - 1 + i * LUMA_COLUMNS] ?? 0
  }
  return top && left ? (sum + 4) >> 3 : top || left ? (sum + 2) >> 2 : 128
}

const codeLuma = (y: Uint8Array, target: Uint8Array, at: number, top: boolean, left: boolean): void => {
  const predicted = predictLuma(y, at, top, left)
  for (let i = 0; i < 16; i++) work[i] = (target[at + (i >> 2) * LUMA_COLUMNS + (i & 3)] ?? 0) - predicted
  hadamard4(work)
  for (let i = 0; i < 16; i++) work[i] = Math.round(((work[i] ?? 0) * 4) / LUMA_STEP)
  for (let i = 0; i < 16; i++) lumaLevels[i] = work[ZIGZAG[i] ?? 0] ?? 0
  hadamard4(work)
  for (let i = 0; i < 16; i++) {
    y[at + (i >> 2) * LUMA_COLUMNS + (i & 3)] = clip(predicted + ((LUMA_STEP * (work[i] ?? 0) + 32) >> 6))
  }
}

/** Predicts chroma by Intra_Chroma_DC (8.3.4.1-3): each 4x4 block has its own rule for which neighbours count. */
const predictChroma = (plane: Uint8Array, at: number, top: boolean, left: boolean): void => {
  const t0 = plane[at - CHROMA_COLUMNS] ?? 0
  const t1 = plane[at - CHROMA_COLUMNS + 1] ?? 0
  const l0 = plane[at - 1] ?? 0
  const l1 = plane[at - 1 + CHROMA_COLUMNS] ?? 0
  prediction[0] = top && left ? (t0 + l0 + 1) >> 1 : top ? t0 : left ? l0 : 128
  prediction[1] = top ? t1 : left ? l0 : 128
  prediction[2] = left ? l1 : top ? t0 : 128
  prediction[3] = top && left ? (t1 + l1 + 1) >> 1 : top ? t1 : left ? l1 : 128
}

/** Returns whether any level is not zero. */
const codeChroma = (
  plane: Uint8Array,
  target: Uint8Array,
  at: number,
  top: boolean,
  left: boolean,
  levels: Int32Array,
): boolean => {
  predictChroma(plane, at, top, left)
  const position = (i: number): number => at + (i >> 1) * CHROMA_COLUMNS + (i & 1)
  const difference = (i: number): number => (target[position(i)] ?? 0) - (prediction[i] ?? 0)
  const [a, b, c, d] = [difference(0), difference(1), difference(2), difference(3)]
  const quantise = (value: number): number => Math.round((value * 16) / CHROMA_STEP)
  const [p, q, r, s] = [
    quantise(a + b + c + d),
    quantise(a - b + c - d),
    quantise(a + b - c - d),
    quantise(a - b - c + d),
  ]
  levels.set([p, q, r, s])
  const residual = [p + q + r + s, p - q + r - s, p + q - r - s, p - q - r + s]
  for (let i = 0; i < 4; i++)
    plane[position(i)] = clip((prediction[i] ?? 0) + ((CHROMA_STEP * (residual[i] ?? 0) + 32) >> 6))
  return p !== 0 || q !== 0 || r !== 0 || s !== 0
}

/**
 * Writes one macroblock of `target`, and puts what a decoder will show into `decoded`, from which later macroblocks are
 * predicted. `firstMbType` is 0 in an I slice and 5 in a P slice (Table 7-13: intra types follow the five inter types).
 */
export const writeMacroblock = (
  writer: BitWriter,
  target: Picture,
  decoded: Picture,
  mbColumn: number,
  mbRow: number,
  firstMbType: 0 | 5,
): void => {
  const top = mbRow > 0
  const left = mbColumn > 0
  const chromaAt = mbRow * 2 * CHROMA_COLUMNS + mbColumn * 2
  codeLuma(decoded.y, target.y, mbRow * 4 * LUMA_COLUMNS + mbColumn * 4, top, left)
  const cb = codeChroma(decoded.cb, target.cb, chromaAt, top, left, cbLevels)
  const cr = codeChroma(decoded.cr, target.cr, chromaAt, top, left, crLevels)
  const chroma = cb || cr
  // mb_type by Table 7-11: 1 + prediction mode (2 is DC) + 4 * CodedBlockPatternChroma + 12 * (luma AC present).
  writer.ue(firstMbType + 3 + (chroma ? 4 : 0))
  writer.ue(0) // intra_chroma_pred_mode: DC
  writer.se(0) // mb_qp_delta
  writeResidualBlock(writer, lumaLevels)
  if (chroma) {
    writeResidualBlock(writer, cbLevels)
    writeResidualBlock(writer, crLevels)
  }
}
