// Tells a reader when the page no longer follows the service, greys what is old, and answers failed actions where
// they were asked for.
import { stationClock } from "./station-time.js"

/** Longest silence of a page's stream in ms; the service gives a sign of life every 5 s. */
const SILENT_MS = 12_000
/** Grace in ms for a stream that ended, as when the service is restarted. */
const GRACE_MS = 2500
const SHOWN_MS = 10_000

const root = document.documentElement
const stream = document.getElementById("stream")

// Over HTTPS and on this machine browsers let a page say that the service is away, instead of an error of their own.
navigator.serviceWorker?.register("/static/sw.js", { scope: "/" }).catch(() => {})

// Answers where the click was

let place = { x: 0, y: 0 }
const notePlace = (element) => {
  const { bottom, left } = element.getBoundingClientRect()
  place = { x: left, y: bottom }
}
addEventListener(
  "pointerdown",
  ({ target }) => target.closest && notePlace(target.closest("a, button") ?? target),
  true,
)
addEventListener(
  "keydown",
  ({ key }) => key === "Enter" && document.activeElement && notePlace(document.activeElement),
  true,
)

let said
let saidTimer
/** Says a sentence beside the control that was last used, for 10 s or until the next click. */
export const sayThere = (text) => {
  said?.remove()
  clearTimeout(saidTimer)
  said = document.createElement("p")
  said.className = "said-there"
  said.setAttribute("role", "alert")
  document.body.append(said)
  said.textContent = text
  const { height, width } = said.getBoundingClientRect()
  said.style.left = `${Math.max(8, Math.min(place.x, innerWidth - width - 8))}px`
  said.style.top = `${Math.max(8, Math.min(place.y + 4, innerHeight - height - 8))}px`
  saidTimer = setTimeout(() => said.remove(), SHOWN_MS)
}
addEventListener("pointerdown", () => said?.remove(), true)

/** The sentence of a refusal: the problem's own words where there are some. */
export const refusalOf = (status, type, text) => {
  if (!type?.includes("json")) return `The service answers ${status}: nothing was changed.`
  const { detail = "", errors = [] } = JSON.parse(text)
  return errors.length === 0 ? detail : errors.map(({ message }) => message).join("; ")
}

const UNREACHABLE = "The service cannot be reached: nothing was changed. What you typed is still here; try again."

// Whether the page follows the service

let since = Date.now()
let lost = false
let banner
let due
const clock = (ms) => {
  const { clock, offset } = stationClock(ms)
  return `${clock} ${offset}`
}
const lostText = () => `Connection lost, data from ${clock(since)}. Buttons do nothing until it is back; trying again …`

const mark = (isLost) => {
  root.classList.toggle("lost", isLost)
  for (const button of document.querySelectorAll("main button, main a.button")) {
    if (isLost) button.setAttribute("aria-disabled", "true")
    else button.removeAttribute("aria-disabled")
  }
}
const lose = (text = lostText()) => {
  clearTimeout(due)
  due = undefined
  if (!lost) {
    lost = true
    banner = document.createElement("p")
    banner.id = "connection"
    banner.className = "banner error"
    banner.setAttribute("role", "alert")
    document.body.prepend(banner)
    mark(true)
  }
  if (banner.textContent !== text) banner.textContent = text
}
const find = () => {
  since = Date.now()
  clearTimeout(due)
  due = undefined
  if (!lost) return
  lost = false
  banner.remove()
  mark(false)
}

if (stream) {
  let connection
  const isOurs = (event) => event.target === stream || event.detail?.ctx?.sourceElement === stream
  document.addEventListener("htmx:sse:before:connection", ({ detail }) => {
    connection = detail.connection
    if (connection.attempt > 0 && !document.hidden) due ??= setTimeout(lose, GRACE_MS)
  })
  document.addEventListener("htmx:sse:after:connection", find)
  document.addEventListener("htmx:sse:before:message", find)
  document.addEventListener("htmx:sse:error", ({ detail }) => {
    if (detail.status === 401 || detail.status === 403)
      lose("You are no longer logged in. Load the page again to log in.")
  })
  document.addEventListener("htmx:sse:close", () => document.hidden || lose())
  // A stream that could not be opened at all is not tried again by itself.
  const reopen = async () => {
    try {
      if ((await fetch("/livez", { cache: "no-store" })).ok) return location.reload()
    } catch {
      // The service is still away.
    }
    setTimeout(reopen, 3000)
  }
  for (const name of ["htmx:error", "htmx:response:error"]) {
    document.addEventListener(name, (event) => {
      if (!isOurs(event)) return
      lose()
      setTimeout(reopen, 3000)
    })
  }
  setInterval(() => {
    if (document.hidden) return
    if (Date.now() - since < SILENT_MS) return
    lose()
    // A connection whose other end is gone without a word would be waited for in vain.
    connection?.reader?.cancel()
  }, 1000)
  document.addEventListener("visibilitychange", () => {
    // Streams rest while nobody looks.
    if (!document.hidden && !lost) since = Date.now()
  })
}

const isAction = (target) => target.closest?.('main a[href]:not([href^="#"]), main button:not([type="button"])')
addEventListener(
  "click",
  (event) => {
    if (!lost || !isAction(event.target)) return
    event.preventDefault()
    event.stopImmediatePropagation()
    sayThere(`${lostText()}`)
  },
  true,
)

// Actions that failed

document.addEventListener("htmx:error", ({ detail }) => {
  const source = detail.ctx?.sourceElement
  if (!source || source === stream || source.matches("[hx-trigger]")) return
  sayThere(UNREACHABLE)
})
document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
  const type = ctx.response.headers.get("content-type")
  // A page says by itself what is wrong.
  if (ctx.sourceElement === stream || ctx.sourceElement.matches("[hx-trigger]") || type?.includes("html")) return
  sayThere(refusalOf(ctx.response.status, type, ctx.text))
})

/** Posts a form's fields as scripts do; says where it was asked for why it failed, and is undefined then. */
export const post = async (to, body) => {
  try {
    const answer = await fetch(to, { method: "POST", body, headers: { "HX-Request": "true" } })
    const text = await answer.text()
    if (answer.ok) return text
    sayThere(refusalOf(answer.status, answer.headers.get("content-type"), text))
  } catch {
    sayThere(UNREACHABLE)
  }
}
