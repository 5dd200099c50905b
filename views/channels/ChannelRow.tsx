/** @jsxImportSource hono/jsx */
import { formatCountdown } from "../format.ts"
import type { FailingOutput, ListRow, State } from "./list-row.ts"
import { SPARK } from "./list-texts.ts"

export interface ChannelRowProps {
  readonly row: ListRow
  /** Time of the rendering, in milliseconds since 1970, for countdowns, which list.js continues. */
  readonly now: number
  /** Whether the reader may start and stop. */
  readonly mayOperate: boolean
  /** Address of the channel's picture; null where there are none. */
  readonly thumbnail: string | null
}

const Status = ({ is, text }: State) => (
  <span class={`status is-${is}`}>
    <span class="mark"></span>
    {text}
  </span>
)

const Left = ({ now, until }: { readonly now: number; readonly until: number }) => (
  <b class="number" data-until={String(until)}>
    {formatCountdown((until - now) / 1000)}
  </b>
)

const Failing = ({
  channel,
  now,
  output,
}: {
  readonly channel: string
  readonly now: number
  readonly output: FailingOutput
}) => (
  <p class="failing">
    <Status is={output.is} text="" />
    <a href={`/channels/${channel}#output-${output.id}`}>{output.name}</a> {output.error}
    {output.retryAt !== null ? (
      <>
        {" · again in "}
        <Left now={now} until={output.retryAt} />
      </>
    ) : output.is === "retrying" ? (
      " · trying now"
    ) : null}
  </p>
)

const Input = ({ row }: { readonly row: ListRow }) => (
  <td data-label="Input">
    <div class="input">
      {row.spark === "" ? null : (
        <svg class="spark" viewBox={`0 0 ${SPARK.width} ${SPARK.height}`} aria-hidden="true">
          <path d={row.spark} />
        </svg>
      )}
      <span class="number">{row.bitrate}</span>
      {row.source === "" ? null : <span class="hint">{row.source}</span>}
    </div>
    {row.notes.map(({ is, text }) => (
      <p class={is}>{text}</p>
    ))}
  </td>
)

const stopQuestion = ({ name, running }: ListRow) =>
  `Stop ${name}? ${running === 0 ? "No output is connected." : `${running} connected ${running === 1 ? "output loses" : "outputs lose"} the stream.`}`

/**
 * Start or stop button. Both belong to a form beside the table; without JavaScript the second leads to a page that
 * asks.
 */
const Switch = ({ row }: { readonly row: ListRow }) =>
  row.running === null ? (
    <button type="submit" form="act" formaction={`/channels/${row.slug}/start`} aria-label={`Start ${row.name}`}>
      Start
    </button>
  ) : (
    <button
      type="submit"
      form="act"
      formaction={`/channels/${row.slug}/stop`}
      formmethod="get"
      data-confirm={stopQuestion(row)}
      aria-label={`Stop ${row.name}`}
    >
      Stop
    </button>
  )

/** A channel's row: its state, input, SCTE-35 and outputs at a glance. */
export const ChannelRow = ({ mayOperate, now, row, thumbnail }: ChannelRowProps) => (
  <tr id={row.id} data-search={row.search} data-problem={row.problem ? "" : undefined}>
    {mayOperate ? (
      <td class="select">
        <input type="checkbox" name="channel" value={row.slug} form="bulk" aria-label={`Select ${row.name}`} />
      </td>
    ) : null}
    <th scope="row">
      {thumbnail === null ? null : (
        // Changes by thumbnails.js stay when the row is morphed.
        <span class="thumbnail-place" hx-morph-skip-children="">
          <img
            class="thumbnail"
            src={thumbnail}
            data-thumbnail={thumbnail}
            width="80"
            height="45"
            alt={`What ${row.name} sends out`}
          />
          <span class="hint" hidden>
            no picture
          </span>
        </span>
      )}
      <span class="number">{row.number}</span> <a href={`/channels/${row.slug}`}>{row.name}</a>
    </th>
    <td>
      <Status {...row.state} />
    </td>
    <Input row={row} />
    <td class="number" data-label="CC errors, 5 min">
      {row.ccErrors === null ? null : <span class={row.ccErrors > 0 ? "warning" : undefined}>{row.ccErrors}</span>}
    </td>
    <td data-label="SCTE-35">
      {row.scte35 === null ? null : (
        <>
          <Status {...row.scte35} />
          {row.scte35.until === null ? null : (
            <>
              {" "}
              <Left now={now} until={row.scte35.until} /> left
            </>
          )}
        </>
      )}
    </td>
    <td class="outputs">
      {row.outputs.map(({ is, text }) => (
        <span class={`chip is-${is}`}>
          <span class="mark"></span>
          {text}
        </span>
      ))}
      {row.failing.map((output) => (
        <Failing channel={row.slug} output={output} now={now} />
      ))}
      {row.moreFailing === 0 ? null : (
        <p class="failing">
          <a href={`/channels/${row.slug}`}>and {row.moreFailing} more</a>
        </p>
      )}
    </td>
    <td class="number" data-label="Up">
      {row.uptime}
    </td>
    {mayOperate ? (
      <td class="actions">
        <Switch row={row} />{" "}
        <a class="button" href={`/add/output?channel=${row.slug}`} aria-label={`Add an output to ${row.name}`}>
          + Output
        </a>
      </td>
    ) : null}
  </tr>
)
