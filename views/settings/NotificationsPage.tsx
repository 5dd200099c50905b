/** @jsxImportSource hono/jsx */
import type { Cause } from "../../src/effects/notifications/causes.ts"
import type { MuteView, NoticeView, TestAnswer } from "../../src/effects/notifications/notification-bodies.ts"
import { hitBy } from "../channels/Attention.tsx"
import type { FieldSpec, FormState } from "../forms/form-state.ts"
import { type Frame, isBound, may } from "../layout/frame.ts"
import { Time } from "../layout/Time.tsx"
import { type DestinationRow, Destinations } from "./Destinations.tsx"
import { Mutes } from "./Mutes.tsx"
import { SettingsPage } from "./SettingsPage.tsx"

/** A notice with its kind in words. */
export interface NoticeRow {
  readonly notice: NoticeView
  readonly words: string
}

/** Open notices of one cause. */
export interface IncidentRow {
  readonly cause: Cause
  readonly rows: ReadonlyArray<NoticeRow>
}

export interface NotificationsProps {
  readonly frame: Frame
  readonly done?: string | undefined
  readonly open: ReadonlyArray<IncidentRow>
  readonly recent: ReadonlyArray<NoticeRow>
  readonly mutes: ReadonlyArray<MuteView>
  readonly destinations: ReadonlyArray<DestinationRow>
  /** The rules, a sentence each. */
  readonly rules: ReadonlyArray<string>
  /** Fields of the form for a mute. */
  readonly muteFields: ReadonlyArray<FieldSpec>
  readonly state: FormState
  readonly tested?: { readonly name: string; readonly answer: TestAnswer } | undefined
}

const whereOf = ({ channel_name, output_name }: NoticeView) =>
  channel_name === null ? "the service" : output_name === null ? channel_name : `${channel_name}, output ${output_name}`
const query = (fields: Readonly<Record<string, string | null>>) =>
  new URLSearchParams(
    Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [[name, value] as [string, string]])),
  ).toString()

const What = ({ row: { notice, words } }: { readonly row: NoticeRow }) => (
  <>
    <span class={`status is-${notice.severity}`}>
      <span class="mark" aria-hidden="true"></span>
      {notice.severity}
    </span>{" "}
    {notice.channel === null ? whereOf(notice) : <a href={`/channels/${notice.channel}`}>{whereOf(notice)}</a>}: {words}
  </>
)

const StateOf = ({ notice }: { readonly notice: NoticeView }) => (
  <>
    {notice.acknowledged_at === null ? "not acknowledged" : `acknowledged by ${notice.acknowledged_by ?? "somebody"}`}
    {notice.muted_until === null ? null : (
      <>
        , muted until <Time at={notice.muted_until} />
      </>
    )}
  </>
)

/** The notices of an incident one by one, each with a mute of its own channel or output. */
const Notices = ({ frame, rows }: { readonly frame: Frame; readonly rows: ReadonlyArray<NoticeRow> }) => (
  <ul class="notes">
    {rows.map((row) => {
      const { channel, key, message, opened_at, output } = row.notice
      return (
        <li>
          <What row={row} /> <span class="hint">{message}</span>, since <Time at={opened_at} />,{" "}
          <StateOf notice={row.notice} />{" "}
          {may(frame, "operator") ? (
            <a href={`/settings/notifications?${query({ channel, output })}#mute`} aria-label={`Mute ${key}`}>
              Mute…
            </a>
          ) : null}
        </li>
      )
    })}
  </ul>
)

const Acknowledge = ({ children, keys, of }: { children: string; keys: ReadonlyArray<string>; of: string }) => (
  <form method="post" action="/settings/notifications/acknowledge">
    {keys.map((key) => (
      <input type="hidden" name="key" value={key} />
    ))}
    <button type="submit" aria-label={`Acknowledge ${of}`}>
      {children}
    </button>
  </form>
)

const unseen = (rows: ReadonlyArray<NoticeRow>): ReadonlyArray<string> =>
  rows.filter(({ notice }) => notice.acknowledged_at === null).map(({ notice }) => notice.key)

/** One line for each cause, whatever it hits; its notices are folded below it. */
const Incident = ({ frame, incident: { cause, rows } }: { readonly frame: Frame; readonly incident: IncidentRow }) => {
  const { channels, message, outputs, severity, since, words } = cause
  const [only] = channels.length === 1 ? channels : []
  const keys = unseen(rows)
  const of = `${hitBy(cause)}: ${words}`
  return (
    <tr>
      <th scope="row">
        <span class={`status is-${severity}`}>
          <span class="mark" aria-hidden="true"></span>
          {severity}
        </span>{" "}
        {only === undefined ? hitBy(cause) : <a href={`/channels/${only.slug}`}>{hitBy(cause)}</a>}: {words}
      </th>
      <td class="wide">
        {message}
        <details>
          <summary>{rows.length === 1 ? "1 notice" : `${rows.length} notices`}</summary>
          <Notices frame={frame} rows={rows} />
        </details>
      </td>
      <td data-label="Since">
        <Time at={since} />
      </td>
      <td data-label="State">
        {keys.length > 0 && keys.length < rows.length ? (
          `${rows.length - keys.length} of ${rows.length} acknowledged`
        ) : rows[0] === undefined ? null : (
          <StateOf notice={rows[0].notice} />
        )}
      </td>
      {may(frame, "operator") ? (
        <td class="actions">
          {keys.length === 0 ? null : (
            <Acknowledge keys={keys} of={of}>
              Acknowledge
            </Acknowledge>
          )}{" "}
          {only === undefined ? null : (
            <a
              class="button"
              href={`/settings/notifications?${query({ channel: only.slug, output: outputs.length === 1 ? (outputs[0]?.slug ?? null) : null })}#mute`}
              aria-label={`Mute ${of}`}
            >
              Mute…
            </a>
          )}
        </td>
      ) : null}
    </tr>
  )
}

const OpenNotices = ({ frame, incidents }: { frame: Frame; incidents: ReadonlyArray<IncidentRow> }) => {
  const keys = incidents.flatMap(({ rows }) => unseen(rows))
  return (
    <div class="card table-scroll">
      {may(frame, "operator") && keys.length > 1 ? (
        <Acknowledge keys={keys} of={`all ${keys.length} notices`}>
          Acknowledge all
        </Acknowledge>
      ) : null}
      <table class="stack">
        <caption>Open now, a line for each cause</caption>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">In full</th>
            <th scope="col">Since</th>
            <th scope="col">State</th>
            {may(frame, "operator") ? <th scope="col">Actions</th> : null}
          </tr>
        </thead>
        <tbody>
          {incidents.map((incident) => (
            <Incident frame={frame} incident={incident} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

const Recent = ({ rows }: { readonly rows: ReadonlyArray<NoticeRow> }) => (
  <details class="card">
    <summary>Over ({rows.length})</summary>
    <ul>
      {rows.map((row) => (
        <li>
          <What row={row} /> <span class="hint">{row.notice.message}</span>, from <Time at={row.notice.opened_at} />
          {row.notice.resolved_at === null ? null : (
            <>
              {" "}
              to <Time at={row.notice.resolved_at} />
            </>
          )}
        </li>
      ))}
    </ul>
  </details>
)

/** The page of notifications: open notices, who is told, and what is muted. */
export const NotificationsPage = (props: NotificationsProps) => {
  const { destinations, done, frame, open, recent, rules, tested } = props
  return (
    <SettingsPage frame={frame} title="Notifications" done={done}>
      {tested === undefined ? null : (
        <p class={tested.answer.ok ? "banner good" : "banner error"} role="status">
          The test of {tested.name} {tested.answer.ok ? "went well" : "failed"}: {tested.answer.answer} (
          {tested.answer.took_ms} ms)
        </p>
      )}
      {open.length === 0 ? (
        <p class="banner good">Nothing is wrong.</p>
      ) : (
        <OpenNotices frame={frame} incidents={open} />
      )}
      {recent.length === 0 ? null : <Recent rows={recent} />}
      {isBound(frame) ? null : <Destinations frame={frame} destinations={destinations} rules={rules} />}
      <Mutes {...props} />
    </SettingsPage>
  )
}
