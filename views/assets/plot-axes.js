// Texts and places of a plot's axes, without a browser.

const BIT_UNITS = [
  [1e9, "Gbit/s"],
  [1e6, "Mbit/s"],
  [1e3, "kbit/s"],
  [1, "bit/s"],
]
/** Fewest decimals, three at most, that write a step between two ticks exactly. */
const decimalsOf = (step) =>
  [0, 1, 2].find((digits) => Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6) ?? 3
const stepOf = (ticks) => (ticks.length < 2 ? (ticks[0] ?? 1) : ticks[1] - ticks[0])

/**
 * Texts of the ticks of an axis of `unit` (`bit/s`, or any other as it is written); an axis on which everything is zero
 * has one text.
 */
export const tickTexts = (ticks, unit) => {
  const known = ticks.filter((tick) => tick !== null)
  const highest = Math.max(0, ...known)
  const [by, name] = unit === "bit/s" ? (BIT_UNITS.find(([size]) => highest >= size) ?? BIT_UNITS[3]) : [1, unit]
  const decimals = decimalsOf(stepOf(known) / by)
  return ticks.map((tick) => (tick === null ? "" : tick === 0 ? "0" : `${(tick / by).toFixed(decimals)} ${name}`))
}

/** Ticks to show: of an axis that no value gives a scale the zero alone. */
export const shownTicks = (ticks, isEmpty) => (isEmpty ? ticks.map((tick) => (tick === 0 ? 0 : null)) : ticks)

/** Room beside a plot in CSS pixels on either side: equal for all plots of a page, so that their times align. */
export const SIDE = { left: 92, right: 72 }
