/** NAL units in a byte stream: ITU-T H.264 Annex B, ITU-T H.265 Annex B. */

/**
 * Adds start and end of every NAL unit of `bytes` to `out`, without start codes, zero_byte and trailing_zero_8bits;
 * nothing is copied. Empty units are left out. What stands before the first start code is not part of any.
 */
export const findNals = (bytes: Uint8Array, out: number[] = []): number[] => {
  let open = -1
  // Byte by byte in JavaScript this is the dearest loop of the whole way; indexOf runs on vectors.
  for (let at = bytes.indexOf(1, 2); at > 0; at = bytes.indexOf(1, at + 1)) {
    if (bytes[at - 1] !== 0 || bytes[at - 2] !== 0) continue
    if (open >= 0) close(bytes, open, at - 2, out)
    open = at + 1
  }
  if (open >= 0) close(bytes, open, bytes.length, out)
  return out
}

const close = (bytes: Uint8Array, start: number, limit: number, out: number[]): void => {
  let end = limit
  while (end > start && bytes[end - 1] === 0) end--
  if (end > start) out.push(start, end)
}

/** As `findNals`, of bytes that grow: what was searched before is not searched again. */
export class NalScan {
  /** Start and end of each unit so far; the last may turn out longer. */
  nals: number[] = []
  #known = 0
  #open = -1
  /** Behind the last byte of the open unit that is not zero. */
  #end = 0
  #isLastOpen = false

  /**
   * Takes the bytes of before with more behind them. Stops when there are more than `most` units, and is of no use then
   * but for `restart`.
   */
  take(bytes: Uint8Array, most: number): ReadonlyArray<number> {
    if (this.#isLastOpen) this.nals.length -= 2
    const known = this.#known
    const nals = this.nals
    for (
      let at = bytes.indexOf(1, Math.max(2, known));
      at > 0 && nals.length <= 2 * most;
      at = bytes.indexOf(1, at + 1)
    ) {
      if (bytes[at - 1] !== 0 || bytes[at - 2] !== 0) continue
      this.#close(bytes, at - 2)
      this.#open = this.#end = at + 1
    }
    this.#isLastOpen = this.#close(bytes, bytes.length)
    this.#known = bytes.length
    return nals
  }

  /** The bytes up to `from`, and with them the first `index / 2` units, are no longer there. */
  shift(index: number, from: number): void {
    if (from === 0) return
    this.nals = this.nals.slice(index).map((at) => at - from)
    this.#known -= from
    this.#open -= from
    this.#end -= from
  }

  restart(): void {
    this.nals = []
    this.#known = 0
    this.#open = -1
    this.#end = 0
    this.#isLastOpen = false
  }

  /** Adds the open unit, which ends at `limit` at the latest; false for one that is empty so far. */
  #close(bytes: Uint8Array, limit: number): boolean {
    if (this.#open < 0) return false
    const floor = Math.max(this.#end, this.#known)
    let end = limit
    while (end > floor && bytes[end - 1] === 0) end--
    if (end > floor) this.#end = end
    if (this.#end <= this.#open) return false
    this.nals.push(this.#open, this.#end)
    return true
  }
}

/** Each NAL unit as a view. */
export const nalViews = (bytes: Uint8Array, nals: ReadonlyArray<number> = findNals(bytes)): Uint8Array[] => {
  const views: Uint8Array[] = []
  for (let i = 0; i + 1 < nals.length; i += 2) views.push(bytes.subarray(nals[i], nals[i + 1]))
  return views
}
