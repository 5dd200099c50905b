/** @jsxImportSource hono/jsx */
import { raw } from "hono/html"
import type { Child } from "hono/jsx"
import type { HistoryView } from "../../src/effects/history/history-model.ts"
import { type Frame, may } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { timesAre } from "../station-time.ts"
import { ChangesSection } from "./ChangesSection.tsx"
import { ChannelLog } from "./ChannelLog.tsx"
import { channelRegions } from "./channel-regions.tsx"
import { type ChannelShown, pathOf, type Region } from "./channel-shown.ts"
import { EventColumns } from "./EventRow.tsx"
import { OutputColumns } from "./OutputRows.tsx"
import { PageAlert, type PageProblem } from "./PageAlert.tsx"
import { PlacementSection } from "./PlacementSection.tsx"
import { Plots } from "./Plots.tsx"
import { PREVIEW_SCRIPTS } from "./Preview.tsx"

export interface ChannelPageProps {
  readonly frame: Frame
  readonly shown: ChannelShown
  readonly history: HistoryView
  /** Problem of the last button that was pressed. */
  readonly problem?: PageProblem | undefined
  /** The address of the channel's dashboard in Grafana. */
  readonly dashboard?: string | undefined
  /** Preview of the stream, shown beside the inputs. */
  readonly preview?: Child
}

/** A query of what is given; empty for nothing. */
const queryOf = (given: Readonly<Record<string, string | undefined>>): string => {
  const query = new URLSearchParams(
    Object.entries(given).flatMap(
      ([name, value]): Array<[string, string]> => (value === undefined ? [] : [[name, value]]),
    ),
  )
  return query.size === 0 ? "" : `?${query}`
}

const itemsOf = ({ items }: Region) => raw(items.map(({ html }) => html).join(""))

interface LinksProps extends Pick<ChannelPageProps, "dashboard" | "frame"> {
  readonly path: string
  readonly slug: string
}

const Links = ({ dashboard, frame, path, slug }: LinksProps) => (
  <nav aria-label="Channel">
    {may(frame, "operator") ? (
      <>
        <a href={`/add/output?channel=${encodeURIComponent(slug)}`}>Add output</a>
        <a href={`${path}/edit`}>Edit</a>
        <a href={`${path}/clone`}>Clone</a>
        <a href={`${path}/schedule`}>Schedule</a>
      </>
    ) : null}
    <a href={`${path}/events`}>Events</a>
    <a href={`${path}/cues`}>Cues</a>
    <a href={`${path}/history`}>History</a>
    <a href={`${path}/as-run`}>As run</a>
    {dashboard === undefined ? null : <a href={dashboard}>Grafana</a>}
  </nav>
)

/** Parts of the page: each has a tab, and without one chosen the overview is shown (channel.css). */
export const TABS = [
  ["overview", "Overview"],
  ["outputs", "Outputs"],
  ["input", "Input"],
  ["cues", "Cues"],
  ["history", "History"],
  ["log", "Log"],
  ["changes", "Changes"],
] as const

const Tabs = ({ shown: { channel } }: Pick<ChannelPageProps, "shown">) => (
  <nav class="tabs" aria-label="Parts of the page">
    {TABS.map(([id, name]) => (
      <a href={`#${id}`} data-tab={id}>
        {name}
        {id === "outputs" ? ` ${channel.outputs.length}` : ""}
      </a>
    ))}
  </nav>
)

interface OverviewProps {
  readonly cards: Region
  readonly preview: Child
  /** What else belongs to the first sight. */
  readonly children: Child
}

/** What is received at first sight: the picture, and five figures of each leg. */
const Overview = ({ cards, children, preview }: OverviewProps) => (
  <div id="overview" class="tab">
    <section class="card" aria-labelledby="overview-title">
      <h2 id="overview-title" class="visually-hidden">
        What is received
      </h2>
      <div class="input">
        {preview === undefined ? null : <div class="preview">{preview}</div>}
        <div id="leg-cards" class="legs">
          {itemsOf(cards)}
        </div>
      </div>
    </section>
    {children}
  </div>
)

/** MediaLive beside the legs. */
const BesideSection = ({ beside }: { readonly beside: Region }) => (
  <section class="card" aria-labelledby="beside-title">
    <h2 id="beside-title">MediaLive beside our legs</h2>
    <div id="beside" class="legs">
      {itemsOf(beside)}
    </div>
  </section>
)

/** All of what is received. */
const InputSection = ({ legs }: { readonly legs: Region }) => (
  <section id="input" class="card tab" aria-labelledby="input-title">
    <h2 id="input-title">Input</h2>
    <div id="legs" class="legs">
      {itemsOf(legs)}
    </div>
  </section>
)

interface OutputsProps {
  readonly outputs: Region
  readonly panel: Region
  readonly urls: Region
}
const OutputsSection = ({ outputs, panel, urls }: OutputsProps) => (
  <section id="outputs" class="card tab" aria-labelledby="outputs-title">
    <h2 id="outputs-title">Outputs</h2>
    <div class="with-panel">
      <section class="table-scroll" tabindex={0} aria-label="Table of outputs">
        <table class="outputs stack">
          <thead>
            <OutputColumns />
          </thead>
          <tbody id="output-rows">{itemsOf(outputs)}</tbody>
        </table>
      </section>
      <aside id="output-panel" class="panel" aria-label="The chosen output">
        {itemsOf(panel)}
      </aside>
    </div>
    <p class="hint when-empty">No outputs yet.</p>
    <ul id="urls" class="urls" aria-label="URLs for receivers">
      {itemsOf(urls)}
    </ul>
  </section>
)

const BreaksSection = ({ breaks, cues }: { readonly breaks: Region; readonly cues: Region }) => (
  <section id="cues" class="card tab" aria-labelledby="breaks-title">
    <h2 id="breaks-title">Ad breaks and cues</h2>
    <div id="breaks">{itemsOf(breaks)}</div>
    <section class="table-scroll" tabindex={0} aria-label="Last cues">
      <table class="stack">
        <caption>The last 20 cues; {timesAre()}</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">What</th>
            <th scope="col">Cue</th>
            <th scope="col">Outputs</th>
          </tr>
        </thead>
        <tbody id="cue-rows">{itemsOf(cues)}</tbody>
      </table>
    </section>
  </section>
)

const EventsSection = ({ events, path }: { readonly events: Region; readonly path: string }) => (
  <section id="events" class="card" aria-labelledby="events-title">
    <h2 id="events-title">Events</h2>
    <section class="table-scroll" tabindex={0} aria-label="Table of events">
      <table class="stack">
        <caption>The last ones; {timesAre()}</caption>
        <thead>
          <EventColumns />
        </thead>
        <tbody id="event-rows">{itemsOf(events)}</tbody>
      </table>
    </section>
    <p>
      <a href={`${path}/events`}>All events</a>
    </p>
  </section>
)

/** All of a channel: state, both legs, outputs, plots, ad breaks, events. */
export const ChannelPage = ({ dashboard, frame, history, preview, problem, shown }: ChannelPageProps) => {
  const { channel } = shown
  const path = pathOf(channel)
  const regions = channelRegions(shown)
  return (
    <Layout
      frame={frame}
      title={`${channel.name} · Stream Distributor`}
      scripts={["ticking.js", "tabs.js", "plots.js", ...PREVIEW_SCRIPTS]}
      stream={`/live${path}${queryOf({ level: shown.level, output: shown.selected })}`}
    >
      <main
        id="main"
        class={shown.selected === undefined ? "channel-page" : "channel-page has-output"}
        data-server-time={new Date(shown.now).toISOString()}
      >
        <div class="sticky">
          <div class="head">
            <h1>
              <span class="hint">{channel.number}</span> {channel.name}
            </h1>
            <div id="channel-head">{itemsOf(regions.head)}</div>
            <Links dashboard={dashboard} frame={frame} path={path} slug={channel.slug} />
          </div>
          <Tabs shown={shown} />
        </div>
        <div id="page-alert">{problem === undefined ? null : <PageAlert problem={problem} channel={channel} />}</div>
        <Overview cards={regions.cards} preview={preview}>
          <PlacementSection shown={shown} />
          {regions.beside === undefined ? null : <BesideSection beside={regions.beside} />}
        </Overview>
        <OutputsSection outputs={regions.outputs} panel={regions.panel} urls={regions.urls} />
        <InputSection legs={regions.legs} />
        <BreaksSection breaks={regions.breaks} cues={regions.cues} />
        <div id="history" class="tab">
          <Plots path={path} channelId={channel.id} history={history} live={frame.live} />
          <EventsSection events={regions.events} path={path} />
        </div>
        <ChannelLog path={path} shown={shown} window={history.window} />
        <ChangesSection
          changes={shown.changes}
          path={path}
          slug={channel.slug}
          mayRevert={shown.mayAct}
          mayAudit={may(frame, "admin")}
        />
      </main>
      <link rel="stylesheet" href="/static/uplot.css" />
      {/* Not a module: it only has to be loaded before plots.js, which runs after the whole page. */}
      <script src="/static/uplot.js"></script>
    </Layout>
  )
}
