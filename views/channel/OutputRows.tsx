/** @jsxImportSource hono/jsx */
import type { ChannelView, OutputView } from "../../src/effects/model/channel.ts"
import { formatBitrate } from "../format.ts"
import { ActionButton } from "./ActionButton.tsx"
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
  "Reason, or where it goes",
  "Bit rate",
  "RTT",
  "Lost",
  "Resent",
  "Queue",
  "Reconnects",
  "Dropped",
  "Actions",
] as const
const NUMBERS = new Set<string>(OUTPUT_COLUMNS.slice(3, -1))

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

export const isFailing = ({ status }: OutputView) => status === "error" || status === "retrying"

/** A count and its share of all packets sent. */
const share = (part: number | undefined, whole: number | undefined): string => {
  if (part === undefined) return "–"
  return part === 0 || whole === undefined || whole === 0
    ? String(part)
    : `${part} (${((part / whole) * 100).toFixed(2)} %)`
}

const isIdle = ({ carrying, status }: OutputView) => status === "connected" && !carrying

/** How an output is, for how long, or when it is tried again. */
export const OutputState = ({ output, shown }: OutputRowProps) => (
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
  </>
)

const STANDINGS = { connecting: "connecting", connected: "connected", waiting: "not connected" } as const

/** Both receivers of an output with a backup: who carries, and how the other one is. */
export const Pair = ({ backup }: { readonly backup: NonNullable<OutputView["backup"]> }) => (
  <ul class="pair">
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

/**
 * What explains the state: the error of one that fails, else what is unusual, else where it goes: of an output with a
 * backup both receivers.
 */
const Why = ({ output }: Pick<OutputRowProps, "output">) => {
  const [warning] = output.warnings
  if (isFailing(output) && output.last_error !== null)
    return (
      <span class="error" title={output.last_error}>
        {output.last_error}
      </span>
    )
  if (warning !== undefined)
    return (
      <span class="warning" title={warning}>
        {warning}
      </span>
    )
  if (output.backup !== null) return <Pair backup={output.backup} />
  return (
    <code class="url" title="Click selects all of it">
      {output.url}
    </code>
  )
}

/** The figures of an output, as its row and its panel name them. */
export const outputFigures = (output: OutputView) => {
  const { bitrate, packets_dropped, reconnects, srt, status } = output
  const flows = status === "connected"
  return [
    ["Bit rate", flows ? formatBitrate(bitrate) : "–"],
    ["RTT", flows && srt !== null ? `${(srt["rtt_ms"] ?? 0).toFixed(1)} ms` : "–"],
    ["Lost", share(srt?.["packets_lost"], srt?.["packets_sent"])],
    ["Resent", share(srt?.["packets_retransmitted"], srt?.["packets_sent"])],
    ["Queue", flows && srt !== null ? `${srt["send_buffer_ms"] ?? 0} ms` : "–"],
    ["Reconnects", reconnects],
    ["Dropped", packets_dropped],
  ] as const
}

/** True when somebody may be watching: the output is enabled and its channel runs. */
export const isLive = ({ enabled }: Pick<OutputView, "enabled">, { status }: Pick<ChannelView, "status">): boolean =>
  enabled && status !== "stopped"

/** Path of an output. */
export const outputPath = (channel: ChannelView, { slug }: Pick<OutputView, "slug">): string =>
  `${pathOf(channel)}/outputs/${encodeURIComponent(slug)}`

/** An output in one line: its state, what explains it, its figures; its name opens the rest. */
export const OutputRow = ({ output, shown }: OutputRowProps) => {
  const { channel, mayAct, selected } = shown
  const path = outputPath(channel, output)
  const of = `output ${output.name}`
  const classes = [isFailing(output) ? "down" : "", output.slug === selected ? "selected" : ""].filter(Boolean)
  return (
    <tr id={`output-${output.id}`} class={classes.length === 0 ? undefined : classes.join(" ")}>
      <th scope="row">
        <a href={`${pathOf(channel)}?output=${encodeURIComponent(output.slug)}#outputs`}>{output.name}</a>{" "}
        <span class="protocol">{output.protocol}</span>
        {output.backup?.carried_by === "backup" ? <span class="chip is-warning">on backup</span> : null}
      </th>
      <td class="state">
        <OutputState output={output} shown={shown} />
      </td>
      <td class="why">
        <Why output={output} />
      </td>
      {outputFigures(output).map(([name, value]) => (
        <td class="number" data-label={name}>
          {value}
        </td>
      ))}
      {mayAct ? (
        <td class="actions">
          <ActionButton
            to={`${path}/${output.enabled ? "stop" : "start"}`}
            label={output.enabled ? "Stop" : "Start"}
            of={of}
          />{" "}
          <a class="button" href={`${path}/edit`}>
            Edit<span class="visually-hidden"> {of}</span>
          </a>
        </td>
      ) : (
        <td></td>
      )}
    </tr>
  )
}

/** Outputs with failing ones first, the rest in the order they were added. */
export const failingFirst = (outputs: ReadonlyArray<OutputView>): ReadonlyArray<OutputView> =>
  [...outputs].sort((a, b) => Number(isFailing(b)) - Number(isFailing(a)) || a.number - b.number)
