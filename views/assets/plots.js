// Draws a channel's plots from its history, and keeps them up to date. uPlot is loaded before this script.
import { plotOptions, readColours, sampleOf } from "./plot-style.js"

const { uPlot } = globalThis
const root = document.querySelector("#plots")
const holder = root.querySelector("[data-plots]")
const figures = root.querySelector("[data-figures]")

/** The query of the figures on a page that shows one stretch of time and is not kept up to date. */
const { query } = root.dataset
/** Seconds between two updates of a window: one for each new point, but at least 2 s. */
const EVERY_S = { "5m": 2, "1h": 10, "24h": 60 }
const LENGTH_S = { "5m": 300, "1h": 3600, "24h": 86_400 }
const bitrate = (value) =>
  value >= 1e6
    ? `${(value / 1e6).toFixed(2)} Mbit/s`
    : value >= 1e3
      ? `${(value / 1e3).toFixed(0)} kbit/s`
      : `${value.toFixed(0)} bit/s`
const perSecond = (value) => `${value.toFixed(value < 10 ? 1 : 0)}/s`
const milliseconds = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`

const PLOTS = [
  {
    id: "bitrate",
    title: "Bit rate",
    is: ["leg", "output"],
    measures: { bitrate: { scale: "y", unit: "bit/s", name: "", text: bitrate } },
  },
  {
    id: "srt",
    title: "SRT outputs",
    is: ["output"],
    measures: {
      rtt: { scale: "y", unit: "ms", name: "RTT", text: milliseconds },
      lost: { scale: "rate", unit: "/s", name: "lost", text: perSecond },
      retransmitted: { scale: "rate", unit: "/s", name: "retransmitted", text: perSecond },
    },
  },
  {
    id: "errors",
    title: "Input errors",
    is: ["leg"],
    measures: {
      lost: { scale: "y", unit: "/s", name: "RTP lost", text: perSecond },
      cc_errors: { scale: "y", unit: "/s", name: "continuity", text: perSecond },
    },
  },
  {
    id: "down",
    title: "Not connected",
    is: ["leg", "output"],
    measures: { down: { scale: "y", unit: "%", name: "", text: (value) => `${value.toFixed(1)} %` } },
  },
]

const el = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children)
  return element
}

/** Shows the values under the cursor, or else the last ones. */
const showValues = ({ kind, plot, series, values }) => {
  if (!plot) return
  const at = plot.cursor.idx ?? plot.data[0].length - 1
  series.forEach(({ measure }, i) => {
    const value = plot.data[i + 1][at]
    const text = value === null || value === undefined ? "–" : kind.measures[measure].text(value)
    if (values[i].textContent !== text) values[i].textContent = text
  })
}

const legendOf = (state) =>
  el(
    "ul",
    { className: "plot-legend" },
    ...state.series.map(({ measure, of }, i) => {
      const { name } = state.kind.measures[measure]
      const button = el(
        "button",
        { type: "button" },
        sampleOf(i),
        ` ${of}${name === "" ? "" : ` ${name}`} `,
        state.values[i],
      )
      button.setAttribute("aria-pressed", "true")
      button.addEventListener("click", () => {
        const shown = button.getAttribute("aria-pressed") !== "true"
        button.setAttribute("aria-pressed", String(shown))
        state.plot.setSeries(i + 1, { show: shown })
      })
      return el("li", {}, button)
    }),
  )

const widthOf = () => Math.max(280, holder.clientWidth)

const build = (kind, series) => {
  const element = el("figure", { className: "plot" }, el("figcaption", { textContent: kind.title }))
  element.dataset.plot = kind.id
  const canvas = el("div", { role: "img", ariaLabel: `${kind.title} over time; in figures below` })
  const state = {
    kind,
    series,
    element,
    marks: [],
    span: [0, 1],
    values: series.map(() => el("span", { className: "number" })),
    plot: null,
  }
  element.append(canvas, legendOf(state))
  const options = plotOptions(state, widthOf(), () => showValues(state))
  state.plot = new uPlot(options, [[], ...series.map(() => [])], canvas)
  return state
}

const shown = new Map()

const show = ({ marks, series, times, window }) => {
  const last = times.at(-1) ?? Date.now() / 1000
  const first = window === undefined ? (times[0] ?? last - 60) : last - LENGTH_S[window]
  for (const kind of PLOTS) {
    const mine = series.filter(
      ({ is, measure, values }) =>
        kind.is.includes(is) && measure in kind.measures && (kind.id === "bitrate" || values.some((v) => v !== null)),
    )
    let state = shown.get(kind.id)
    const key = mine.map(({ measure, of }) => `${of} ${measure}`).join("\n")
    if (state?.key !== key) {
      const built = mine.length === 0 ? null : Object.assign(build(kind, mine), { key })
      if (state) {
        state.plot.destroy()
        built ? state.element.replaceWith(built.element) : state.element.remove()
      } else if (built) holder.append(built.element)
      state = built
      built ? shown.set(kind.id, built) : shown.delete(kind.id)
    }
    if (!state) continue
    state.marks = marks
    state.span = [first, last]
    state.element.dataset.points = String(times.length)
    state.element.dataset.last = String(last)
    state.plot.setData([times, ...mine.map(({ values }) => values)])
    showValues(state)
  }
}

/** Refreshes the table, which the server renders; text that somebody has selected in it stays selected. */
const refreshFigures = async () => {
  if (!figures?.open || figures.contains(getSelection().anchorNode)) return
  const answer = await fetch(`${figures.dataset.figures}?window=${root.dataset.window}`)
  if (!answer.ok) return
  const { body } = new DOMParser().parseFromString(await answer.text(), "text/html")
  figures.querySelector("div").replaceChildren(...body.childNodes)
}

let timer
let round = 0
const refresh = async () => {
  clearTimeout(timer)
  const mine = ++round
  const { live, window } = root.dataset
  try {
    if (!document.hidden) {
      const answer = await fetch(`${root.dataset.history}?${query ?? `window=${window}`}`)
      // Another window was chosen in the meantime.
      if (mine !== round) return
      if (answer.ok) show(await answer.json())
      await refreshFigures()
    }
  } catch {
    // The service cannot be reached; the plots stand still until it is back.
  }
  if (mine === round && live === "on") timer = setTimeout(refresh, EVERY_S[window] * 1000)
}

root.querySelector(".windows")?.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-window]")
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  root.dataset.window = link.dataset.window
  for (const one of root.querySelectorAll("a[data-window]")) {
    if (one === link) one.setAttribute("aria-current", "true")
    else one.removeAttribute("aria-current")
  }
  history.replaceState(history.state, "", link.href)
  refresh()
})
figures?.addEventListener("toggle", () => refreshFigures().catch(() => undefined))
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && root.dataset.live === "on") refresh()
})
new ResizeObserver(() => {
  for (const { plot } of shown.values()) {
    const width = widthOf()
    if (plot.width !== width) plot.setSize({ width, height: plot.height })
  }
}).observe(holder)
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  readColours()
  for (const { plot } of shown.values()) plot.redraw()
})
refresh()
