/** @jsxImportSource hono/jsx */
import type { ScheduleView } from "../../src/effects/schedule/schedule-bodies.ts"
import { Alerts, Field, SelectField } from "../forms/Field.tsx"
import type { FormState } from "../forms/form-state.ts"
import { type Frame, may } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"

export const DAYS = [
  ["mon", "Mon"],
  ["tue", "Tue"],
  ["wed", "Wed"],
  ["thu", "Thu"],
  ["fri", "Fri"],
  ["sat", "Sat"],
  ["sun", "Sun"],
] as const

export interface SchedulePageProps {
  readonly frame: Frame
  readonly channel: { readonly slug: string; readonly name: string }
  readonly schedule: ScheduleView | null
  readonly state: FormState
  /** Windows that the form has room for. */
  readonly rows: number
  readonly done?: string | undefined
}

const WindowFields = ({ n, state }: { readonly n: number; readonly state: FormState }) => {
  const named = (field: string) => {
    const name = `windows[${n}].${field}`
    return { form: "schedule", name, value: state.values[name], error: state.errors[name] }
  }
  const days = `windows[${n}].days`
  return (
    <fieldset class="field">
      <legend>Window {n + 1}</legend>
      <span>
        {DAYS.map(([value, text]) => (
          <label class="choice">
            <input
              type="checkbox"
              name={`${days}.${value}`}
              value="true"
              checked={state.values[`${days}.${value}`] === "true"}
            />{" "}
            {text}
          </label>
        ))}
      </span>
      {state.errors[days] === undefined ? null : <p class="error">{state.errors[days]}</p>}
      <Field {...named("date")} label={`Or one date, of window ${n + 1}`} placeholder="2026-12-24" />
      <Field {...named("start")} label={`Start of window ${n + 1}`} placeholder="18:00" />
      <Field {...named("stop")} label={`Stop of window ${n + 1}`} placeholder="23:30" />
    </fieldset>
  )
}

const Form = ({ channel, rows, schedule, state }: Omit<SchedulePageProps, "frame" | "done">) => (
  <form method="post" action={`/channels/${channel.slug}/schedule`} class="card" aria-label="Schedule">
    <Alerts alerts={state.alerts} />
    <Field
      form="schedule"
      name="zone"
      label="Time zone"
      value={state.values["zone"]}
      error={state.errors["zone"]}
      hint="By its name, as in Europe/Berlin, America/New_York or UTC; its summer time is kept to"
    />
    <SelectField
      form="schedule"
      name="enabled"
      label="Carried out"
      value={state.values["enabled"] ?? "true"}
      choices={[
        { value: "true", text: "yes" },
        { value: "false", text: "no, the channel is left alone" },
      ]}
    />
    {Array.from({ length: rows }, (_, n) => (
      <WindowFields n={n} state={state} />
    ))}
    <p class="hint">
      Days or a date for each window; one that ends at or before its start ends on the next day. Windows left empty are
      left out.
    </p>
    <div class="actions">
      <button type="submit" class="primary" name="save" value="save">
        Save
      </button>
      {schedule === null ? null : (
        <button type="submit" class="danger" name="save" value="remove">
          Remove the schedule
        </button>
      )}
    </div>
  </form>
)

/** When a channel is started and stopped. */
export const SchedulePage = ({ channel, done, frame, rows, schedule, state }: SchedulePageProps) => (
  <Layout frame={frame} title={`Schedule of ${channel.name} · Stream Distributor`}>
    <main id="main" class="form-page">
      <div class="head">
        <h1>Schedule of {channel.name}</h1>
        <nav aria-label="Channel">
          <a href={`/channels/${channel.slug}`}>{channel.name}</a>
        </nav>
      </div>
      {done === undefined ? null : (
        <p class="banner good" role="status">
          {done}
        </p>
      )}
      {schedule === null ? (
        <p>There is none: the channel is started and stopped by hand.</p>
      ) : (
        <p>
          {schedule.on ? "A window is open now. " : ""}
          {schedule.next === null
            ? "Nothing comes within 400 days."
            : `Next: ${schedule.next.do} at ${schedule.next.local} (${schedule.zone}).`}
        </p>
      )}
      {may(frame, "operator") ? <Form channel={channel} rows={rows} schedule={schedule} state={state} /> : null}
    </main>
  </Layout>
)
