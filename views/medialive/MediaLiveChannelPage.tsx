/** @jsxImportSource hono/jsx */
import { raw } from "hono/html"
import type { MediaLiveDetailView, MediaLiveOutputView } from "../../src/effects/medialive/medialive-bodies.ts"
import { Field } from "../forms/Field.tsx"
import { CopyText } from "../layout/CopyText.tsx"
import { type Frame, may } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { stationClock } from "../station-time.ts"
import { Alerts, Figures, LifecycleMark, priceSource, priceWords, Staleness } from "./medialive-parts.tsx"

interface Shown {
  readonly channel: MediaLiveDetailView
  readonly mayAct: boolean
}

const pathOf = ({ id }: Pick<MediaLiveDetailView, "id">): string => `/medialive/channels/${encodeURIComponent(id)}`

const Head = ({ channel, mayAct }: Shown) => (
  <div id="medialive-state" class="state-line">
    <LifecycleMark {...channel} />
    <span>
      {channel.pipelines_running} of {channel.pipelines} pipelines run
    </span>
    <span>{priceWords(channel.price)}</span>
    {channel.price === null ? null : <span class="hint">list price estimate, {priceSource(channel.price)}</span>}
    {mayAct && channel.state === "IDLE" ? (
      <a class="button primary" href={`${pathOf(channel)}/start`}>
        Start…
      </a>
    ) : null}
    {mayAct && channel.state === "RUNNING" ? (
      <a class="button danger" href={`${pathOf(channel)}/stop`}>
        Stop…
      </a>
    ) : null}
  </div>
)

const Checks = ({ channel }: Shown) => (
  <section id="medialive-checks" class="card" aria-labelledby="medialive-checks-title">
    <h2 id="medialive-checks-title">Checks</h2>
    {channel.described_at === null ? (
      <p class="hint">Its settings are being read from AWS.</p>
    ) : channel.feeds.length === 0 ? (
      <p class="hint">None of its outputs sends to a channel here.</p>
    ) : channel.checks.length === 0 ? (
      <p class="banner good">Nothing is wrong between both sides.</p>
    ) : null}
    <ul class="notes">
      {channel.checks.map(({ message, output, setting, severity }) => (
        <li class={severity}>
          <strong>{output}</strong>: {message}
          {setting === null ? null : (
            <>
              <br />
              <code class="hint">{setting}</code>
            </>
          )}
        </li>
      ))}
    </ul>
  </section>
)

const Output = ({ channel, mayAct, output }: Shown & { readonly output: MediaLiveOutputView }) => (
  <tr>
    <th scope="row">
      {output.name} <span class="hint">{output.group}</span>
    </th>
    <td data-label="Destinations">
      <ul class="notes">
        {output.destinations.map(({ feeds, pipeline, url }) => (
          <li>
            pipeline {pipeline}: {url} {feeds === null ? <span class="hint">not here</span> : `→ ${feeds}`}
          </li>
        ))}
        {output.destinations.length === 0 ? <li class="hint">none with an address</li> : null}
      </ul>
      {output.notes.map((note) => (
        <p class="hint">{note}</p>
      ))}
    </td>
    <td data-label="Here">
      {output.draft === null ? (
        <span class="hint">cannot come here</span>
      ) : output.destinations.some(({ feeds }) => feeds !== null) ? (
        "feeds a channel"
      ) : mayAct ? (
        <a class="button" href={`${pathOf(channel)}/create?output=${encodeURIComponent(output.name)}`}>
          Create a channel from this output
        </a>
      ) : null}
    </td>
  </tr>
)

const Outputs = (shown: Shown) => (
  <section id="medialive-outputs" class="card" aria-labelledby="medialive-outputs-title">
    <h2 id="medialive-outputs-title">Outputs</h2>
    <section class="table-scroll" tabindex={0} aria-label="Outputs of MediaLive">
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">Output</th>
            <th scope="col">Destinations</th>
            <th scope="col">Here</th>
          </tr>
        </thead>
        <tbody>
          {shown.channel.outputs.map((output) => (
            <Output {...shown} output={output} />
          ))}
        </tbody>
      </table>
    </section>
    {shown.channel.elsewhere.length === 0 ? null : (
      <p class="hint">It also sends to {shown.channel.elsewhere.join(", ")}.</p>
    )}
  </section>
)

const Price = ({ channel: { price } }: Shown) => (
  <section id="medialive-price" class="card" aria-labelledby="medialive-price-title">
    <h2 id="medialive-price-title">List price</h2>
    {price === null ? (
      <p class="hint">It follows from its settings, which are being read from AWS.</p>
    ) : (
      <>
        <p class="hint">An estimate {priceSource(price)}, and no bill.</p>
        <ul class="notes">
          {price.lines.map(({ atMost, usdPerHour, what, why }) => (
            <li class={usdPerHour === null ? "warning" : ""}>
              {what}: {usdPerHour === null ? `no price, ${why}` : `${atMost ? "at most " : ""}$${usdPerHour} an hour`}
            </li>
          ))}
        </ul>
      </>
    )}
  </section>
)

const AutoState = ({ channel }: Shown) => (
  <p id="medialive-auto-state">
    {channel.auto.enabled
      ? `On: ${channel.auto.doing ?? "it is looked at in a moment"}${
          channel.auto.stops_at === null ? "" : `, at ${stationClock(channel.auto.stops_at, "minute")}`
        }.`
      : "Off: it is started and stopped by people alone."}
  </p>
)

/** What changes on the page by itself. */
export const channelRegions = (shown: Shown) => [
  {
    id: "medialive-parts",
    items: [
      { id: "medialive-staleness", html: String(<Staleness list={shown.channel} />) },
      { id: "medialive-state", html: String(<Head {...shown} />) },
      {
        id: "medialive-alerts",
        html: String(
          <div id="medialive-alerts">
            <Alerts alerts={shown.channel.alerts} />
          </div>,
        ),
      },
      { id: "medialive-checks", html: String(<Checks {...shown} />) },
      { id: "medialive-outputs", html: String(<Outputs {...shown} />) },
      { id: "medialive-price", html: String(<Price {...shown} />) },
      {
        id: "medialive-figures",
        html: String(
          <section id="medialive-figures" class="card table-scroll" aria-label="Figures of CloudWatch" tabindex={0}>
            <Figures figures={shown.channel.figures} of={shown.channel.name} />
          </section>,
        ),
      },
    ],
  },
  { id: "medialive-auto", items: [{ id: "medialive-auto-state", html: String(<AutoState {...shown} />) }] },
]

const AutoForm = ({ channel }: Shown) => (
  <form method="post" action={`${pathOf(channel)}/auto`} aria-label="By itself">
    <Field
      form="auto"
      name="idle_minutes"
      label="Stopped so many minutes after the last output"
      value={String(channel.auto.idle_minutes)}
      numeric
      hint="10 at least: AWS bills as much"
    />
    <Field
      form="auto"
      name="lead_minutes"
      label="Started so many minutes before a schedule"
      value={String(channel.auto.lead_minutes)}
      numeric
    />
    <div class="actions">
      <button type="submit" name="enabled" value="true" class="primary">
        {channel.auto.enabled ? "Save" : "Start and stop it by itself"}
      </button>
      {channel.auto.enabled ? (
        <button type="submit" name="enabled" value="false">
          Switch off
        </button>
      ) : null}
    </div>
  </form>
)

export interface MediaLiveChannelPageProps extends Shown {
  readonly frame: Frame
  readonly done?: string | undefined
  readonly problem?: string | undefined
}

/** A channel of MediaLive: its state, its outputs, what is wrong, and what it does by itself. */
export const MediaLiveChannelPage = ({ done, frame, problem, ...shown }: MediaLiveChannelPageProps) => {
  const { channel } = shown
  const regions = channelRegions(shown)
  const html = (n: number) => raw((regions[n]?.items ?? []).map((item) => item.html).join(""))
  return (
    <Layout
      frame={frame}
      title={`${channel.name} · MediaLive · Stream Distributor`}
      stream={`/live/medialive/channels/${encodeURIComponent(channel.id)}`}
    >
      <main id="main">
        <div class="head">
          <h1>
            <span class="hint">MediaLive</span> {channel.name}
          </h1>
          <nav aria-label="MediaLive">
            <a href="/medialive">All channels of MediaLive</a>
            <a href="/medialive/costs">Costs</a>
          </nav>
        </div>
        {done === undefined ? null : (
          <p class="banner good" role="status">
            {done}
          </p>
        )}
        {problem === undefined ? null : (
          <p class="banner error" role="alert">
            {problem}
          </p>
        )}
        <div id="medialive-parts">{html(0)}</div>
        <section class="card" aria-labelledby="medialive-auto-title">
          <h2 id="medialive-auto-title">By itself</h2>
          <div id="medialive-auto">{html(1)}</div>
          {may(frame, "operator") ? <AutoForm {...shown} /> : null}
        </section>
        <CopyText name="ARN" text={channel.arn} faint />
      </main>
    </Layout>
  )
}
