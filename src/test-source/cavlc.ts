// Writes CAVLC residual blocks by ITU-T H.264 clause 7.3.5.3.2, with the tables of clause 9.2.
import type { BitWriter } from "./bit-writer.ts"
import { COEFF_TOKEN, COEFF_TOKEN_CHROMA_DC, RUN_BEFORE, TOTAL_ZEROS, TOTAL_ZEROS_CHROMA_DC } from "./cavlc-tables.ts"

interface CodeWord {
  readonly value: number
  readonly length: number
}
type CodeTable = ReadonlyArray<ReadonlyArray<CodeWord>>

const compile = (rows: ReadonlyArray<ReadonlyArray<string>>): CodeTable =>
  rows.map((row) => row.map((bits) => ({ value: Number.parseInt(bits, 2), length: bits.length })))

const LUMA = { token: compile(COEFF_TOKEN), zeros: compile(TOTAL_ZEROS) }
const CHROMA = { token: compile(COEFF_TOKEN_CHROMA_DC), zeros: compile(TOTAL_ZEROS_CHROMA_DC) }
const RUNS = compile(RUN_BEFORE)

const put = (writer: BitWriter, table: CodeTable, row: number, column: number): void => {
  const word = table[row]?.[column]
  if (word === undefined) throw new RangeError(`no CAVLC code word at ${row}, ${column}`)
  writer.put(word.value, word.length)
}

/**
 * Writes a level (clause 9.2.2.1): level_prefix zeros and a one, then the suffix. Levels lie within +-2063, as Baseline
 * allows.
 */
const putLevel = (writer: BitWriter, levelCode: number, suffixLength: number): void => {
  const escapeCode = suffixLength === 0 ? 30 : 15 << suffixLength
  if (levelCode >= escapeCode) {
    writer.put(1, 16)
    writer.put(levelCode - escapeCode, 12)
  } else if (suffixLength > 0) {
    writer.put(1, (levelCode >> suffixLength) + 1)
    writer.put(levelCode & ((1 << suffixLength) - 1), suffixLength)
  } else if (levelCode < 14) {
    writer.put(1, levelCode + 1)
  } else {
    writer.put(1, 15)
    writer.put(levelCode - 14, 4)
  }
}

const levels = new Int32Array(16)
const runs = new Int32Array(16)

/**
 * Writes one block of coefficients in scan order: 16 of them (Intra16x16DCLevel, with neighbours that have no AC) or 4
 * (ChromaDCLevel).
 */
export const writeResidualBlock = (writer: BitWriter, coefficients: Int32Array): void => {
  const { token, zeros } = coefficients.length === 4 ? CHROMA : LUMA
  // Coefficients are gathered from the highest frequency down, the order in which they are sent. The run of a level is
  // the number of zeros below it.
  let total = 0
  let totalZeros = 0
  for (let i = coefficients.length - 1; i >= 0; i--) {
    const level = coefficients[i] ?? 0
    if (level !== 0) {
      levels[total] = level
      runs[total++] = 0
    } else if (total > 0) {
      runs[total - 1] = (runs[total - 1] ?? 0) + 1
      totalZeros++
    }
  }
  let trailingOnes = 0
  while (trailingOnes < Math.min(total, 3) && Math.abs(levels[trailingOnes] ?? 0) === 1) trailingOnes++
  put(writer, token, trailingOnes, total - trailingOnes)
  if (total === 0) return
  for (let i = 0; i < trailingOnes; i++) writer.put((levels[i] ?? 0) < 0 ? 1 : 0, 1)

  let suffixLength = total > 10 && trailingOnes < 3 ? 1 : 0
  for (let i = trailingOnes; i < total; i++) {
    const level = levels[i] ?? 0
    let levelCode = level > 0 ? 2 * level - 2 : -2 * level - 1
    if (i === trailingOnes && trailingOnes < 3) levelCode -= 2
    putLevel(writer, levelCode, suffixLength)
    if (suffixLength === 0) suffixLength = 1
    if (suffixLength < 6 && Math.abs(level) > 3 << (suffixLength - 1)) suffixLength++
  }

  if (total === coefficients.length) return
  put(writer, zeros, total - 1, totalZeros)
  let zerosLeft = totalZeros
  for (let i = 0; i < total - 1 && zerosLeft > 0; i++) {
    const run = runs[i] ?? 0
    put(writer, RUNS, Math.min(zerosLeft, 7) - 1, run)
    zerosLeft -= run
  }
}
