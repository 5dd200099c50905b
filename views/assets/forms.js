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
