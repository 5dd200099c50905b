// Renews the channels' pictures as often as they are taken. Where there is none, the image is hidden and words say so.
//
// The page brings each first picture as an image; those after it are drawn into one canvas in its place. An image that
// is given another address every few seconds has the browser keep each of them for a while, decoded.
const EVERY_MS = 8000

const pictures = () => document.querySelectorAll("img[data-thumbnail]")
/** Canvas in the place of an image, and the ETag of what it shows. */
const canvases = new WeakMap()

/** Shows an element of a place of a picture, and hides the others. */
const showOnly = (place, shown) => {
  for (const element of place.children) element.hidden = element !== shown
}
const settle = (picture) => {
  // The canvas has taken over.
  if (canvases.has(picture)) return
  showOnly(picture.parentElement, picture.naturalWidth > 0 ? picture : picture.nextElementSibling)
}

const canvasFor = (picture) => {
  const canvas = document.createElement("canvas")
  canvas.className = picture.className
  if (picture.alt === "") canvas.setAttribute("aria-hidden", "true")
  else {
    canvas.setAttribute("role", "img")
    canvas.setAttribute("aria-label", picture.alt)
  }
  picture.parentElement.append(canvas)
  const made = { canvas, context: canvas.getContext("bitmaprenderer"), etag: undefined }
  canvases.set(picture, made)
  return made
}

const renew = async (picture) => {
  const place = picture.parentElement
  try {
    // The answer's header has the browser ask whether the picture that it has is still the latest.
    const answer = await fetch(picture.dataset.thumbnail, { signal: AbortSignal.timeout(EVERY_MS) })
    if (!answer.ok) return showOnly(place, picture.nextElementSibling)
    const { canvas, context, etag } = canvases.get(picture) ?? canvasFor(picture)
    const latest = answer.headers.get("etag")
    if (latest !== etag) {
      const bitmap = await createImageBitmap(await answer.blob())
      canvas.width = bitmap.width
      canvas.height = bitmap.height
      // Lets go of the bitmap before.
      context.transferFromImageBitmap(bitmap)
      canvases.get(picture).etag = latest
    }
    showOnly(place, canvas)
  } catch {
    showOnly(place, picture.nextElementSibling)
  }
}

// These events do not bubble.
for (const name of ["error", "load"])
  document.addEventListener(name, ({ target }) => target.matches?.("img[data-thumbnail]") && settle(target), true)
for (const picture of pictures()) if (picture.complete) settle(picture)

setInterval(() => {
  if (document.hidden) return
  for (const picture of pictures()) renew(picture)
}, EVERY_MS)
