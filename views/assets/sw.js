// Says that the service cannot be reached, where a browser would show an error of its own. Nothing else is kept: what
// is shown of channels always comes from the service.
const KEPT = "offline-1"
const PAGE = "/static/offline.html"
const STYLE = "/static/style.css"

addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll([PAGE, STYLE])))
  skipWaiting()
})
addEventListener("activate", (event) => {
  const old = (name) => name !== KEPT
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))))
})
addEventListener("fetch", (event) => {
  const { request } = event
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => caches.match(PAGE)))
  else if (new URL(request.url).pathname === STYLE) event.respondWith(fetch(request).catch(() => caches.match(STYLE)))
})
