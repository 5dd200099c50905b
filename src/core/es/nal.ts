/** NAL units in a byte stream: ITU-T H.264 Annex B, ITU-T H.265 Annex B. */

/**
 * Adds start and end of every NAL unit of `bytes` to `out`, without start codes, zero_byte and trailing_zero_8bits; nothing is
 * copied. Empty units are left out. What stands before the first start code is not part of any.
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

/** Each NAL unit as a view. */
export const nalViews = (bytes: Uint8Array, nals: ReadonlyArray<number> = findNals(bytes)): Uint8Array[] => {
  const views: Uint8Array[] = []
  for (let i = 0; i + 1 < nals.length; i += 2) views.push(bytes.subarray(nals[i], nals[i + 1]))
  return views
}
