/** @jsxImportSource hono/jsx */
import { type Frame, may } from "../layout/frame.ts"

const TABS = [
  { path: "/events", name: "Events of channels" },
  { path: "/audit", name: "Audit log" },
] as const

/** Tabs between events and the audit log, for admins, who may see both. */
export const EventTabs = ({ frame, here }: { readonly frame: Frame; readonly here: (typeof TABS)[number]["path"] }) =>
  may(frame, "admin") ? (
    <nav class="tabs" aria-label="Kinds of events">
      {TABS.map(({ name, path }) => (
        <a href={path} aria-current={path === here ? "page" : undefined}>
          {name}
        </a>
      ))}
    </nav>
  ) : null
