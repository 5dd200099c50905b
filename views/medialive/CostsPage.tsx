/** @jsxImportSource hono/jsx */

import type { CostsView } from "../../src/effects/medialive/medialive-bodies.ts"
import { formatUsd } from "../format.ts"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"

export interface CostsPageProps {
  readonly frame: Frame
  readonly costs: CostsView
  /** The months before and after, for links. */
  readonly months: { readonly before: string; readonly after: string }
}

const MediaLiveCosts = ({ channels }: { readonly channels: CostsView["medialive"] }) => (
  <section class="card table-scroll" tabindex={0} aria-label="Channels of MediaLive">
    <table class="stack">
      <caption>Channels of MediaLive that ran</caption>
      <thead>
        <tr>
          <th scope="col">Channel</th>
          <th scope="col" class="number">
            Runs
          </th>
          <th scope="col" class="number">
            Hours
          </th>
          <th scope="col" class="number">
            Estimate
          </th>
        </tr>
      </thead>
      <tbody>
        {channels.map(({ hours, hours_in_part, hours_without_price, id, name, runs, usd: sum }) => (
          <tr>
            <th scope="row">
              {name} <span class="hint">{id}</span>
            </th>
            <td class="number" data-label="Runs">
              {runs}
            </td>
            <td class="number" data-label="Hours">
              {hours.toFixed(2)}
            </td>
            <td class="number" data-label="Estimate">
              {formatUsd(sum)}
              {hours_without_price === 0 ? null : (
                <span class="hint"> without {hours_without_price} h of unknown price</span>
              )}
              {hours_in_part === 0 ? null : (
                <span class="hint">
                  {" "}
                  {hours_in_part} h of it without some inputs or outputs, whose price is unknown
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
    {channels.length === 0 ? <p class="hint">None ran.</p> : null}
  </section>
)

const EgressCosts = ({ egress }: { readonly egress: CostsView["egress"] }) => (
  <section class="card table-scroll" tabindex={0} aria-label="Egress">
    <table class="stack">
      <caption>What our outputs sent</caption>
      <thead>
        <tr>
          <th scope="col">Channel</th>
          <th scope="col" class="number">
            GB
          </th>
          <th scope="col" class="number">
            Estimate
          </th>
        </tr>
      </thead>
      <tbody>
        {egress.map(({ channel, gigabytes, usd: sum }) => (
          <tr>
            <th scope="row">{channel}</th>
            <td class="number" data-label="GB">
              {gigabytes.toFixed(3)}
            </td>
            <td class="number" data-label="Estimate">
              {formatUsd(sum)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
    {egress.length === 0 ? <p class="hint">Nothing was sent.</p> : null}
  </section>
)

/** What a month came to by list prices. */
export const CostsPage = ({ costs, frame, months }: CostsPageProps) => (
  <Layout frame={frame} title={`Costs of ${costs.month} · Stream Distributor`}>
    <main id="main">
      <div class="head">
        <h1>List price estimate, {costs.month}</h1>
        <nav aria-label="Months">
          <a href={`/medialive/costs?month=${months.before}`}>{months.before}</a>
          <a href={`/medialive/costs?month=${months.after}`}>{months.after}</a>
          <a href={`/medialive/costs.csv?month=${costs.month}`}>CSV</a>
          <a href="/medialive">MediaLive</a>
        </nav>
      </div>
      <p class="hint">{costs.note}</p>
      <MediaLiveCosts channels={costs.medialive} />
      <EgressCosts egress={costs.egress} />
    </main>
  </Layout>
)
