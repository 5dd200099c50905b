/** @jsxImportSource hono/jsx */
import type { ChannelName, CueView } from "../../src/effects/model/channel.ts"
import { CueProofs } from "../cues/CueProofs.tsx"
import { CopyText } from "../layout/CopyText.tsx"
import { Time } from "../layout/Time.tsx"
import { ChannelCell } from "./EventRow.tsx"

/** A cue: its meaning, its bytes to copy or decode, and the proof that it went out. */
export const CueRow = ({ cue, of }: { readonly cue: CueView; readonly of?: ChannelName }) => (
  <tr id={`cue-${cue.id}`}>
    <td class="when">
      <Time at={cue.at} to="ms" />
    </td>
    {of === undefined ? null : <ChannelCell channel={of} />}
    <td>
      {cue.kind}
      {cue.manual ? " (inserted by us)" : ""}
      {cue.repeats === 0 ? "" : ` × ${cue.repeats + 1}`}
      {cue.preroll_s === null ? null : <p class="hint">{cue.preroll_s.toFixed(2)} s ahead</p>}
    </td>
    <td class="wide">
      {cue.description}
      {cue.errors.map((error) => (
        <p class="error">{error}</p>
      ))}
      <details>
        <summary>Bytes</summary>
        <CopyText name="base64" text={cue.base64} />
        <CopyText name="hex" text={cue.hex} faint />
        <form method="post" action="/scte35">
          <input type="hidden" name="cue" value={cue.base64} />
          <button type="submit">Decode</button>
        </form>
      </details>
    </td>
    <td>
      <CueProofs proofs={cue.outputs} />
    </td>
  </tr>
)
