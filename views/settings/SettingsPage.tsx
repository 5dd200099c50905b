/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx"
import { type Frame, isBound, may } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"

/** The settings pages, with the role that may open each. */
export const SETTINGS_PAGES = [
  {
    path: "/settings/notifications",
    name: "Notifications",
    role: "viewer",
    about: "What is wrong now, who is told of it, and what is muted",
  },
  {
    path: "/settings/config",
    name: "Configuration",
    role: "viewer",
    whole: true,
    about: "All channels and outputs as one file, and how they were before",
  },
  {
    path: "/settings/templates",
    name: "Templates",
    role: "operator",
    whole: true,
    about: "Outputs to be added to many channels",
  },
  {
    path: "/settings/medialive",
    name: "MediaLive",
    role: "admin",
    about: "The connection to AWS: region, keys, and what they are allowed to do",
  },
  { path: "/settings/users", name: "Users", role: "admin", about: "Who may log in, and what each of them may do" },
  { path: "/settings/keys", name: "API keys", role: "admin", about: "What programs show to be let in" },
] as const

/** Those that the reader may open, and that there are. */
export const settingsPagesFor = (frame: Frame) =>
  SETTINGS_PAGES.filter(
    (page) =>
      !("whole" in page && isBound(frame)) &&
      may(frame, page.role) &&
      (page.path !== "/settings/medialive" || frame.medialive === true),
  )

export interface SettingsPageProps {
  readonly frame: Frame
  readonly title: string
  /** Sentence about what was just done. */
  readonly done?: string | undefined
  readonly children: Child
}

/**
 * The frame of every settings page: its title, links to the others that the reader may open, and what was just done.
 */
export const SettingsPage = ({ children, done, frame, title }: SettingsPageProps) => {
  const at = frame.here.split("?", 1)[0] ?? ""
  return (
    <Layout frame={frame} title={`${title} · Stream Distributor`} scripts={["forms.js"]}>
      <main id="main" class="form-page settings">
        <div class="head">
          <h1>{title}</h1>
          <nav aria-label="Settings">
            <a href="/settings" aria-current={at === "/settings" ? "page" : undefined}>
              Overview
            </a>
            {settingsPagesFor(frame).map(({ name, path }) => (
              <a href={path} aria-current={at === path ? "page" : undefined}>
                {name}
              </a>
            ))}
          </nav>
        </div>
        {done === undefined ? null : (
          <p class="banner good" role="status">
            {done}
          </p>
        )}
        {children}
      </main>
    </Layout>
  )
}

/** A hint for those who may look but not change anything. */
export const LookOnly = ({ frame, needs }: { readonly frame: Frame; readonly needs: "operator" | "admin" }) =>
  may(frame, needs) ? null : <p class="hint">Changes here take the role {needs}.</p>
