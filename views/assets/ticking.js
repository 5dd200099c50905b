// Runs `<time data-countdown-to>` and `<time data-count-from>`: the page is sent once, and the seconds are counted
// here.
const EVERY_MS = 250

// Readers' clocks are sometimes wrong by minutes, so the server's time is on the page, and when the page arrived is
// known.
const stamp = document.querySelector("[data-server-time]")
const [navigation] = performance.getEntriesByType("navigation")
const arrived = performance.timeOrigin + (navigation?.responseStart ?? 0)
const apart = stamp ? Date.parse(stamp.dataset.serverTime) - arrived : 0
// A page may have taken a while to arrive; a difference of a second does not mean a wrong clock.
const ahead = Math.abs(apart) < 2000 ? 0 : apart

const two = (n) => String(n).padStart(2, "0")
const countdown = (seconds) => {
  const whole = Math.max(0, Math.ceil(seconds))
  return `${two(Math.floor(whole / 60))}:${two(whole % 60)}`
}
const elapsed = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds))
  const days = Math.floor(whole / 86400)
  const clock = `${two(Math.floor(whole / 3600) % 24)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`
  return days > 0 ? `${days} d ${clock}` : clock
}

const tick = () => {
  // Clocks that run on would make old figures look alive.
  if (document.documentElement.classList.contains("lost")) return
  const now = Date.now() + ahead
  for (const time of document.querySelectorAll("time[data-countdown-to], time[data-count-from]")) {
    const { countFrom, countdownTo } = time.dataset
    const text = countdownTo
      ? countdown((Date.parse(countdownTo) - now) / 1000)
      : elapsed((now - Date.parse(countFrom)) / 1000)
    // Writing an equal text again would undo the reader's selection.
    if (time.textContent !== text) time.textContent = text
  }
}

setInterval(tick, EVERY_MS)
// An element that has just arrived shows the time of day until then.
document.addEventListener("htmx:after:swap", tick)
tick()
