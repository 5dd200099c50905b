/** Which datagrams of a channel are hit by a fault: the small language of `--loss`, `--duplicate` and `--reorder`. */

/** Decides for a datagram number (0, 1, ...) of a channel. */
export type Selection = (index: number, channel: number) => boolean

/** Same answer for the same arguments: runs can be repeated. */
const noise = (index: number, channel: number): number => {
  let x = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(channel + 1, 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d)
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39)
  return ((x ^ (x >>> 15)) >>> 0) / 4294967296
}

/**
 * `every:N` the last of each N; `burst:N:L` the last L of each N; `list:3,8` exactly these numbers; a fraction such as
 * `0.01` that share, spread at random but the same in every run. Throws on anything else.
 */
export const parseSelection = (text: string): Selection => {
  const [kind = "", first = "", second = ""] = text.split(":")
  const n = Number(first)
  if (kind === "every" && n >= 1) return (index) => index % n === n - 1
  if (kind === "burst" && n >= 1 && Number(second) >= 1) return (index) => index % n >= n - Number(second)
  if (kind === "list" && /^\d+(,\d+)*$/.test(first)) {
    const numbers = new Set(first.split(",").map(Number))
    return (index) => numbers.has(index)
  }
  const share = Number(text)
  if (text !== "" && share >= 0 && share <= 1) return (index, channel) => noise(index, channel) < share
  throw new Error(`"${text}" is not every:N, burst:N:L, list:a,b or a fraction`)
}

export const never: Selection = () => false
