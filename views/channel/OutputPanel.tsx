/** @jsxImportSource hono/jsx */
import type { OutputView } from "../../src/effects/model/channel.ts"
import type { ChannelEventView } from "../../src/effects/model/event.ts"
import { Time } from "../layout/Time.tsx"
import { AskingLink, LeavingButton } from "./ActionButton.tsx"
import { CaptureLink, sendsDatagrams } from "./CaptureLink.tsx"
import { type ChannelShown, pathOf, since } from "./channel-shown.ts"
import { MuteButton, Muted } from "./MuteParts.tsx"
import { isLive, OutputState, outputFigures, outputPath, Pair } from "./OutputRows.tsx"
import { Elapsed } from "./Ticking.tsx"

export interface OutputPanelProps {
  readonly shown: ChannelShown
  readonly output: OutputView
}

/** The implementation of SRT that carries the output, and why it is not our own where that was asked for. */
const Stack = ({ output: { needs_libsrt, srt_stack } }: Pick<OutputPanelProps, "output">) =>
  srt_stack === null ? null : (
    <p class="hint">
      {srt_stack === "own" ? "own stack" : "libsrt"}
      {needs_libsrt.length === 0 ? "" : `, which it needs for ${needs_libsrt.join(", ")}`}
    </p>
  )

const Receivers = ({ output, shown }: OutputPanelProps) =>
  output.receivers.length === 0 ? null : (
    <>
      <h4>
        {output.receivers.length} {output.receivers.length === 1 ? "receiver" : "receivers"}
      </h4>
      <ul class="notes">
        {output.receivers.map((receiver) => (
          <li>
            <code>{receiver.peer}</code>
            {receiver.stream_id === "" ? "" : ` stream id ${receiver.stream_id}`}, connected for{" "}
            <Elapsed at={since(shown, `receiver ${output.id} ${receiver.peer}`, receiver.uptime)} />
            {receiver.rtt_ms === null ? "" : `, RTT ${receiver.rtt_ms.toFixed(1)} ms`}, {receiver.packets_dropped}{" "}
            dropped
          </li>
        ))}
      </ul>
    </>
  )

const CLASSES: Readonly<Record<ChannelEventView["severity"], string | undefined>> = {
  info: undefined,
  warning: "warning",
  critical: "error",
}

/** What happened to the output, each with its time: an error without one tells nobody whether it still counts. */
const Past = ({ events }: { readonly events: ReadonlyArray<ChannelEventView> }) => (
  <>
    <h4>What happened</h4>
    {events.length === 0 ? <p class="hint">Nothing among the last events of the channel.</p> : null}
    {/* Long lists scroll, which has to be possible by keyboard. */}
    <ul class="notes" tabindex={0}>
      {events.map(({ at, message, severity }) => (
        <li class={CLASSES[severity]}>
          <Time at={at} /> {message}
        </li>
      ))}
    </ul>
  </>
)

/** All of one output beside the table: figures, receivers, what happened, and everything that can be done with it. */
export const OutputPanel = ({ output, shown }: OutputPanelProps) => {
  const { channel, mayAct, outputEvents } = shown
  const back = pathOf(channel)
  const path = outputPath(channel, output)
  const of = `output ${output.name}`
  // Removing an output that carries the stream needs confirmation; any removal can be undone.
  const Remove = isLive(output, channel) ? AskingLink : LeavingButton
  const { cues_missed, cues_sent } = output
  return (
    <div id={`panel-${output.id}`} class="panel-body">
      <div class="head">
        <h3>
          {output.name} <span class="protocol">{output.protocol}</span>
        </h3>
        <a class="panel-close" href={`${back}#outputs`}>
          Close
        </a>
      </div>
      <p>
        <OutputState output={output} shown={shown} /> <Muted output={output} shown={shown} />
      </p>
      {output.last_error === null || output.status === "connected" ? null : <p class="error">{output.last_error}</p>}
      {output.warnings.map((warning) => (
        <p class="warning">{warning}</p>
      ))}
      <code class="url" title="Click selects all of it">
        {output.url}
      </code>
      {output.backup === null ? null : <Pair backup={output.backup} />}
      <Stack output={output} />
      <dl class="figures">
        {[...outputFigures(output), ["Cues", `${cues_sent} sent, ${cues_missed} missed`] as const].map(
          ([name, value]) => (
            <div>
              <dt>{name}</dt>
              <dd class="number">{value}</dd>
            </div>
          ),
        )}
      </dl>
      {mayAct ? (
        <div class="actions">
          <LeavingButton to={`${path}/test`} back={back} label="Test" of={of} />
          <MuteButton path={path} output={output} shown={shown} />
          <a class="button" href={`${path}/edit`}>
            Edit<span class="visually-hidden"> {of}</span>
          </a>
          <form method="post" action={`${path}/partner`}>
            <input type="hidden" name="label" value="the partner" />
            <input type="hidden" name="days" value="30" />
            <button type="submit">
              Make a partner link<span class="visually-hidden"> for {of}, for 30 days</span>
            </button>
          </form>
          <a href={`${path}/partner`}>
            Partner links<span class="visually-hidden"> of {of}</span>
          </a>
          {shown.mayCapture && sendsDatagrams(output) && isLive(output, channel) ? (
            <CaptureLink path={`/api${path}/capture`} of={of} />
          ) : null}
          <LeavingButton to={`${path}/duplicate`} back={back} label="Duplicate" of={of} />
          <Remove to={`${path}/remove`} back={back} label="Remove" of={of} kind="danger" />
        </div>
      ) : null}
      <Receivers output={output} shown={shown} />
      <Past events={outputEvents} />
    </div>
  )
}
