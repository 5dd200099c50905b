/** @jsxImportSource hono/jsx */
import type { MuteView, NoticeView, TestAnswer } from "../../src/effects/notifications/notification-bodies.ts"
import { formatTime } from "../format.ts"
import { Alerts, Field, SelectField } from "../forms/Field.tsx"
import type { Choice, FormState } from "../forms/form-state.ts"
import { type Frame, may } from "../layout/frame.ts"
import { LookOnly, SettingsPage } from "./SettingsPage.tsx"

/** A notice with its kind in words. */
export interface NoticeRow {
  readonly notice: NoticeView
  readonly words: string
}

/** A destination as the list shows it. */
export interface DestinationRow {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly to: string
  readonly enabled: boolean
  /** State of its deliveries in words. */
  readonly does: string
  readonly isFailing: boolean
}

export interface NotificationsProps {
  readonly frame: Frame
  readonly done?: string | undefined
  readonly open: ReadonlyArray<NoticeRow>
  readonly recent: ReadonlyArray<NoticeRow>
  readonly mutes: ReadonlyArray<MuteView>
  readonly destinations: ReadonlyArray<DestinationRow>
  /** The rules, a sentence each. */
  readonly rules: ReadonlyArray<string>
  readonly channels: ReadonlyArray<Choice>
  readonly durations: ReadonlyArray<Choice>
  readonly state: FormState
  readonly tested?: { readonly name: string; readonly answer: TestAnswer } | undefined
}

const Time = ({ at }: { readonly at: string }) => <time datetime={at}>{formatTime(at).slice(0, 19)} UTC</time>
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

const OpenNotices = ({ frame, rows }: { readonly frame: Frame; readonly rows: ReadonlyArray<NoticeRow> }) => (
  <div class="card table-scroll">
    <table class="stack">
      <caption>Open now</caption>
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
        {rows.map((row) => {
          const { acknowledged_at, acknowledged_by, channel, key, message, muted_until, opened_at, output } = row.notice
          return (
            <tr>
              <th scope="row">
                <What row={row} />
              </th>
              <td class="wide">{message}</td>
              <td data-label="Since">
                <Time at={opened_at} />
              </td>
              <td data-label="State">
                {acknowledged_at === null ? "not acknowledged" : `acknowledged by ${acknowledged_by ?? "somebody"}`}
                {muted_until === null ? null : (
                  <>
                    , muted until <Time at={muted_until} />
                  </>
                )}
              </td>
              {may(frame, "operator") ? (
                <td class="actions">
                  {acknowledged_at === null ? (
                    <form method="post" action={`/settings/notifications/${encodeURIComponent(key)}/acknowledge`}>
                      <button type="submit" aria-label={`Acknowledge ${key}`}>
                        Acknowledge
                      </button>
                    </form>
                  ) : null}{" "}
                  <a
                    class="button"
                    href={`/settings/notifications?${query({ channel, output })}#mute`}
                    aria-label={`Mute ${key}`}
                  >
                    Mute…
                  </a>
                </td>
              ) : null}
            </tr>
          )
        })}
      </tbody>
    </table>
  </div>
)

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

const coverOf = ({ channel, output }: MuteView) =>
  channel === null ? "everything" : output === null ? `channel ${channel}` : `output ${output} of channel ${channel}`

type MutesProps = Pick<NotificationsProps, "frame" | "mutes" | "channels" | "durations" | "state">
const Mutes = ({ channels, durations, frame, mutes, state }: MutesProps) => {
  const field = (name: string) => ({
    form: "mute",
    name,
    value: state.values[name],
    error: state.errors[name],
    autofocus: state.focus === name,
  })
  return (
    <section class="card" id="mute" aria-labelledby="mute-title">
      <h2 id="mute-title">Mutes</h2>
      {mutes.length === 0 ? <p>Nothing is muted.</p> : null}
      <ul>
        {mutes.map((mute) => (
          <li>
            {coverOf(mute)} until <Time at={mute.until} />, by {mute.by}{" "}
            {may(frame, "operator") ? (
              <form method="post" action={`/settings/notifications/mutes/${mute.id}/end`} class="inline">
                <button type="submit" aria-label={`End the mute of ${coverOf(mute)}`}>
                  End
                </button>
              </form>
            ) : null}
          </li>
        ))}
      </ul>
      {may(frame, "operator") ? (
        <form method="post" action="/settings/notifications/mutes" aria-label="Mute">
          <Alerts alerts={state.alerts} />
          <SelectField
            {...field("channel")}
            label="Channel"
            choices={[{ value: "", text: "All, and the service" }, ...channels]}
          />
          <Field {...field("output")} label="Output" hint="Its short name, as cdn-main; empty for the whole channel" />
          <SelectField {...field("minutes")} label="For" choices={durations} />
          <div class="actions">
            <button type="submit">Mute</button>
          </div>
          <p class="hint">
            What is muted is shown here and told to nobody; what is still open when the mute ends is told then.
          </p>
        </form>
      ) : null}
    </section>
  )
}

const Destinations = ({ destinations, frame, rules }: Pick<NotificationsProps, "destinations" | "frame" | "rules">) => (
  <section class="card" aria-labelledby="destinations-title">
    <div class="head">
      <h2 id="destinations-title">Who is told</h2>
      {may(frame, "admin") ? (
        <nav aria-label="Destinations and rules">
          <a href="/settings/notifications/destinations/add">Add destination</a>
          <a href="/settings/notifications/rules">Change rules</a>
        </nav>
      ) : null}
    </div>
    {destinations.length === 0 ? (
      <p>Nobody: there is no destination.</p>
    ) : (
      <div class="table-scroll">
        <table class="stack">
          <caption>Destinations</caption>
          <thead>
            <tr>
              <th scope="col">Destination</th>
              <th scope="col">Kind</th>
              <th scope="col">To</th>
              <th scope="col">Delivery</th>
              {may(frame, "admin") ? <th scope="col">Actions</th> : null}
            </tr>
          </thead>
          <tbody>
            {destinations.map(({ does, enabled, id, isFailing, kind, name, to }) => (
              <tr id={`destination-${id}`}>
                <th scope="row">{name}</th>
                <td data-label="Kind">{kind}</td>
                <td class="wide" data-label="To">
                  {to}
                </td>
                <td data-label="Delivery" class={isFailing ? "warning" : undefined}>
                  {enabled ? does : "switched off"}
                </td>
                {may(frame, "admin") ? (
                  <td class="actions">
                    <form method="post" action={`/settings/notifications/destinations/${id}/test`}>
                      <button type="submit" aria-label={`Test ${name}`}>
                        Test
                      </button>
                    </form>{" "}
                    <a
                      class="button"
                      href={`/settings/notifications/destinations/${id}/edit`}
                      aria-label={`Change ${name}`}
                    >
                      Change
                    </a>{" "}
                    <a
                      class="button danger"
                      href={`/settings/notifications/destinations/${id}/remove`}
                      aria-label={`Remove ${name}`}
                    >
                      Remove
                    </a>
                  </td>
                ) : null}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    )}
    <h3>Rules</h3>
    <ul>
      {rules.map((rule) => (
        <li>{rule}</li>
      ))}
    </ul>
    <LookOnly frame={frame} needs="admin" />
  </section>
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
      {open.length === 0 ? <p class="banner good">Nothing is wrong.</p> : <OpenNotices frame={frame} rows={open} />}
      {recent.length === 0 ? null : <Recent rows={recent} />}
      <Destinations frame={frame} destinations={destinations} rules={rules} />
      <Mutes {...props} />
    </SettingsPage>
  )
}
