/** @jsxImportSource hono/jsx */
import { raw } from "hono/html"
import type { Child } from "hono/jsx"
import type { HistoryView } from "../../src/effects/history/history-model.ts"
import { type Frame, may } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
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

/** What is received: the picture and both legs. */
const InputSection = ({ legs, preview }: { readonly legs: Region; readonly preview: Child }) => (
  <section class="card" aria-labelledby="input-title">
    <h2 id="input-title">Input</h2>
    <div class="input">
      {preview === undefined ? null : <div class="preview">{preview}</div>}
      <div id="legs" class="legs">
        {itemsOf(legs)}
      </div>
    </div>
  </section>
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

const OutputsSection = ({ outputs, urls }: { readonly outputs: Region; readonly urls: Region }) => (
  <section class="card" aria-labelledby="outputs-title">
    <h2 id="outputs-title">Outputs</h2>
    <section class="table-scroll" tabindex={0} aria-label="Table of outputs">
      <table class="outputs stack">
        <thead>
          <OutputColumns />
        </thead>
        <tbody id="output-rows">{itemsOf(outputs)}</tbody>
      </table>
    </section>
    <p class="hint when-empty">No outputs yet.</p>
    <ul id="urls" class="urls" aria-label="URLs for receivers">
      {itemsOf(urls)}
    </ul>
  </section>
)

const BreaksSection = ({ breaks, cues }: { readonly breaks: Region; readonly cues: Region }) => (
  <section class="card" aria-labelledby="breaks-title">
    <h2 id="breaks-title">Ad breaks and cues</h2>
    <p class="hint">Times are UTC.</p>
    <div id="breaks">{itemsOf(breaks)}</div>
    <section class="table-scroll" tabindex={0} aria-label="Last cues">
      <table class="stack">
        <caption>The last 20 cues</caption>
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
  <section class="card" aria-labelledby="events-title">
    <h2 id="events-title">Events</h2>
    <section class="table-scroll" tabindex={0} aria-label="Table of events">
      <table class="stack">
        <caption>The last ones; times are UTC</caption>
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
      scripts={["ticking.js", "plots.js", ...PREVIEW_SCRIPTS]}
      stream={`/live${path}${shown.level === undefined ? "" : `?level=${shown.level}`}`}
    >
      <main id="main" class="channel-page" data-server-time={new Date(shown.now).toISOString()}>
        <div class="head">
          <h1>
            <span class="hint">{channel.number}</span> {channel.name}
          </h1>
          <Links dashboard={dashboard} frame={frame} path={path} slug={channel.slug} />
        </div>
        <div id="page-alert">{problem === undefined ? null : <PageAlert problem={problem} channel={channel} />}</div>
        <div id="channel-head">{itemsOf(regions.head)}</div>
        <PlacementSection shown={shown} />
        <InputSection legs={regions.legs} preview={preview} />
        {regions.beside === undefined ? null : <BesideSection beside={regions.beside} />}
        <OutputsSection outputs={regions.outputs} urls={regions.urls} />
        <Plots path={path} channelId={channel.id} history={history} live={frame.live} />
        <BreaksSection breaks={regions.breaks} cues={regions.cues} />
        <EventsSection events={regions.events} path={path} />
        <ChannelLog path={path} shown={shown} window={history.window} />
      </main>
      <link rel="stylesheet" href="/static/uplot.css" />
      {/* Not a module: it only has to be loaded before plots.js, which runs after the whole page. */}
      <script src="/static/uplot.js"></script>
    </Layout>
  )
}
