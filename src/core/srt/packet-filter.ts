/**
 * The packet filter of libsrt, `fec,cols:10,rows:5,layout:staircase,arq:onreq`, checked before libsrt sees it: 1.5.1
 * crashes on an empty one and takes sizes that no buffer holds.
 */

/** Columns and rows libsrt takes go further; SMPTE 2022-1 matrices, which it follows, have at most 20 of each. */
const SIZE_MAX = 128

const FIELDS: Readonly<Record<string, (value: string) => boolean>> = {
  cols: (value) => /^\d{1,3}$/.test(value) && Number(value) >= 2 && Number(value) <= SIZE_MAX,
  // 1: no columns; negative: as many rows for the matrix, without column groups.
  rows: (value) =>
    /^-?\d{1,3}$/.test(value) && Math.abs(Number(value)) <= SIZE_MAX && !["0", "-0", "-1"].includes(value),
  layout: (value) => value === "even" || value === "staircase",
  arq: (value) => value === "always" || value === "onreq" || value === "never",
}

/** What is wrong with a packet filter; null when it can be given to libsrt. */
export const packetFilterProblem = (text: string): string | null => {
  const [kind, ...fields] = text.split(",")
  const usage = `must be like fec,cols:10,rows:5,layout:staircase,arq:onreq (cols 2 to ${SIZE_MAX}, rows 1 to ${SIZE_MAX})`
  if (kind !== "fec" || !fields.some((field) => field.startsWith("cols:"))) return usage
  const seen = new Set<string>()
  for (const field of fields) {
    const [key = "", value = "", ...more] = field.split(":")
    const check = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined
    if (check === undefined || more.length > 0 || seen.has(key) || !check(value)) return usage
    seen.add(key)
  }
  return null
}
