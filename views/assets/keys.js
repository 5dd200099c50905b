// Keys: `/` goes to the page's filter box, as in most consoles, `g` and a letter to another page, arrows from row to
// row, `?` shows them all, Escape leaves a field.

/** Pages by the letter behind `g`; those that the navigation does not offer are not there. */
const PAGES = {
  c: "/",
  w: "/wall",
  u: "/cues",
  e: "/events",
  n: "/settings/notifications",
  s: "/settings",
  y: "/system",
}
const KEYS = [
  ["/", "Filter"],
  ["g c", "Channels"],
  ["g w", "Wall"],
  ["g u", "Cues"],
  ["g e", "Events"],
  ["g n", "Notices"],
  ["g s", "Settings"],
  ["g y", "System"],
  ["↓ ↑", "Next and previous row; from the filter into the list"],
  ["Home End", "First and last row, in a list"],
  ["Esc", "Leave a field, close this"],
  ["?", "These keys"],
]
/** Longest time between `g` and its letter, in ms. */
const CHORD_MS = 1500

let dialog
const showKeys = () => {
  if (!dialog) {
    dialog = document.createElement("dialog")
    dialog.id = "keys"
    dialog.setAttribute("aria-labelledby", "keys-title")
    const title = document.createElement("h2")
    title.id = "keys-title"
    title.textContent = "Keys"
    const list = document.createElement("dl")
    list.className = "facts"
    for (const [keys, meaning] of KEYS) {
      const [term, text] = [document.createElement("dt"), document.createElement("dd")]
      for (const key of keys.split(" ")) {
        const cap = document.createElement("kbd")
        cap.textContent = key
        term.append(cap, " ")
      }
      text.textContent = meaning
      list.append(term, text)
    }
    const form = document.createElement("form")
    form.method = "dialog"
    const close = document.createElement("button")
    close.textContent = "Close"
    form.append(close)
    dialog.append(title, list, form)
    document.body.append(dialog)
  }
  if (!dialog.open) dialog.showModal()
}

/** What of a row takes the focus: its name's link, else the first thing that can be pressed. */
const linkOf = (row) => row.querySelector("th a, a, button")
const rowsOf = (list) => [...list.children].filter((row) => row.offsetParent !== null && linkOf(row))

/** Moves the focus within the list that has it, or from the filter into the first list; true when it did. */
const move = (key, from) => {
  const isFilter = from.matches("[data-filter]")
  const list = isFilter
    ? document.querySelector("main tbody, main #wall-tiles")
    : from.closest("main tbody, main #wall-tiles, #attention")
  const rows = list ? rowsOf(list) : []
  const here = rows.findIndex((row) => row.contains(from))
  const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1 }[key]
  if (rows.length === 0 || (isFilter && key !== "ArrowDown")) return false
  const row = rows[Math.min(Math.max(to, 0), rows.length - 1)]
  linkOf(row).focus()
  row.scrollIntoView({ block: "nearest" })
  return true
}

let chordUntil = 0
document.addEventListener("keydown", (event) => {
  const { key, target } = event
  // A box that is ticked takes no text.
  const typing = target.closest(
    "input:not([type=checkbox], [type=radio], [type=submit]), textarea, select, [contenteditable]",
  )
  if (key === "Escape" && typing) typing.blur()
  if (event.ctrlKey || event.metaKey || event.altKey || (typing && !typing.matches("[data-filter]"))) return
  if (["ArrowDown", "ArrowUp", "Home", "End"].includes(key) && move(key, target)) return event.preventDefault()
  if (typing || target.closest("dialog")) return
  const isChord = Date.now() < chordUntil
  chordUntil = 0
  if (isChord && PAGES[key]) {
    event.preventDefault()
    location.assign(PAGES[key])
  } else if (key === "g") chordUntil = Date.now() + CHORD_MS
  else if (key === "?") {
    event.preventDefault()
    showKeys()
  } else if (key === "/") {
    const box = document.querySelector("[data-filter]")
    if (!box) return
    event.preventDefault()
    box.focus()
    box.select()
  }
})
