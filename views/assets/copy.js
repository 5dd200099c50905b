// Copies the text beside a `data-copy` button and says so. It listens at the document, so buttons that htmx swaps in
// work as well.
const SHOWN_MS = 2000

// Screen readers only announce a live region that was in the page before its text.
const notice = document.createElement("p")
notice.className = "notice"
notice.setAttribute("role", "status")
notice.setAttribute("aria-live", "polite")
document.body.append(notice)
document.documentElement.classList.add("scripted")

let timer
/** Shows a sentence for a while and has screen readers announce it. */
export const say = (text, ms = SHOWN_MS) => {
  clearTimeout(timer)
  notice.textContent = text
  timer = setTimeout(() => {
    notice.textContent = ""
  }, ms)
}

const select = (element) => {
  const range = document.createRange()
  range.selectNodeContents(element)
  const selection = document.getSelection()
  selection.removeAllRanges()
  selection.addRange(range)
}

/**
 * Copies a text; false when it is only selected, since browsers grant the clipboard on HTTPS and localhost, not on a
 * LAN address.
 */
const copy = async (element) => {
  try {
    await navigator.clipboard.writeText(element.textContent.trim())
    return true
  } catch {
    select(element)
    return document.execCommand("copy")
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]")
  const text = button?.parentElement.querySelector("code")
  if (!text) return
  const what = button.dataset.copy
  say((await copy(text)) ? `${what} copied` : `${what} selected: copy it with Ctrl+C or ⌘C`)
})
