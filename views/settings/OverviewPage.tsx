/** @jsxImportSource hono/jsx */
import { Alerts, SecretField } from "../forms/Field.tsx"
import type { FormState } from "../forms/form-state.ts"
import { type Frame, may } from "../layout/frame.ts"
import { SettingsPage, settingsPagesFor } from "./SettingsPage.tsx"

export interface OverviewProps {
  readonly frame: Frame
  /** False where nobody has to log in. */
  readonly isKnown: boolean
  /** Name of the user; null for a key. */
  readonly user: string | null
  readonly state: FormState
  readonly done?: string | undefined
}

const ROLES = {
  viewer: "may look at everything but secrets, and change nothing",
  operator: "may run and change channels, outputs and templates",
  admin: "may do everything, with users, keys and the whole configuration",
} as const

const PasswordForm = ({ state, user }: { readonly state: FormState; readonly user: string }) => {
  const field = (name: string) => ({
    form: "password",
    name,
    error: state.errors[name],
    autofocus: state.focus === name,
  })
  return (
    <form method="post" action="/settings/password" class="card" aria-labelledby="password-title">
      <h2 id="password-title">Your password</h2>
      <Alerts alerts={state.alerts} />
      <input type="hidden" name="username" value={user} autocomplete="username" />
      <SecretField {...field("current")} label="Present password" complete="current-password" />
      <SecretField {...field("password")} label="New password" complete="new-password" hint="10 to 256 characters" />
      <SecretField {...field("again")} label="New one again" complete="new-password" />
      <p class="hint">Everybody who is logged in as {user} elsewhere has to log in again.</p>
      <div class="actions">
        <button type="submit" class="primary">
          Change password
        </button>
      </div>
    </form>
  )
}

/** The overview: who the reader is, with links to all settings that they may open. */
export const OverviewPage = ({ done, frame, isKnown, state, user }: OverviewProps) => (
  <SettingsPage frame={frame} title="Settings" done={done}>
    <section class="card" aria-labelledby="you">
      <h2 id="you">You</h2>
      {isKnown && frame.caller !== null ? (
        <p>
          You are <strong>{frame.caller.name}</strong> with the role <strong>{frame.caller.role}</strong>: you{" "}
          {ROLES[frame.caller.role]}.
        </p>
      ) : (
        <p>
          Authentication is off: everybody may do everything.{" "}
          {frame.caller?.role === "admin" ? <a href="/settings/users">Add a user</a> : null} to have people log in.
        </p>
      )}
    </section>
    {may(frame, "admin") ? (
      <p class="hint">
        For those who build pages: <a href="/styleguide">the style guide</a>.
      </p>
    ) : null}
    <ul class="grid">
      {settingsPagesFor(frame).map(({ about, name, path }) => (
        <li class="card">
          <h2>
            <a href={path}>{name}</a>
          </h2>
          <p>{about}</p>
        </li>
      ))}
    </ul>
    {user === null ? null : <PasswordForm state={state} user={user} />}
  </SettingsPage>
)
