/** @jsxImportSource hono/jsx */
import { raw } from "hono/html"
import type { Child } from "hono/jsx"
import { stationZone } from "../station-time.ts"
import { type Frame, isBound, may, THEMES } from "./frame.ts"
import { OpenNotices } from "./OpenNotices.tsx"
import { UndoBanner } from "./UndoBanner.tsx"

export interface LayoutProps {
  readonly title: string
  readonly frame: Frame
  readonly children: Child
  /** Scripts of `/static` that only this page needs. */
  readonly scripts?: ReadonlyArray<string>
  /** Path of the page's event stream (`live-pages.ts`); left out when nothing on it changes by itself. */
  readonly stream?: string | undefined
  /** True for a page without navigation, for a screen that nobody touches. */
  readonly bare?: boolean
}

interface Section {
  readonly path: string
  readonly name: string
  readonly role: "viewer" | "operator" | "admin"
  /** Shown only where the frame says so. */
  readonly needs?: "medialive" | "hasNodes"
  /** True for what belongs to the whole service: not shown to readers who are bound to tags. */
  readonly whole?: true
}

const SECTIONS: ReadonlyArray<Section> = [
  { path: "/", name: "Channels", role: "viewer" },
  { path: "/cues", name: "Cues", role: "viewer" },
  { path: "/events", name: "Events", role: "viewer" },
  { path: "/medialive", name: "MediaLive", role: "viewer", needs: "medialive", whole: true },
  { path: "/scte35", name: "Decode a cue", role: "viewer" },
  { path: "/settings", name: "Settings", role: "viewer" },
  { path: "/nodes", name: "Nodes", role: "viewer", needs: "hasNodes", whole: true },
  { path: "/system", name: "System", role: "viewer", whole: true },
  { path: "/api/docs", name: "API", role: "viewer" },
]

const isHere = (path: string, here: string): boolean => {
  const at = here.split("?", 1)[0] ?? ""
  return path === "/" ? at === "/" || /^\/(?:channels|add)\//.test(at) : at === path || at.startsWith(`${path}/`)
}

/**
 * Configuration of htmx. A morph leaves alone what scripts (`data-kept-*`) and readers (`open` of details and dialogs)
 * have set. A page whose stream has ended looks for the service every few seconds.
 */
const HTMX = JSON.stringify({
  includeIndicatorCSS: false,
  morphIgnore: ["data-htmx-powered", "data-kept-", "open"],
  sse: { reconnectMaxDelay: 4000, connectTimeout: 8000 },
})

const THEME_NAMES = { auto: "as the system", light: "light", dark: "dark" } as const

const ThemeSwitch = ({ frame }: { readonly frame: Frame }) => (
  <form method="post" action="/theme" class="theme">
    <input type="hidden" name="back" value={frame.here} />
    {THEMES.map((theme) => (
      <button
        type="submit"
        name="theme"
        value={theme}
        aria-pressed={theme === frame.theme ? "true" : "false"}
        title={`Colours: ${THEME_NAMES[theme]}`}
      >
        {theme}
      </button>
    ))}
  </form>
)

const Header = ({ frame, isLive }: { readonly frame: Frame; readonly isLive: boolean }) => {
  const [path = "/", query = ""] = frame.here.split("?", 2)
  const others = new URLSearchParams(query)
  others.delete("live")
  if (frame.live) others.set("live", "off")
  const other = others.size === 0 ? path : `${path}?${others}`
  return (
    <header class="top">
      <a class="brand" href="/">
        Stream Distributor
      </a>
      <nav aria-label="Main">
        {SECTIONS.filter(
          ({ needs, role, whole }) =>
            may(frame, role) && (needs === undefined || frame[needs] === true) && !(whole === true && isBound(frame)),
        ).map((section) => (
          <a href={section.path} aria-current={isHere(section.path, frame.here) ? "page" : undefined}>
            {section.name}
          </a>
        ))}
      </nav>
      <div class="tools">
        <span id="open-notices">
          <OpenNotices openNotices={frame.openNotices} />
        </span>
        {isLive ? <a href={other}>{frame.live ? "Pause updates" : "Resume updates"}</a> : null}
        <ThemeSwitch frame={frame} />
        {frame.canLogOut ? (
          <form method="post" action="/logout">
            <button type="submit" title={`${frame.caller?.name ?? ""}, ${frame.caller?.role ?? ""}`}>
              Log out
            </button>
          </form>
        ) : null}
      </div>
    </header>
  )
}

/** The frame of every page. No inline script or style: the content security policy allows none. */
export const Layout = ({ title, frame, children, scripts = [], stream, bare = false }: LayoutProps) => (
  <>
    {raw("<!doctype html>")}
    <html lang="en" data-theme={frame.theme} data-zone={stationZone()}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content={frame.theme === "auto" ? "light dark" : frame.theme} />
        <meta name="htmx-config" content={HTMX} />
        <title>{title}</title>
        <link rel="stylesheet" href="/static/style.css" />
        <link rel="icon" href="/static/icon.svg" />
        <link rel="apple-touch-icon" href="/static/icon-192.png" />
        <link rel="manifest" href="/static/manifest.webmanifest" crossorigin="use-credentials" />
        <meta name="theme-color" content="#0b57b0" />
        <script src="/static/htmx.js" defer></script>
        <script src="/static/copy.js" type="module"></script>
        <script src="/static/connection.js" type="module"></script>
        <script src="/static/keys.js" type="module"></script>
        {scripts.map((name) => (
          <script src={`/static/${name}`} type="module"></script>
        ))}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        {frame.caller === null || bare ? null : <Header frame={frame} isLive={stream !== undefined} />}
        {frame.removed === undefined ? null : <UndoBanner removed={frame.removed} />}
        {children}
        {stream === undefined || !frame.live ? null : <div id="stream" hx-sse:connect={stream} hx-swap="none"></div>}
      </body>
    </html>
  </>
)
