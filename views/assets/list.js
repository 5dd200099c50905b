// The channel list: filters rows while typing, runs countdowns, asks before stopping something, and acts without
// leaving the page.
// All of it also works without this script, by forms. Rows are replaced once a second, so only `data-kept-*` is kept in
// them.
import { post } from "./connection.js"
import { say } from "./copy.js"

const rows = document.getElementById("channel-rows")
const filter = document.getElementById("filter")
const nothing = document.getElementById("nothing")
const selected = document.getElementById("selected")
const bulk = document.getElementById("bulk")
const all = document.getElementById("select-all")
const dialog = document.getElementById("confirm")

// Filter

const showMatching = () => {
  if (!filter) return
  const words = filter.elements.q.value.toLowerCase().split(/\s+/)
  const only = filter.elements.only.checked
  const state = new URLSearchParams(location.search).get("state")
  let shown = 0
  for (const row of rows.children) {
    const matches =
      (!only || row.dataset.problem !== undefined) &&
      (state === null || row.dataset.state === state) &&
      words.every((word) => row.dataset.search?.includes(word))
    if (row.hasAttribute("data-kept-out") === matches) row.toggleAttribute("data-kept-out", !matches)
    if (matches) shown++
  }
  nothing.hidden = shown > 0 || rows.children.length === 0
  for (const counter of document.querySelectorAll("#totals a[data-state]")) {
    const isOn = counter.dataset.state === state
    if (isOn) counter.setAttribute("aria-current", "true")
    else counter.removeAttribute("aria-current")
  }
}

// A counter shows only the channels that it counts; pressed again it shows all.
document.getElementById("totals").addEventListener("click", (event) => {
  const counter = event.target.closest("a[data-state]")
  if (!counter || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  const address = new URL(location)
  if (address.searchParams.get("state") === counter.dataset.state) address.searchParams.delete("state")
  else address.searchParams.set("state", counter.dataset.state)
  history.replaceState(null, "", address)
  showMatching()
})

const keepInAddress = () => {
  const address = new URL(location)
  for (const name of ["q", "only"]) address.searchParams.delete(name)
  for (const [name, value] of new FormData(filter)) if (value !== "") address.searchParams.set(name, value)
  history.replaceState(null, "", address)
}

filter?.addEventListener("input", () => {
  showMatching()
  keepInAddress()
})
filter?.addEventListener("submit", (event) => event.preventDefault())

// Selection: the checkboxes are the state; morphs leave them ticked.

const boxes = () => [...rows.querySelectorAll("tr:not([data-kept-out]) input[name=channel]")]

const countSelected = () => {
  if (!selected) return
  const n = rows.querySelectorAll("input[name=channel]:checked").length
  const text = n === 1 ? "1 channel selected" : `${n} channels selected`
  if (selected.textContent !== text) selected.textContent = text
  bulk.toggleAttribute("data-any", n > 0)
}

document.addEventListener("change", ({ target }) => {
  if (target === all) for (const box of boxes()) box.checked = all.checked
  if (target === all || target.name === "channel") countSelected()
})

// Countdowns follow the service's clock, which came with the page.

const [loaded] = performance.getEntriesByType("navigation")
const ahead = performance.timeOrigin + (loaded?.responseStart ?? 0) - Number(rows.dataset.now)
const two = (n) => String(n).padStart(2, "0")

const countDown = () => {
  if (document.documentElement.classList.contains("lost")) return
  const now = Date.now() - ahead
  for (const place of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.ceil((Number(place.dataset.until) - now) / 1000))
    const text = `${two(Math.floor(left / 60))}:${two(left % 60)}`
    if (place.textContent !== text) place.firstChild.nodeValue = text
  }
}
setInterval(countDown, 1000)

// Runs once for each message of the stream, before the next frame is drawn.
let due = false
const afterUpdate = () => {
  if (due) return
  due = true
  queueMicrotask(() => {
    due = false
    showMatching()
    countSelected()
    countDown()
  })
}
document.addEventListener("htmx:after:swap", afterUpdate)
new MutationObserver(afterUpdate).observe(rows, { childList: true })

// Actions

/** Asks the reader; resolves with the answer. */
const confirmed = (question, verb) =>
  new Promise((resolve) => {
    document.getElementById("confirm-question").textContent = question
    document.getElementById("confirm-yes").textContent = verb
    dialog.returnValue = "no"
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true })
    dialog.showModal()
  })

const NAMED = 5
/** The question of a button; of several channels it names some, and how many there are. */
const questionOf = (form, { dataset: { confirm }, textContent }) => {
  if (!confirm || form.id !== "bulk") return confirm
  const names = [...rows.querySelectorAll("tr:has(input[name=channel]:checked) th > a")].map((link) => link.textContent)
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : ""
  const count = names.length === 1 ? "1 channel" : `${names.length} channels`
  return `${textContent}: ${count} (${names.slice(0, NAMED).join(", ")}${more})? ${confirm}`
}

const send = async (form, button) => {
  const body = new URLSearchParams(new FormData(form, button))
  body.set("confirmed", "yes")
  const done = await post(button.getAttribute("formaction") ?? form.getAttribute("action"), body)
  if (done !== undefined) say(done)
  return done !== undefined
}

document.addEventListener("submit", async (event) => {
  const { submitter: button, target: form } = event
  // While updates are paused the page is loaded again, as without scripts.
  if (!form.matches("[data-live]") || !document.getElementById("stream")) return
  if (button.dataset.leaves !== undefined) return
  event.preventDefault()
  const question = questionOf(form, button)
  if (question && !(await confirmed(question, button.textContent))) return
  if (!(await send(form, button)) || form.id !== "bulk") return
  for (const box of rows.querySelectorAll("input[name=channel]:checked")) box.checked = false
  if (all) all.checked = false
  countSelected()
})

showMatching()
countSelected()
