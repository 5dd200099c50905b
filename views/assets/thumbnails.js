// Reloads the channels' pictures as often as they are taken. Where there is none, the image is hidden and words say so.
const EVERY_MS = 8000

const pictures = () => document.querySelectorAll("img[data-thumbnail]")
const show = (picture, isThere) => {
  picture.hidden = !isThere
  if (picture.nextElementSibling) picture.nextElementSibling.hidden = isThere
}

// These events do not bubble.
document.addEventListener("error", ({ target }) => target.matches?.("img[data-thumbnail]") && show(target, false), true)
document.addEventListener("load", ({ target }) => target.matches?.("img[data-thumbnail]") && show(target, true), true)
for (const picture of pictures()) if (picture.complete && picture.naturalWidth === 0) show(picture, false)

setInterval(() => {
  if (document.hidden) return
  // With an unchanged address the browser would keep its picture, whatever the service has by now.
  for (const picture of pictures()) picture.src = `${picture.dataset.thumbnail}?at=${Date.now()}`
}, EVERY_MS)
