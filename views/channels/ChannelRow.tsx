/** @jsxImportSource hono/jsx */
import { formatCountdown } from "../format.ts"
import type { ListRow, State } from "./list-row.ts"
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

const Input = ({ row }: { readonly row: ListRow }) => (
  <td class="rate" data-label="Input">
    {row.legs.map(({ is, isUsed, text }) => (
      <span class={`leg-dot is-${is}`} title={text}>
        <span class={isUsed ? "mark" : "mark off"}></span>
        <span class="visually-hidden">{text}</span>
      </span>
    ))}
    <span class="number">{row.bitrate}</span>
    {row.spark === "" ? null : (
      <svg class="spark" viewBox={`0 0 ${SPARK.width} ${SPARK.height}`} aria-hidden="true">
        <path d={row.spark} />
      </svg>
    )}
    {row.ccErrors === null || row.ccErrors === 0 ? null : (
      <span class="warning" title="Continuity errors of the last 5 minutes">
        CC {row.ccErrors}
      </span>
    )}
  </td>
)

const Outputs = ({ row }: { readonly row: ListRow }) => (
  <td class="outputs" data-label="Outputs">
    <span class="number">{row.carrying}</span>
    {row.outputs.map(({ is, slug, title }) => (
      <a class={`out is-${is}`} href={`/channels/${row.slug}?output=${slug}`} title={title} aria-label={title}>
        <span class="mark"></span>
      </a>
    ))}
    {row.moreOutputs === 0 ? null : <a href={`/channels/${row.slug}`}>+{row.moreOutputs}</a>}
  </td>
)

/** The cause of the state across the row: of outputs that are down each with its reason and its next attempt. */
const Reason = ({ now, row }: { readonly row: ListRow; readonly now: number }) =>
  row.cause === "" && row.failing.length === 0 ? null : (
    <p class={`reason is-${row.state.is}`} title={row.cause === "" ? undefined : row.cause}>
      {row.cause === "" ? null : <span>{row.cause}</span>}
      {row.failing.map(({ error, isTried, name, retryAt, slug }) => (
        <span>
          <a href={`/channels/${row.slug}?output=${slug}`}>{name}</a> {error}
          {retryAt !== null ? (
            <>
              {" · again in "}
              <Left now={now} until={retryAt} />
            </>
          ) : isTried ? (
            " · trying now"
          ) : null}
        </span>
      ))}
      {row.moreFailing === 0 ? null : <a href={`/channels/${row.slug}`}>and {row.moreFailing} more</a>}
    </p>
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

/** A channel's row: its state with the cause, input, SCTE-35 and outputs at a glance. */
export const ChannelRow = ({ mayOperate, now, row, thumbnail }: ChannelRowProps) => (
  <tr
    id={row.id}
    data-search={row.search}
    data-state={row.worst}
    data-problem={row.problem ? "" : undefined}
    class={row.cause === "" && row.failing.length === 0 ? undefined : "told"}
  >
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
            width="64"
            height="36"
            loading="lazy"
            alt={`What ${row.name} sends out`}
          />
          <span class="hint" hidden>
            no picture
          </span>
        </span>
      )}
      <span class="number">{row.number}</span> <a href={`/channels/${row.slug}`}>{row.name}</a>
      {row.tags.length === 0 ? null : <span class="hint"> {row.tags.join(", ")}</span>}
      <Reason now={now} row={row} />
    </th>
    <td>
      <Status {...row.state} />
      {row.uptime === "" ? null : <span class="hint up"> {row.uptime}</span>}
    </td>
    <Input row={row} />
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
    <Outputs row={row} />
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
