/** The loss list of a NAK, appendix A of draft-sharabayko-srt-01: single sequence numbers and ranges. */
import { CONTROL_BIT, HEADER_BYTES, sequenceDistance } from "./packet.ts"

/**
 * Walks the list of the NAK at `at` and hands each range to `take`, both ends included. A range that `isSent` denies,
 * one that runs backwards, and one that is cut off end the walk.
 *
 * False when it ended so: what came before has been taken, the rest of the packet cannot be trusted.
 */
export const walkLossList = (
  view: DataView,
  at: number,
  length: number,
  isSent: (sequence: number) => boolean,
  take: (first: number, last: number) => void,
): boolean => {
  const end = at + HEADER_BYTES + ((length - HEADER_BYTES) & ~3)
  if (end === at + HEADER_BYTES) return false
  for (let p = at + HEADER_BYTES; p < end; p += 4) {
    const word = view.getUint32(p)
    let first = word
    let last = word
    if (word >= CONTROL_BIT) {
      p += 4
      if (p >= end) return false
      first = word - CONTROL_BIT
      last = view.getUint32(p)
    }
    if (last >= CONTROL_BIT || sequenceDistance(last, first) < 0 || !isSent(first) || !isSent(last)) return false
    take(first, last)
  }
  return true
}

/** The words of a loss list with these ranges, both ends included. */
export const lossListWords = (ranges: ReadonlyArray<readonly [first: number, last: number]>): number[] =>
  ranges.flatMap(([first, last]) => (first === last ? [first] : [(first | CONTROL_BIT) >>> 0, last]))
