// Asks for the pictures of channels again as often as they are taken. One that there is none of is hidden, and said so in words.
const EVERY_MS = 8000

const pictures = () => document.querySelectorAll("img[data-thumbnail]")
const show = (picture, isThere) => {
  picture.hidden = !isThere
  if (picture.nextElementSibling) picture.nextElementSibling.hidden = isThere
}

// They do not bubble.
document.addEventListener("error", ({ target }) => target.matches?.("img[data-thumbnail]") && show(target, false), true)
document.addEventListener("load", ({ target }) => target.matches?.("img[data-thumbnail]") && show(target, true), true)
for (const picture of pictures()) if (picture.complete && picture.naturalWidth === 0) show(picture, false)

setInterval(() => {
  if (document.hidden) return
  // The same address would be the same picture, whatever the service has by now.
  for (const picture of pictures()) picture.src = `${picture.dataset.thumbnail}?at=${Date.now()}`
}, EVERY_MS)
