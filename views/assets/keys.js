// `/` goes to the page's filter box, as in most consoles; Escape leaves it.
document.addEventListener("keydown", (event) => {
  // A box that is ticked takes no text.
  const typing = event.target.closest(
    "input:not([type=checkbox], [type=radio], [type=submit]), textarea, select, [contenteditable]",
  )
  if (event.key === "Escape" && typing) typing.blur()
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return
  const box = document.querySelector("[data-filter]")
  if (!box) return
  event.preventDefault()
  box.focus()
  box.select()
})
