/** @jsxImportSource hono/jsx */
import { raw } from "hono/html"
import type { MediaLiveChannelView, MediaLiveListView } from "../../src/effects/medialive/medialive-bodies.ts"
import { type Frame, may } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { LifecycleMark, priceWords, Staleness } from "./medialive-parts.tsx"

const Feeds = ({ channel }: { readonly channel: MediaLiveChannelView }) => (
  <>
    {channel.feeds.length === 0 ? <span class="hint">nothing here</span> : null}
    <ul class="notes">
      {channel.feeds.map(({ channel: slug, channel_name, pipeline, source }) => (
        <li>
          pipeline {pipeline} → {source} of <a href={`/channels/${slug}`}>{channel_name}</a>
        </li>
      ))}
      {channel.elsewhere.map((url) => (
        <li class="hint">also to {url}</li>
      ))}
    </ul>
  </>
)

const Row = ({ channel }: { readonly channel: MediaLiveChannelView }) => {
  const { active_alerts, auto, id, name, pipelines, pipelines_running, price } = channel
  return (
    <tr id={`medialive-${id}`}>
      <th scope="row">
        <a href={`/medialive/channels/${id}`}>{name}</a> <span class="hint">{id}</span>
      </th>
      <td data-label="State">
        <LifecycleMark {...channel} />
      </td>
      <td data-label="Pipelines" class={pipelines_running < pipelines && channel.state === "RUNNING" ? "warning" : ""}>
        {pipelines_running} of {pipelines}
      </td>
      <td data-label="Alerts" class={active_alerts === null || active_alerts === 0 ? "" : "warning"}>
        {active_alerts ?? "not known"}
      </td>
      <td data-label="Sends to">
        <Feeds channel={channel} />
      </td>
      <td data-label="By itself">{auto.enabled ? (auto.doing ?? "on") : <span class="hint">off</span>}</td>
      <td data-label="List price">{priceWords(price)}</td>
    </tr>
  )
}

/** What changes on the list. */
export const listRegions = (list: MediaLiveListView) => [
  {
    id: "medialive-head",
    items: [{ id: "medialive-staleness", html: String(<Staleness list={list} />) }],
  },
  {
    id: "medialive-rows",
    items: list.channels.map((channel) => ({
      id: `medialive-${channel.id}`,
      html: String(<Row channel={channel} />),
    })),
  },
]

const Empty = ({ frame, list }: { readonly frame: Frame; readonly list: MediaLiveListView }) => (
  <p class="empty">
    {list.region === null
      ? "AWS is not connected: no region is set. "
      : "There is no channel of MediaLive in this region yet. "}
    {may(frame, "admin") ? <a href="/settings/medialive">Connection to AWS</a> : "An admin connects it under Settings."}
  </p>
)

/** All channels of MediaLive in the account. */
export const MediaLiveListPage = ({ frame, list }: { readonly frame: Frame; readonly list: MediaLiveListView }) => {
  const [head, rows] = listRegions(list)
  const html = (region: typeof head) => raw((region?.items ?? []).map((item) => item.html).join(""))
  return (
    <Layout frame={frame} title="MediaLive · Stream Distributor" stream="/live/medialive">
      <main id="main">
        <div class="head">
          <h1>MediaLive{list.region === null ? "" : ` in ${list.region}`}</h1>
          <nav aria-label="MediaLive">
            <a href="/medialive/costs">Costs</a>
            {may(frame, "admin") ? <a href="/settings/medialive">Connection</a> : null}
          </nav>
        </div>
        <div id="medialive-head">{html(head)}</div>
        <section class="card table-scroll" tabindex={0} aria-label="Channels of MediaLive">
          <table class="stack">
            <caption>Channels; those that feed a channel here come first</caption>
            <thead>
              <tr>
                {["Channel", "State", "Pipelines", "Alerts", "Sends to", "By itself", "List price"].map((name) => (
                  <th scope="col">{name}</th>
                ))}
              </tr>
            </thead>
            <tbody id="medialive-rows">{html(rows)}</tbody>
          </table>
        </section>
        {list.channels.length === 0 ? <Empty frame={frame} list={list} /> : null}
      </main>
    </Layout>
  )
}
