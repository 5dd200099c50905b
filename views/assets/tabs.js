// Says which part of the page is shown. The parts are shown and hidden by the stylesheet, from the fragment of the
// address; the plots have to be measured anew when theirs comes into view, which they do by themselves.
const tabs = document.querySelectorAll(".tabs a[data-tab]")

const show = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  const part = target?.closest(".tab")?.id ?? "overview"
  for (const tab of tabs) {
    if (tab.dataset.tab === part) tab.setAttribute("aria-current", "true")
    else tab.removeAttribute("aria-current")
  }
}
addEventListener("hashchange", show)
show()
