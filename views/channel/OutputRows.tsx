/** @jsxImportSource hono/jsx */
import type { ChannelView, OutputView } from "../../src/effects/model/channel.ts"
import { formatBitrate } from "../format.ts"
import { ActionButton, AskingLink, LeavingButton } from "./ActionButton.tsx"
import { type ChannelShown, pathOf, since } from "./channel-shown.ts"
import { StatusMark } from "./StatusMark.tsx"
import { Countdown, Elapsed } from "./Ticking.tsx"

export interface OutputRowProps {
  readonly shown: ChannelShown
  readonly output: OutputView
}

/** Columns of the table of outputs. */
export const OUTPUT_COLUMNS = [
  "Output",
  "State",
  "Bit rate",
  "RTT",
  "Lost",
  "Retransmitted",
  "Queue",
  "Reconnects",
  "Dropped",
  "Actions",
] as const
const NUMBERS = new Set<string>(OUTPUT_COLUMNS.slice(2, -1))

/** Head of the table of outputs. */
export const OutputColumns = () => (
  <tr>
    {OUTPUT_COLUMNS.map((name) => (
      <th scope="col" class={NUMBERS.has(name) ? "number" : undefined}>
        {name}
      </th>
    ))}
  </tr>
)

const isFailing = ({ status }: OutputView) => status === "error" || status === "retrying"

/** A count and its share of all packets sent. */
const share = (part: number | undefined, whole: number | undefined): string => {
  if (part === undefined) return "–"
  return part === 0 || whole === undefined || whole === 0
    ? String(part)
    : `${part} (${((part / whole) * 100).toFixed(2)} %)`
}

const Receivers = ({ output, shown }: OutputRowProps) => (
  <details>
    <summary>
      {output.receivers.length} {output.receivers.length === 1 ? "receiver" : "receivers"}
    </summary>
    <ul class="notes">
      {output.receivers.map((receiver) => (
        <li>
          <code>{receiver.peer}</code>
          {receiver.stream_id === "" ? "" : ` stream id ${receiver.stream_id}`}, connected for{" "}
          <Elapsed at={since(shown, `receiver ${output.id} ${receiver.peer}`, receiver.uptime)} />
          {receiver.rtt_ms === null ? "" : `, RTT ${receiver.rtt_ms.toFixed(1)} ms`}, {receiver.packets_dropped} dropped
        </li>
      ))}
    </ul>
  </details>
)

const STANDINGS = { connecting: "connecting", connected: "connected", waiting: "not connected" } as const

/** Both receivers of an output with a backup: who carries, and how the other one is. */
const Pair = ({ backup }: Pick<OutputView, "backup">) =>
  backup === null ? null : (
    <ul class="notes">
      {(["main", "backup"] as const).map((which) => {
        const { address, rtt_ms, state } = backup[which]
        return (
          <li>
            {which} receiver {address === null ? "" : <code>{address}</code>}{" "}
            {backup.carried_by === which ? <strong>carries</strong> : STANDINGS[state]}
            {rtt_ms === null ? "" : `, RTT ${rtt_ms.toFixed(1)} ms`}
          </li>
        )
      })}
    </ul>
  )

/** The implementation of SRT that carries the output, and why it is not our own where that was asked for. */
const Stack = ({ output: { needs_libsrt, srt_stack } }: Pick<OutputRowProps, "output">) =>
  srt_stack === null ? null : (
    <>
      {" "}
      <span class="hint">
        {srt_stack === "own" ? "own stack" : "libsrt"}
        {needs_libsrt.length === 0 ? "" : `, which it needs for ${needs_libsrt.join(", ")}`}
      </span>
    </>
  )

const isIdle = ({ carrying, status }: OutputView) => status === "connected" && !carrying

const State = ({ output, shown }: OutputRowProps) => (
  <>
    {isIdle(output) && output.lifecycle !== "stopping" ? (
      <StatusMark status="idle" words="idle, no input: connected" />
    ) : (
      <StatusMark status={output.status} words={output.lifecycle === "stopping" ? "stopping" : output.status} />
    )}
    {output.status === "connected" ? (
      <span class="hint">
        {" for "}
        <Elapsed at={since(shown, `output ${output.id}`, output.uptime)} />
      </span>
    ) : null}
    {output.next_retry_at === null ? null : (
      <span>
        {", next try in "}
        <Countdown at={output.next_retry_at} />
      </span>
    )}
    {output.last_error === null ? null : (
      <p class={isFailing(output) ? "error" : "hint"}>
        {isFailing(output) ? "" : "Last error: "}
        {output.last_error}
      </p>
    )}
    {output.warnings.map((warning) => (
      <p class="warning">{warning}</p>
    ))}
  </>
)

/** True when somebody may be watching: the output is enabled and its channel runs. */
export const isLive = ({ enabled }: Pick<OutputView, "enabled">, { status }: Pick<ChannelView, "status">): boolean =>
  enabled && status !== "stopped"

const Actions = ({ output, shown: { channel } }: OutputRowProps) => {
  const back = pathOf(channel)
  const path = `${back}/outputs/${encodeURIComponent(output.slug)}`
  const of = `output ${output.name}`
  // Removing an output that carries the stream needs confirmation; any removal can be undone.
  const Remove = isLive(output, channel) ? AskingLink : LeavingButton
  return (
    <td class="actions">
      <ActionButton
        to={`${path}/${output.enabled ? "stop" : "start"}`}
        label={output.enabled ? "Stop" : "Start"}
        of={of}
      />
      <a class="button" href={`${path}/edit`}>
        Edit<span class="visually-hidden"> {of}</span>
      </a>
      <a class="button" href={`${path}/partner`}>
        Partner link<span class="visually-hidden"> {of}</span>
      </a>
      <LeavingButton to={`${path}/duplicate`} back={back} label="Duplicate" of={of} />
      <LeavingButton to={`${path}/test`} back={back} label="Test" of={of} />
      <Remove to={`${path}/remove`} back={back} label="Remove" of={of} kind="danger" />
    </td>
  )
}

/** An output with its figures, the reason for a failure, and its buttons. */
export const OutputRow = ({ output, shown }: OutputRowProps) => {
  const { srt } = output
  const flows = output.status === "connected"
  return (
    <tr id={`output-${output.id}`} class={isFailing(output) ? "down" : undefined}>
      <th scope="row">
        {output.name} <span class="protocol">{output.protocol}</span>
        <Stack output={output} />
        <code class="url" title="Click selects all of it">
          {output.url}
        </code>
        <Pair backup={output.backup} />
        {output.receivers.length === 0 ? null : <Receivers output={output} shown={shown} />}
      </th>
      <td class="state">
        <State output={output} shown={shown} />
      </td>
      <td class="number" data-label="Bit rate">
        {flows ? formatBitrate(output.bitrate) : "–"}
      </td>
      <td class="number" data-label="RTT">
        {flows && srt !== null ? `${(srt["rtt_ms"] ?? 0).toFixed(1)} ms` : "–"}
      </td>
      <td class="number" data-label="Lost">
        {share(srt?.["packets_lost"], srt?.["packets_sent"])}
      </td>
      <td class="number" data-label="Retransmitted">
        {share(srt?.["packets_retransmitted"], srt?.["packets_sent"])}
      </td>
      <td class="number" data-label="Queue">
        {flows && srt !== null ? `${srt["send_buffer_ms"] ?? 0} ms` : "–"}
      </td>
      <td class="number" data-label="Reconnects">
        {output.reconnects}
      </td>
      <td class="number" data-label="Dropped">
        {output.packets_dropped}
      </td>
      {shown.mayAct ? <Actions output={output} shown={shown} /> : <td></td>}
    </tr>
  )
}

/** Outputs with failing ones first, the rest in the order they were added. */
export const failingFirst = (outputs: ReadonlyArray<OutputView>): ReadonlyArray<OutputView> =>
  [...outputs].sort((a, b) => Number(isFailing(b)) - Number(isFailing(a)) || a.number - b.number)
