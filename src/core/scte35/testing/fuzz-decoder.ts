/**
 * The fuzz target of the SCTE-35 decoder. It damages sound sections and makes up bytes, and holds the decoder to its
 * promises for each. The short run in the suite and load-tests/fuzz share it. The same seed gives the same
 * cases.
 */

import { toBase64, toHex } from "../../bytes/bytes-text.ts"
import { sealSection } from "../../ts/psi.ts"
import { decodeCueText } from "../cue-text.ts"
import { decodeSpliceInfoSection } from "../decode-section.ts"
import { describeCue } from "../describe-cue.ts"
import { effectivePts } from "../effective-pts.ts"
import { encodeSpliceInfoSection } from "../encode-section.ts"
import { CRC_SIZE, type SpliceInfoSection } from "../section-fields.ts"
import { PTS_MODULUS } from "../timing.ts"

/** Returns unsigned 32-bit numbers that depend on a seed (mulberry32). */
export type Random = () => number

export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

export interface FuzzCounts {
  /** Number of byte strings that are no section. */
  refused: number
  /** Number of sections with `errors`. */
  damaged: number
  /** Number of sections without `errors`. */
  sound: number
}

const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xfc, 0xfe, 0xff]
const LONGEST = 300

const madeUp = (random: Random): Uint8Array => {
  const bytes = Uint8Array.from({ length: random() % LONGEST }, () => random() >>> 24)
  if (random() % 4 > 0 && bytes.length > 0) bytes[0] = 0xfc
  if (random() % 2 > 0 && bytes.length > 13) bytes.set([0, 0, 0, 0, 0, 0], 3)
  if (random() % 2 > 0 && bytes.length > 13) bytes.set([0xff, 0xff, [0, 4, 5, 6, 7, 0xff][random() % 6] ?? 0], 11)
  return bytes
}

const damage = (random: Random, corpus: ReadonlyArray<Uint8Array>): Uint8Array => {
  let bytes = (corpus[random() % corpus.length] ?? new Uint8Array(0)).slice()
  for (let rounds = 1 + (random() % 4); rounds > 0; rounds--) {
    const at = bytes.length === 0 ? 0 : random() % bytes.length
    const other = corpus[random() % corpus.length] ?? bytes
    switch (random() % 6) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (random() % 8))
        break
      case 1:
        bytes[at] = EDGES[random() % EDGES.length] ?? 0
        break
      case 2:
        bytes[at] = random() >>> 24
        break
      case 3:
        bytes = bytes.slice(0, at)
        break
      case 4:
        bytes = Uint8Array.of(...bytes.subarray(0, at), ...other.subarray(random() % other.length, other.length))
        break
      default:
        bytes = Uint8Array.of(
          ...bytes.subarray(0, at),
          ...bytes.subarray(Math.min(bytes.length, at + 1 + (random() % 3))),
        )
    }
  }
  return bytes
}

/** Corrects section_length and CRC_32, so that the decoder reaches the damage. */
const mend = (bytes: Uint8Array): void => {
  if (bytes.length < 3 + CRC_SIZE) return
  const length = Math.min(bytes.length - 3, 0xfff)
  bytes[1] = ((bytes[1] ?? 0) & 0xf0) | (length >> 8)
  bytes[2] = length & 0xff
  sealSection(bytes)
}

const makeCase = (random: Random, corpus: ReadonlyArray<Uint8Array>): Uint8Array => {
  const bytes = random() % 5 === 0 ? madeUp(random) : damage(random, corpus)
  if (random() % 3 > 0) mend(bytes)
  return bytes
}

const insist = (holds: boolean, claim: string): void => {
  if (!holds) throw new Error(claim)
}

const checkSection = (section: SpliceInfoSection): void => {
  const size = section.section_length + 3
  const pts = effectivePts(section)
  insist(section.hex.length === size * 2, "hex is the section")
  insist(section.crc_ok || section.errors.length > 0, "a wrong CRC_32 is an error")
  insist(pts === null || (Number.isInteger(pts) && pts >= 0 && pts < PTS_MODULUS), "the effective PTS has 33 bits")
  insist(describeCue(section).length > 0, "a section has a description")
  const written = toHex(encodeSpliceInfoSection(section))
  const compared = section.crc_ok ? size * 2 : (size - CRC_SIZE) * 2
  insist(
    written.slice(0, compared) === section.hex.slice(0, compared) && written.length === size * 2,
    "encode(decode(x)) is x",
  )
}

/** Checks the text of a case as somebody might paste it; now and then the text is damaged too. */
const checkText = (random: Random, bytes: Uint8Array): void => {
  const text = random() % 2 === 0 ? toBase64(bytes) : toHex(bytes)
  const at = random() % (text.length + 1)
  const pasted =
    random() % 2 === 0
      ? text
      : text.slice(0, at) + String.fromCharCode(random() % 128) + text.slice(at + (random() % 3))
  const decoded = decodeCueText(pasted)
  insist(decoded.ok || decoded.error.length > 0, "a refusal says why")
}

/**
 * Runs `cases` cases. Throws an Error that holds the case in hexadecimal when the decoder throws, when a section that
 * it returns does not encode to the same bytes, or when a refusal gives no reason. `decode` stands for the decoder, so
 * that a test can see that this works.
 */
export const fuzzDecoder = (
  cases: number,
  seed: number,
  corpus: ReadonlyArray<Uint8Array>,
  decode = decodeSpliceInfoSection,
): FuzzCounts => {
  const random = seededRandom(seed)
  const counts: FuzzCounts = { refused: 0, damaged: 0, sound: 0 }
  for (let n = 0; n < cases; n++) {
    const bytes = makeCase(random, corpus)
    try {
      const decoded = decode(bytes)
      if (decoded.ok) checkSection(decoded.section)
      else insist(decoded.error.length > 0, "a refusal says why")
      if (n % 16 === 0) checkText(random, bytes)
      counts[!decoded.ok ? "refused" : decoded.section.errors.length > 0 ? "damaged" : "sound"]++
    } catch (cause) {
      throw new Error(`case ${n} of seed ${seed}, ${toHex(bytes)}: ${cause instanceof Error ? cause.message : cause}`, {
        cause,
      })
    }
  }
  return counts
}
