// How plots look: colours, dashes, axes and the marks of events. uPlot is loaded before this script.
import { SIDE, shownTicks, tickTexts } from "./plot-axes.js"
import { stationClock, zone } from "./station-time.js"

const { uPlot } = globalThis

const HEIGHT = 190
const COLOURS = 8
/** Dash patterns of the lines, used with the colours so that nobody has to tell colours apart. */
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [16, 4]]
/** What stands above the line of a mark. */
const SIGNS = { switch: "S", cue_out: "▼", cue_in: "▲", cue: "◆", output_lost: "×", restart: "R" }

/** An element that reads colours from the stylesheet, as canvases know no CSS variables. */
const probe = document.createElement("span")
probe.hidden = true
document.querySelector("#plots").append(probe)
const colourOf = (name) => {
  probe.style.color = `var(--${name})`
  return getComputedStyle(probe).color
}
let colours = {}
/** Reads the colours anew, as after a change between light and dark. */
export const readColours = () => {
  const names = ["ink", "faint", "line", "link", ...Array.from({ length: COLOURS }, (_, i) => `plot-${i}`)]
  colours = Object.fromEntries(names.map((name) => [name, colourOf(name)]))
}
readColours()

/** Sample of the line of series `index`, for the legend. */
export const sampleOf = (index) => {
  const NS = "http://www.w3.org/2000/svg"
  const svg = document.createElementNS(NS, "svg")
  const line = document.createElementNS(NS, "line")
  const set = (of, values) => {
    for (const [name, value] of Object.entries(values)) of.setAttribute(name, value)
  }
  set(svg, { width: 34, height: 8, "aria-hidden": "true", class: `plot-colour-${index % COLOURS}` })
  set(line, {
    x1: 0,
    x2: 34,
    y1: 4,
    y2: 4,
    stroke: "currentColor",
    "stroke-width": 2.5,
    "stroke-dasharray": dashOf(index).join(" "),
  })
  svg.append(line)
  return svg
}
// The dash changes with each series, so pairs of colour and dash repeat only after 40 series.
const dashOf = (index) => DASHES[index % DASHES.length]

const drawMarks = (state) => (plot) => {
  const { ctx, bbox } = plot
  let drawn = 0
  ctx.save()
  ctx.lineWidth = devicePixelRatio
  ctx.strokeStyle = colours.link
  ctx.fillStyle = colours.ink
  ctx.textAlign = "center"
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`
  for (const { at, kind } of state.marks) {
    if (at < plot.scales.x.min || at > plot.scales.x.max) continue
    const x = Math.round(plot.valToPos(at, "x", true))
    ctx.setLineDash(kind === "switch" || kind === "restart" ? [] : [3 * devicePixelRatio, 3 * devicePixelRatio])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    ctx.fillText(SIGNS[kind] ?? "?", x, bbox.top - 3 * devicePixelRatio)
    drawn++
  }
  ctx.restore()
  state.element.dataset.marks = String(drawn)
}

const zeroUp = (_, __, max) => [0, max > 0 ? max * 1.1 : 1]

/**
 * uPlot's options for a plot `width` pixels wide. Of `state`, `kind` and `series` say what is drawn; `marks`, `span` and
 * `element` are read at each drawing. `onCursor` is called when the cursor has moved.
 */
export const plotOptions = (state, width, onCursor) => {
  const { kind, series } = state
  const isEmpty = (plot, scale) =>
    plot.series.every((one, i) => i === 0 || one.scale !== scale || !plot.data[i].some((value) => value > 0))
  const axis = (scale, side, unit, grid) => ({
    scale,
    side,
    grid: { show: grid, stroke: () => colours.line, width: 1 },
    ticks: { stroke: () => colours.line, width: 1 },
    stroke: () => colours.faint,
    size: side === 3 ? SIDE.left : SIDE.right,
    values: (plot, ticks) => tickTexts(shownTicks(ticks, isEmpty(plot, scale)), unit),
  })
  const scales = new Map(Object.values(kind.measures).map(({ scale, unit }) => [scale, unit]))
  return {
    width,
    height: HEIGHT,
    // Where a second axis stands in one plot, the others leave its room free.
    padding: [16, scales.size > 1 ? 0 : SIDE.right, 0, 0],
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone),
    legend: { show: false },
    cursor: { sync: { key: "channel" }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: () => state.span },
      ...Object.fromEntries([...scales.keys()].map((name) => [name, { range: zeroUp }])),
    },
    axes: [
      {
        values: (_, ticks, __, ___, step) =>
          ticks.map((at) => {
            const { clock, date } = stationClock(at * 1000)
            // Ticks of whole days, and those of midnight, are told by their date.
            const isDay = step >= 86_400 || (step >= 3600 && clock === "00:00:00")
            return isDay ? date.slice(5) : clock.slice(0, step < 60 ? 8 : 5)
          }),
        space: 70,
        stroke: () => colours.faint,
        grid: { stroke: () => colours.line, width: 1 },
        ticks: { stroke: () => colours.line, width: 1 },
      },
      ...[...scales].map(([scale, unit], i) => axis(scale, i === 0 ? 3 : 1, unit, i === 0)),
    ],
    series: [
      {},
      ...series.map(({ measure }, i) => ({
        scale: kind.measures[measure].scale,
        stroke: () => colours[`plot-${i % COLOURS}`],
        width: 1.75,
        dash: dashOf(i),
        points: { show: false },
      })),
    ],
    hooks: { draw: [drawMarks(state)], setCursor: [onCursor] },
  }
}
