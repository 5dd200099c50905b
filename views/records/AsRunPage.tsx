/** @jsxImportSource hono/jsx */
import type { CueProof, CueView } from "../../src/effects/model/cue.ts"
import type { AsRunBreak, AsRunLine, AsRunSum } from "../../src/effects/show/as-run.ts"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { Time } from "../layout/Time.tsx"
import { type Station, timesAre } from "../station-time.ts"
import type { Choice } from "./HistoryPage.tsx"
import { RecordsNav } from "./RecordsNav.tsx"

export interface AsRunPageProps {
  readonly frame: Frame
  readonly channel: { readonly slug: string; readonly name: string }
  readonly path: string
  /** Day or month, as in `2026-11-24`. */
  readonly name: string
  /** Days or months before and after, and the whole month of a day. */
  readonly times: ReadonlyArray<Choice>
  readonly outputs: ReadonlyArray<Choice>
  readonly csv: string
  readonly json: string
  /** The month of the day, as CSV. */
  readonly monthCsv: string
  readonly sums: ReadonlyArray<AsRunSum>
  /** Slugs of the columns. */
  readonly columns: ReadonlyArray<string>
  readonly breaks: ReadonlyArray<AsRunBreak>
  /** Lines of the one output that is shown; null for the matrix of all. */
  readonly lines: ReadonlyArray<AsRunLine> | null
  /** Rows that are left out here and are in the CSV. */
  readonly leftOut: number
  /** False when cues of the begin may have been let go of. */
  readonly isComplete: boolean
  /** The clock that the day and its times go by. */
  readonly station: Station
}

const WORDS: Readonly<Record<CueProof["status"], string>> = {
  sent: "sent",
  missed: "missed",
  pending: "pending",
  no_receiver: "no receiver",
  no_cues: "carries no cues",
}

const cellText = ({ acknowledged_ms, delay_ms, status }: CueProof): string => {
  if (status === "missed") return "✗"
  if (status === "pending") return "…"
  if (status === "no_cues") return "–"
  if (status === "no_receiver") return "no receiver"
  return `✓ ${Math.round(acknowledged_ms ?? delay_ms ?? 0)} ms${acknowledged_ms === undefined ? "" : " ack"}`
}

const Cell = ({ cue, output }: { readonly cue: CueView | undefined; readonly output: string }) => {
  const proof = cue?.outputs.find((one) => one.output === output)
  if (proof === undefined) return <span class="hint">–</span>
  return (
    <span class={proof.status === "missed" ? "error" : undefined} title={proof.reason ?? WORDS[proof.status]}>
      {cellText(proof)}
      <span class="visually-hidden"> {WORDS[proof.status]}</span>
    </span>
  )
}

type MatrixProps = Pick<AsRunPageProps, "breaks" | "columns" | "station">

const labelOf = ({ command, event_id, segmentation_type_ids: types, upids }: CueView): string =>
  [
    event_id === null ? command : `event ${event_id}`,
    ...types.map((type) => `0x${type.toString(16).padStart(2, "0")}`),
    ...upids,
  ].join(" · ")

const Matrix = ({ breaks, columns, station }: MatrixProps) => (
  <section class="table-scroll" tabindex={0} aria-label="Breaks and outputs">
    <table class="as-run">
      <caption>
        Breaks and outputs: ✓ sent, with the delay (ack: until the receiver had it), ✗ missed, – no cue for it;{" "}
        {timesAre(station.zone)}
      </caption>
      <thead>
        <tr>
          <th scope="col" class="number">
            Sent
          </th>
          <th scope="col">Due</th>
          <th scope="col">Break</th>
          {columns.map((output) => (
            <th scope="col">{output}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {breaks.map(({ first, last, sent, wanted }) => (
          <tr class={sent < wanted ? "error" : undefined}>
            <td class="number">
              {sent} of {wanted}
            </td>
            <td class="when">
              <Time at={dueText(first)} station={station} />
              {last === undefined ? null : (
                <p class="hint">
                  back <Time at={dueText(last)} station={station} short />
                </p>
              )}
            </td>
            <td>
              {first.kind}
              {last === undefined ? "" : ` – ${last.kind}`}
              {first.manual ? " (inserted by us)" : ""} <span class="hint">{labelOf(first)}</span>
            </td>
            {columns.map((output) => (
              <td>
                <Cell cue={first} output={output} />
                {last === undefined ? null : (
                  <>
                    {" / "}
                    <Cell cue={last} output={output} />
                  </>
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)

const dueText = ({ at, preroll_s }: CueView): string =>
  new Date(Date.parse(at) + Math.round((preroll_s ?? 0) * 1000)).toISOString()

type LinesProps = Pick<AsRunPageProps, "station"> & { readonly lines: ReadonlyArray<AsRunLine> }

const Lines = ({ lines, station }: LinesProps) => (
  <section class="table-scroll" tabindex={0} aria-label="Cues of the output">
    <table class="stack as-run">
      <caption>Each cue of the output; {timesAre(station.zone)}</caption>
      <thead>
        <tr>
          {["Due", "Arrived", "Cue", "Result", "Sent", "Acknowledged", "Why"].map((name) => (
            <th scope="col">{name}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {lines.map(({ cue, due, proof }) => (
          <tr class={proof?.status === "missed" ? "error" : undefined}>
            <td class="when">
              <Time at={due} station={station} />
            </td>
            <td class="when">
              <Time at={cue.at} station={station} short />
            </td>
            <td class="wide">
              {cue.kind}
              {cue.manual ? " (inserted by us)" : ""} <span class="hint">{labelOf(cue)}</span>
            </td>
            <td>{proof === undefined ? "–" : WORDS[proof.status]}</td>
            <td class="number">
              {proof?.status === "sent" && proof.at !== null ? <Time at={proof.at} station={station} short /> : "–"}
            </td>
            <td class="number">
              {proof?.acknowledged_at === undefined ? "–" : <Time at={proof.acknowledged_at} station={station} short />}
            </td>
            <td>{proof?.reason ?? ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)

const SUMS = ["Sent", "Acknowledged", "Missed", "Pending", "No receiver or no cues"] as const

const Sums = ({ sums }: Pick<AsRunPageProps, "sums">) => (
  <section class="table-scroll" tabindex={0} aria-label="Outputs in sum">
    <table class="stack">
      <caption>Outputs in sum</caption>
      <thead>
        <tr>
          <th scope="col">Output</th>
          {SUMS.map((name) => (
            <th scope="col" class="number">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {sums.map(({ acknowledged, missed, others, output, pending, sent }) => (
          <tr class={missed > 0 ? "error" : undefined}>
            <th scope="row">{output}</th>
            {[`${sent} of ${sent + missed}`, acknowledged, missed, pending, others].map((value, i) => (
              <td class="number" data-label={SUMS[i]}>
                {value}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)

const Links = ({ all, label }: { readonly all: ReadonlyArray<Choice>; readonly label: string }) => (
  <nav class="windows" aria-label={label}>
    {all.map(({ href, isHere, text }) => (
      <a href={href} aria-current={isHere ? "true" : undefined}>
        {text}
      </a>
    ))}
  </nav>
)

/** What was sent of a channel's cues on a day, or in a month: to read, to print and to hand over. */
export const AsRunPage = (props: AsRunPageProps) => {
  const { breaks, channel, frame, isComplete, leftOut, lines, name, path, station, sums } = props
  return (
    <Layout frame={frame} title={`As run, ${channel.name}, ${name} · Stream Distributor`}>
      <main id="main" class="records">
        <div class="head">
          <h1>
            As run: {channel.name}, {name}
          </h1>
          <RecordsNav path={path} here="as-run" />
        </div>
        <Links all={props.times} label="Days" />
        <Links all={props.outputs} label="Output" />
        <p class="exports">
          <a href={props.csv}>CSV</a> <a href={props.json}>JSON</a> <a href={props.monthCsv}>Whole month as CSV</a>
        </p>
        {isComplete ? null : (
          <p class="hint">
            No cue from before this time is on record: cues of its beginning may have been let go of, or there were
            none.
          </p>
        )}
        <Sums sums={sums} />
        {breaks.length === 0 && (lines ?? []).length === 0 ? (
          <p class="empty">No cue is on record of this time.</p>
        ) : lines === null ? (
          <Matrix breaks={breaks} columns={props.columns} station={station} />
        ) : (
          <Lines lines={lines} station={station} />
        )}
        {leftOut === 0 ? null : <p class="banner">{leftOut} more rows are in the CSV and not shown here.</p>}
      </main>
    </Layout>
  )
}
