/** @jsxImportSource hono/jsx */
import { raw } from "hono/html"
import { ServiceProblem } from "../channels/ListHead.tsx"
import { type Frame, may } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { systemParts } from "./SystemParts.tsx"
import type { SystemShown } from "./system-shown.ts"

interface Region {
  readonly id: string
  readonly items: ReadonlyArray<{ readonly id: string; readonly html: string }>
}

/** The live regions of the page. */
export const systemRegions = (shown: SystemShown): ReadonlyArray<Region> => [
  {
    id: "problems",
    items: shown.problems.map((text, i) => ({
      id: `problem-${i}`,
      html: String(<ServiceProblem id={`problem-${i}`} text={text} />),
    })),
  },
  { id: "system-parts", items: systemParts(shown) },
]

export interface SystemPageProps {
  readonly frame: Frame
  /** Time of the rendering, in milliseconds since 1970. */
  readonly now: number
  readonly shown: SystemShown
  /** Address of Grafana's dashboard of the host. */
  readonly dashboard?: string | undefined
}

/** The page of the service itself: its resources, its problems, its parts. */
export const SystemPage = ({ dashboard, frame, now, shown }: SystemPageProps) => (
  <Layout frame={frame} title="System · Stream Distributor" scripts={["ticking.js"]} stream="/live/system">
    <main id="main" data-server-time={new Date(now).toISOString()}>
      <div class="head">
        <h1>System</h1>
        <nav aria-label="System">
          {may(frame, "admin") ? <a href="/system/log">Log</a> : null}
          {may(frame, "admin") ? (
            <a href="/api/system/support.zip" download>
              Support bundle
            </a>
          ) : null}
          {dashboard === undefined ? null : <a href={dashboard}>Grafana</a>}
          <a href="/egress">Egress</a>
          <a href="/metrics">Metrics</a>
          <a href="/api/health">Health</a>
          <a href="/api/docs">API</a>
        </nav>
      </div>
      {systemRegions(shown).map(({ id, items }) => (
        <div id={id} class={id === "system-parts" ? "grid system-parts" : undefined}>
          {raw(items.map(({ html }) => html).join(""))}
        </div>
      ))}
    </main>
  </Layout>
)
