/** @jsxImportSource hono/jsx */
import type { OutputView } from "../../src/effects/model/channel.ts"
import type { CueView } from "../../src/effects/model/cue.ts"
import { formatBitrate, formatUptime } from "../format.ts"
import { CopyText } from "../layout/CopyText.tsx"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { Time } from "../layout/Time.tsx"
import { timesAre } from "../station-time.ts"
import type { ReceiverHelp } from "./receiver-lines.ts"

/** What a partner sees of the output now. */
export interface PartnerNow {
  readonly output: OutputView
  /** True while the channel has input. */
  readonly hasInput: boolean
  /** Newest first, each with what came of it at this output alone. */
  readonly cues: ReadonlyArray<CueView>
  /** A sentence about the break that is announced or runs; null without one. */
  readonly next: string | null
  /** Unix ms. */
  readonly now: number
}

export interface PartnerPageProps {
  readonly frame: Frame
  readonly title: string
  /** Whom the link is for, and until when it works, ISO 8601. */
  readonly label: string
  readonly until: string
  /** Path of the page. */
  readonly path: string
  readonly now: PartnerNow
  readonly help: ReceiverHelp | null
}

const STATES: Readonly<Record<OutputView["status"], string>> = {
  stopped: "stopped",
  connecting: "connecting",
  connected: "connected",
  retrying: "not connected, tried again",
  error: "not connected",
}

const stateOf = ({ hasInput, output }: PartnerNow): string => {
  if (output.options["mode"] === "listener" && output.status === "connected" && output.receivers.length === 0)
    return "waiting for a receiver"
  const words = STATES[output.status]
  return output.status === "connected" && !hasInput ? `${words}; the channel has no input at present` : words
}

const lost = ({ srt }: OutputView): string => {
  const packets = srt?.["packets_lost"]
  const sent = srt?.["packets_sent"] ?? 0
  if (packets === undefined) return "–"
  const share = sent === 0 ? "" : ` (${((packets / sent) * 100).toFixed(3)} %)`
  return `${packets}${share}, sent again ${srt?.["packets_retransmitted"] ?? 0}`
}

const rtt = ({ receivers, srt }: OutputView): string => {
  const all = [srt?.["rtt_ms"], ...receivers.map(({ rtt_ms }) => rtt_ms)].filter((one) => typeof one === "number")
  return all.length === 0 ? "–" : `${Math.max(...all).toFixed(1)} ms`
}

const resultOf = (cue: CueView): string => {
  const [proof] = cue.outputs
  if (proof === undefined) return "–"
  if (proof.status === "sent")
    return proof.acknowledged_ms === undefined
      ? `sent after ${Math.round(proof.delay_ms ?? 0)} ms`
      : `acknowledged after ${Math.round(proof.acknowledged_ms)} ms`
  return { missed: "missed", pending: "pending", no_receiver: "no receiver", no_cues: "carries no cues" }[proof.status]
}

/** The part that changes. */
export const PartnerNowPart = ({ now }: { readonly now: PartnerNow }) => {
  const { cues, next, output } = now
  const rows: ReadonlyArray<readonly [name: string, value: string]> = [
    ["State", stateOf(now)],
    ["For", output.status === "connected" ? formatUptime(output.uptime) : "–"],
    ["Bit rate", formatBitrate(output.bitrate)],
    ["Round-trip time", rtt(output)],
    ["Lost packets", lost(output)],
    ["Dropped packets", String(output.packets_dropped)],
    ["Reconnects", String(output.reconnects)],
    ...(output.receivers.length > 0 ? [["Receivers", String(output.receivers.length)] as const] : []),
    ["Next break", next ?? "none is announced"],
  ]
  return (
    <>
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <section class="table-scroll" tabindex={0} aria-label="Last cues">
        <table class="stack">
          <caption>The last cues; {timesAre()}</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">What</th>
              <th scope="col">Cue</th>
              <th scope="col">Result</th>
            </tr>
          </thead>
          <tbody>
            {cues.map((cue) => (
              <tr>
                <td class="when">
                  <Time at={cue.at} to="ms" />
                </td>
                <td>{cue.kind}</td>
                <td class="wide">{cue.description}</td>
                <td>{resultOf(cue)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {cues.length === 0 ? <p class="hint">None yet.</p> : null}
      </section>
      <p class="hint">
        As of <Time at={new Date(now.now).toISOString()} />
      </p>
    </>
  )
}

const Help = ({ help, output }: { readonly help: ReceiverHelp | null; readonly output: OutputView }) => (
  <section class="card" aria-labelledby="setup-title">
    <h2 id="setup-title">Your side</h2>
    {help === null ? (
      <>
        <p>We publish to the address below; there is nothing to be set for it here.</p>
        <CopyText name="address" text={output.url} />
      </>
    ) : (
      <>
        <p>{help.how}</p>
        <dl class="setup">
          {help.lines.map(({ place, program, text }) => (
            <div>
              <dt>
                {program} <span class="hint">{place}</span>
              </dt>
              <dd>
                <CopyText name={`for ${program}`} text={text} />
              </dd>
            </div>
          ))}
        </dl>
        {help.notes.map((note) => (
          <p class="hint">{note}</p>
        ))}
      </>
    )}
  </section>
)

/** What a partner may see: one output, how it is, its cues, and what to set on their side. */
export const PartnerPage = ({ frame, help, label, now, path, title, until }: PartnerPageProps) => (
  <Layout frame={frame} title={title}>
    <main id="main" class="partner">
      <h1>{title}</h1>
      <p class="hint">
        For {label}, until <Time at={until} to="minute" />. Whoever has this address sees this page: keep it to
        yourself.
      </p>
      <section class="card" aria-label="Now">
        <div id="partner-now" hx-get={`${path}?part=now`} hx-trigger="every 5s" hx-swap="innerMorph">
          <PartnerNowPart now={now} />
        </div>
        <noscript>
          <p class="hint">
            <a href={path}>Look again</a>
          </p>
        </noscript>
      </section>
      <Help help={help} output={now.output} />
    </main>
  </Layout>
)

export interface PartnerGoneProps {
  readonly frame: Frame
  readonly title: string
  readonly text: string
}

/** What a link says that shows nothing any more. */
export const PartnerGonePage = ({ frame, text, title }: PartnerGoneProps) => (
  <Layout frame={frame} title={title}>
    <main id="main" class="partner">
      <h1>{title}</h1>
      <p class="empty">{text}</p>
    </main>
  </Layout>
)
