/** @jsxImportSource hono/jsx */
import type { ChannelView, CueProof, CueView } from "../src/effects/model.ts"
import { formatTime } from "./format.ts"
import { Layout } from "./Layout.tsx"

export interface CuesPageProps {
  readonly channel: ChannelView
  /** Newest first. */
  readonly cues: ReadonlyArray<CueView>
  /** Where older ones are; undefined when there are none. */
  readonly older?: string | undefined
}

const CLASSES: Readonly<Record<CueProof["status"], string>> = { sent: "hint", missed: "error", pending: "warning" }

const proofText = ({ delay_ms, output, reason, status }: CueProof): string => {
  if (status === "sent") return `${output} sent after ${Math.round(delay_ms ?? 0)} ms`
  return status === "pending" ? `${output} pending` : `${output} missed: ${reason ?? "no reason is known"}`
}

const CueRow = ({ cue }: { readonly cue: CueView }) => (
  <tr>
    <td class="number">{formatTime(cue.at)}</td>
    <td>
      {cue.kind}
      {cue.manual ? " (manual)" : ""}
      {cue.repeats === 0 ? "" : ` × ${cue.repeats + 1}`}
    </td>
    <td class="wide">
      {cue.description}
      {cue.errors.map((error) => (
        <p class="error">{error}</p>
      ))}
      <p>
        <code class="url" title="base64; click selects all of it">
          {cue.base64}
        </code>
      </p>
      <p>
        <code class="url hint" title="hexadecimal; click selects all of it">
          {cue.hex}
        </code>
      </p>
    </td>
    <td class="number">{cue.preroll_s === null ? "" : `${cue.preroll_s.toFixed(2)} s`}</td>
    <td>
      {cue.outputs.map((proof) => (
        <p class={CLASSES[proof.status]}>{proofText(proof)}</p>
      ))}
    </td>
  </tr>
)

/** The SCTE-35 cues of a channel, newest first, with the proof that they left. */
export const CuesPage = ({ channel, cues, older }: CuesPageProps) => (
  <Layout title={`Cues of ${channel.name} · Stream Distributor`}>
    <header>
      <h1>Cues of {channel.name}</h1>
      <nav>
        <a href="/">Channels</a>
        <a href="/scte35">Decode a cue</a>
        <a href={`/api/channels/${channel.id}/cues`}>JSON</a>
        <a href={`/api/channels/${channel.id}/cues?format=csv&limit=10000`}>CSV</a>
      </nav>
    </header>
    <main id="main">
      {cues.length === 0 ? (
        <p class="empty">
          There are no cues here. splice_null is counted, not listed: {channel.scte35.sections} sections came since the channel was started.
        </p>
      ) : (
        <table>
          <caption>Times are UTC</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">What</th>
              <th scope="col">Cue</th>
              <th scope="col" class="number">
                Pre-roll
              </th>
              <th scope="col">Outputs</th>
            </tr>
          </thead>
          <tbody>
            {cues.map((cue) => (
              <CueRow cue={cue} />
            ))}
          </tbody>
        </table>
      )}
      {older === undefined ? null : <a href={older}>Older</a>}
    </main>
  </Layout>
)
