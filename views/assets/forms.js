// Shows secrets on demand, and keeps them in their fields when a form comes back from the server, which never sends
// them.

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveal]")
  const field = button && document.getElementById(button.dataset.reveal)
  if (!field) return
  const shown = field.type === "password"
  field.type = shown ? "text" : "password"
  button.setAttribute("aria-pressed", String(shown))
  button.textContent = shown ? "Hide" : "Show"
})

const fields = () => document.querySelectorAll("form input:not([type=hidden]), form textarea")
let typed = new Map()

document.addEventListener("htmx:before:swap", () => {
  typed = new Map([...fields()].filter(({ id }) => id !== "").map((field) => [field.id, field.value]))
})

document.addEventListener("htmx:after:swap", (event) => {
  for (const field of fields()) {
    const before = typed.get(field.id)
    const isMasked = field.value.includes("***") || field.closest(".secret") !== null
    if (before && isMasked && before !== field.value) field.value = before
  }
  // Only for a form that was refused, not for fragments that are swapped in while somebody types.
  if (event.target?.id !== "main" && event.detail?.ctx?.target?.id !== "main") return
  const [wrong] = document.querySelectorAll('#main [aria-invalid="true"]')
  for (const details of document.querySelectorAll("#main details:has([aria-invalid])")) details.open = true
  wrong?.focus()
})

// Back brings a half-filled form back as it was left. Answers are not kept by the browser, so the tab keeps what was
// typed; secrets, and URLs that may hold some, are left out.
const KEY = `form ${location.pathname}${location.search}`
const MAY_HOLD_SECRETS = /[?&][^=]*(?:pass|key|token|secret|sig)[^=]*=|:\/\/[^/]*@|^rtmps?:|streamid=/i
const kept = () => [
  ...document.querySelectorAll("#main form :is(input:not([type=hidden], [type=password]), select, textarea)"),
]

/** What a field holds, and what the server had put there. */
const holds = (field) => (field.type === "checkbox" ? field.checked : field.value)
const held = (field) => {
  if (field.type === "checkbox") return field.defaultChecked
  if (field.type !== "select-one") return field.defaultValue
  return (field.querySelector("option[selected]") ?? field.options[0])?.value
}
const changed = () => kept().filter((field) => holds(field) !== held(field))

addEventListener("pagehide", () => {
  const values = changed().flatMap((field) => {
    const value = holds(field)
    return field.id === "" || MAY_HOLD_SECRETS.test(String(value)) ? [] : [[field.id, value]]
  })
  if (values.length === 0) sessionStorage.removeItem(KEY)
  else sessionStorage.setItem(KEY, JSON.stringify(values))
})
document.addEventListener("submit", ({ target }) => target.method === "dialog" || sessionStorage.removeItem(KEY))

const [{ type: arrivedBy } = {}] = performance.getEntriesByType("navigation")
if (arrivedBy === "back_forward") {
  for (const [id, value] of JSON.parse(sessionStorage.getItem(KEY) ?? "[]")) {
    const field = document.getElementById(id)
    if (!field) continue
    if (field.type === "checkbox") field.checked = value
    else field.value = value
    field.closest("details")?.setAttribute("open", "")
  }
}
sessionStorage.removeItem(KEY)

// htmx listens from the next timer on. What was typed before, or came back, is told to it then.
setTimeout(() => {
  for (const field of changed()) field.dispatchEvent(new Event("input", { bubbles: true }))
})
