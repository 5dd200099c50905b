/** @jsxImportSource hono/jsx */
import { raw } from "hono/html"
import { type Frame, may } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { ConfirmDialog } from "./ConfirmDialog.tsx"
import type { ListFilter } from "./list-row.ts"

/** Markup of an item with its `id`, as live updates send it. */
interface Item {
  readonly id: string
  readonly html: string
}

export interface ChannelListPageProps {
  readonly frame: Frame
  /** Rows of the channels that pass the filter. */
  readonly rows: ReadonlyArray<Item>
  /** Number of channels. */
  readonly total: number
  readonly totals: ReadonlyArray<Item>
  /** Problems of the service itself. */
  readonly problems: ReadonlyArray<Item>
  /** What needs attention, a line for each cause. */
  readonly attention: ReadonlyArray<Item>
  readonly filter: ListFilter
  /** Whether rows have pictures. */
  readonly thumbnails?: boolean
  /** Time of the rendering, in milliseconds since 1970; countdowns in the browser follow this clock. */
  readonly now: number
  /** Problem of the last action. */
  readonly alert?: string | undefined
}

const markup = (items: ReadonlyArray<Item>) => raw(items.map(({ html }) => html).join(""))

const BULK = [
  { action: "start", name: "Start" },
  { action: "stop", name: "Stop", confirm: "Their outputs lose the stream." },
  { action: "enable_outputs", name: "Enable outputs" },
  { action: "disable_outputs", name: "Disable outputs", confirm: "Their outputs lose the stream." },
  { action: "mute", name: "Mute 1 h" },
] as const

/** Acts on the channels that are ticked; with scripts it stands there only while some are. */
const BulkForm = ({ frame }: { readonly frame: Frame }) => (
  <form id="bulk" method="post" action="/channels/bulk" class="bulk" data-live aria-label="Selected channels">
    <input type="hidden" name="back" value={frame.here} />
    <span id="selected" role="status">
      Selected:
    </span>
    {BULK.map((one) => (
      <button type="submit" name="action" value={one.action} data-confirm={"confirm" in one ? one.confirm : undefined}>
        {one.name}
      </button>
    ))}
    <button type="submit" formaction="/add/output-to-many" formmethod="get" data-leaves>
      Add an output…
    </button>
  </form>
)

const FilterForm = ({ filter }: { readonly filter: ListFilter }) => (
  <search>
    <form id="filter" method="get" action="/">
      <label for="q" class="visually-hidden">
        Filter by name, number, address or output
      </label>
      <input
        id="q"
        type="search"
        name="q"
        value={filter.text}
        placeholder="Filter ( / )"
        data-filter
        autocomplete="off"
        maxlength={100}
      />
      {filter.state === undefined ? null : <input type="hidden" name="state" value={filter.state} />}
      <label class="check">
        <input type="checkbox" name="only" value="problems" checked={filter.problemsOnly} /> only problems
      </label>
      <button type="submit">Filter</button>
    </form>
  </search>
)

const Head = ({
  filter,
  mayOperate,
  total,
  totals,
}: { readonly mayOperate: boolean } & Pick<ChannelListPageProps, "filter" | "total" | "totals">) => (
  <div class="head">
    <h1 class="visually-hidden">Channels</h1>
    <div id="totals" class="totals">
      {markup(totals)}
    </div>
    {total === 0 ? null : <FilterForm filter={filter} />}
    <nav aria-label="More">
      <a href="/wall">Wall</a>
      {mayOperate ? (
        <a class="button primary" href="/add/channel">
          Add channel
        </a>
      ) : null}
    </nav>
  </div>
)

const HeadRow = ({ mayOperate }: { readonly mayOperate: boolean }) => (
  <tr>
    {mayOperate ? (
      <th scope="col" class="select">
        <span class="visually-hidden">Select</span>
        <input type="checkbox" id="select-all" class="scripted-only" aria-label="Select all channels shown" />
      </th>
    ) : null}
    <th scope="col">Channel</th>
    <th scope="col">State</th>
    <th scope="col">Input</th>
    <th scope="col">SCTE-35</th>
    <th scope="col">Outputs</th>
    {mayOperate ? (
      <th scope="col">
        <span class="visually-hidden">Actions</span>
      </th>
    ) : null}
  </tr>
)

/** The table of channels. It is hidden, not left out, while there is none: live updates fill its body. */
const ChannelTable = ({
  mayOperate,
  now,
  rows,
  total,
}: { readonly mayOperate: boolean } & Pick<ChannelListPageProps, "now" | "rows" | "total">) => (
  <div class="table-scroll">
    <table class="stack channels" hidden={total === 0}>
      <caption class="visually-hidden">Channels, those with problems first</caption>
      <thead>
        <HeadRow mayOperate={mayOperate} />
      </thead>
      <tbody id="channel-rows" data-now={String(now)}>
        {markup(rows)}
      </tbody>
    </table>
  </div>
)

/** The operators' first page: all channels, failing ones first, live. */
export const ChannelListPage = ({
  alert,
  attention,
  filter,
  frame,
  now,
  problems,
  rows,
  thumbnails = false,
  total,
  totals,
}: ChannelListPageProps) => {
  const mayOperate = may(frame, "operator")
  return (
    <Layout
      frame={frame}
      title="Channels · Stream Distributor"
      stream="/live/channels"
      scripts={thumbnails ? ["list.js", "thumbnails.js"] : ["list.js"]}
    >
      <main id="main" class="list">
        <Head filter={filter} mayOperate={mayOperate} total={total} totals={totals} />
        {alert === undefined ? null : (
          <p class="banner error" role="alert">
            {alert}
          </p>
        )}
        <div id="problems">{markup(problems)}</div>
        {total === 0 ? (
          <p class="empty">
            There is no channel yet. {mayOperate ? <a href="/add/channel">Add one.</a> : "An operator can add one."}
          </p>
        ) : (
          <>
            <ul id="attention" class="attention" aria-label="What needs attention">
              {markup(attention)}
            </ul>
            {mayOperate ? <BulkForm frame={frame} /> : null}
          </>
        )}
        {mayOperate ? <form id="act" method="post" action="/" data-live hidden></form> : null}
        <ChannelTable mayOperate={mayOperate} now={now} rows={rows} total={total} />
        <p id="nothing" class="empty" hidden={total === 0 || rows.length > 0}>
          No channel matches. <a href="/">Show all</a>
        </p>
        {mayOperate ? <ConfirmDialog /> : null}
      </main>
    </Layout>
  )
}
