/** Times that count modulo 2^33 (ISO/IEC 13818-1 2.4.3.7), 90 kHz. */
export const PTS_MODULUS = 2 ** 33
const HALF = 2 ** 32

/** `ticks` reduced to 0 … 2^33 - 1; any whole number. */
export const wrap33 = (ticks: number): number => {
  const rest = ticks % PTS_MODULUS
  return rest < 0 ? rest + PTS_MODULUS : rest
}

/** The way from `from` to `to` by the shorter side of the circle: -2^32 … 2^32 - 1. */
export const difference33 = (to: number, from: number): number => {
  const forward = wrap33(to - from)
  return forward >= HALF ? forward - PTS_MODULUS : forward
}

/** The number congruent to `ticks` (modulo 2^33) that lies nearest to `reference`, which is not wrapped. */
export const unwrapNear = (ticks: number, reference: number): number => reference + difference33(ticks, reference)
