/** @jsxImportSource hono/jsx */
import { formatUsd } from "../format.ts"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"

export interface EgressPageProps {
  readonly frame: Frame
  readonly egress: {
    readonly month: string
    readonly usd_per_gb: number | null
    readonly gigabytes: number
    readonly usd: number | null
    readonly outputs: ReadonlyArray<{
      readonly channel: string
      readonly output: string
      readonly gigabytes: number
      readonly usd: number | null
    }>
  }
  /** The months before and after, for links. */
  readonly months: { readonly before: string; readonly after: string }
  readonly mayPrice: boolean
  /** What is wrong with the price that was typed. */
  readonly error: string | undefined
}

const PriceForm = ({ egress, error }: Pick<EgressPageProps, "egress" | "error">) => (
  <form method="post" action="/egress/price" class="filters">
    <input type="hidden" name="month" value={egress.month} />
    <div>
      <label for="usd-per-gb">Price of a GB in USD</label>
      <input
        id="usd-per-gb"
        name="usd_per_gb"
        inputmode="decimal"
        value={egress.usd_per_gb ?? ""}
        aria-invalid={error === undefined ? undefined : "true"}
        aria-describedby={error === undefined ? undefined : "usd-per-gb-error"}
      />
      {error === undefined ? null : (
        <p id="usd-per-gb-error" class="error" role="alert">
          {error}
        </p>
      )}
    </div>
    <div class="filter-buttons">
      <button type="submit">Set</button>
    </div>
  </form>
)

/** What each output sent in a month, and what that comes to. */
export const EgressPage = ({ egress, error, frame, mayPrice, months }: EgressPageProps) => (
  <Layout frame={frame} title={`Egress of ${egress.month} · Stream Distributor`}>
    <main id="main" class="records">
      <div class="head">
        <h1>Egress, {egress.month}</h1>
        <nav aria-label="Months">
          <a href={`/egress?month=${months.before}`}>{months.before}</a>
          <a href={`/egress?month=${months.after}`}>{months.after}</a>
          <a href={`/api/egress?month=${egress.month}&format=csv`}>CSV</a>
        </nav>
      </div>
      <p class="hint">
        TS payload that outputs handed on, in GB of 10⁹ bytes, by months of UTC; headers of SRT, UDP and IP and what SRT
        sent again come on top of it. Amounts are kept for 36 months.
      </p>
      <section class="card table-scroll" tabindex={0} aria-label="Egress by output">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">Channel</th>
              <th scope="col">Output</th>
              <th scope="col" class="number">
                GB
              </th>
              <th scope="col" class="number">
                Estimate
              </th>
            </tr>
          </thead>
          <tbody>
            {egress.outputs.map((one) => (
              <tr>
                <th scope="row">{one.channel}</th>
                <td>{one.output}</td>
                <td class="number" data-label="GB">
                  {one.gigabytes.toFixed(3)}
                </td>
                <td class="number" data-label="Estimate">
                  {formatUsd(one.usd)}
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row" colspan={2}>
                In all
              </th>
              <td class="number" data-label="GB">
                {egress.gigabytes.toFixed(3)}
              </td>
              <td class="number" data-label="Estimate">
                {formatUsd(egress.usd)}
              </td>
            </tr>
          </tfoot>
        </table>
        {egress.outputs.length === 0 ? <p class="hint">Nothing was sent.</p> : null}
      </section>
      {mayPrice ? <PriceForm egress={egress} error={error} /> : null}
    </main>
  </Layout>
)
