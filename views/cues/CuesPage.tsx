/** @jsxImportSource hono/jsx */
import type { ChannelView, CueView } from "../../src/effects/model/channel.ts"
import { CopyText } from "../layout/CopyText.tsx"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { Time } from "../layout/Time.tsx"
import { timesAre } from "../station-time.ts"
import { CueProofs } from "./CueProofs.tsx"

export interface CuesPageProps {
  readonly frame: Frame
  readonly channel: ChannelView
  /** Cues, newest first. */
  readonly cues: ReadonlyArray<CueView>
  /** Address of the page with older cues; undefined when there are none. */
  readonly older?: string | undefined
}

const CueRow = ({ cue }: { readonly cue: CueView }) => (
  <tr>
    <td class="number">
      <Time at={cue.at} to="ms" />
    </td>
    <td>
      {cue.kind}
      {cue.manual ? " (inserted by us)" : ""}
      {cue.repeats === 0 ? "" : ` × ${cue.repeats + 1}`}
    </td>
    <td class="wide">
      {cue.description}
      {cue.errors.map((error) => (
        <p class="error">{error}</p>
      ))}
      <CopyText name="base64" text={cue.base64} />
      <CopyText name="hex" text={cue.hex} faint />
    </td>
    <td class="number">{cue.preroll_s === null ? "" : `${cue.preroll_s.toFixed(2)} s`}</td>
    <td>
      <CueProofs proofs={cue.outputs} />
    </td>
  </tr>
)

/** The SCTE-35 cues of a channel, newest first, with the proofs that they went out. */
export const CuesPage = ({ channel, cues, older, frame }: CuesPageProps) => (
  <Layout frame={frame} title={`Cues of ${channel.name} · Stream Distributor`}>
    <main id="main">
      <div class="head">
        <h1>Cues of {channel.name}</h1>
        <nav>
          <a href="/scte35">Decode a cue</a>
          <a href={`/api/channels/${channel.id}/cues`}>JSON</a>
          <a href={`/api/channels/${channel.id}/cues?format=csv`}>CSV</a>
        </nav>
      </div>
      {cues.length === 0 ? (
        <p class="empty">
          There are no cues here. splice_null is counted, not listed: {channel.scte35.sections} sections came since the
          channel was started.
        </p>
      ) : (
        <table>
          <caption>Newest first; {timesAre()}</caption>
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
