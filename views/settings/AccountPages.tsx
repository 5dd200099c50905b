/** @jsxImportSource hono/jsx */
import type { KeyView, Role, UserView } from "../../src/effects/accounts/account-bodies.ts"
import { Alerts, Field, SecretField, SelectField } from "../forms/Field.tsx"
import type { FormState } from "../forms/form-state.ts"
import { CopyText } from "../layout/CopyText.tsx"
import type { Frame } from "../layout/frame.ts"
import { Time } from "../layout/Time.tsx"
import { SettingsPage } from "./SettingsPage.tsx"

const ROLES: ReadonlyArray<{ readonly value: Role; readonly text: string }> = [
  { value: "viewer", text: "Viewer (read-only)" },
  { value: "operator", text: "Operator (runs channels)" },
  { value: "admin", text: "Admin (everything)" },
]

interface Common {
  readonly frame: Frame
  readonly state: FormState
  readonly done?: string | undefined
  /** True while nobody has to log in, which the first account ends. */
  readonly isOpen: boolean
}

/** What the role of an account holds for. */
const reach = (tags: ReadonlyArray<string>) => (tags.length === 0 ? "all channels" : tags.join(", "))

/** Binds the role of an account to tags. */
const TagsField = (props: { readonly form: string; readonly name: string; readonly value?: string | undefined }) => (
  <Field
    {...props}
    label="Only channels with one of these tags"
    placeholder="all channels"
    hint="Tags of channels, as in sport, east-2: the role then holds for these channels and for nothing else. An admin has none"
  />
)

const fieldOf = (form: string, state: FormState) => (name: string) => ({
  form,
  name,
  value: state.values[name],
  error: state.errors[name],
  autofocus: state.focus === name,
})

const FirstOne = ({ isOpen, what }: { readonly isOpen: boolean; readonly what: "user" | "key" }) =>
  isOpen ? (
    <p class="banner warning">
      Authentication is off. From the first {what} on, everybody has to log in; it has to be an admin.
    </p>
  ) : null

const date = (at: string) => <Time at={at} to="minute" />

/** The page of all users, with a form for another one. */
export const UsersPage = ({
  done,
  frame,
  isOpen,
  state,
  users,
}: Common & { readonly users: ReadonlyArray<UserView> }) => {
  const field = fieldOf("user", state)
  return (
    <SettingsPage frame={frame} title="Users" done={done}>
      <Alerts alerts={state.alerts} />
      <FirstOne isOpen={isOpen} what="user" />
      {users.length === 0 ? (
        <p class="empty">There are no users.</p>
      ) : (
        <div class="card table-scroll">
          <table class="stack">
            <caption>Who may log in</caption>
            <thead>
              <tr>
                <th scope="col">User</th>
                <th scope="col">Role</th>
                <th scope="col">For</th>
                <th scope="col">Since</th>
                <th scope="col">Last changed</th>
                <th scope="col">Actions</th>
              </tr>
            </thead>
            <tbody>
              {users.map(({ changed_at, created_at, name, role, tags }) => (
                <tr id={`user-${name}`}>
                  <th scope="row">
                    {name}
                    {frame.caller?.name === `user ${name}` ? " (you)" : ""}
                  </th>
                  <td data-label="Role">{role}</td>
                  <td data-label="For">{reach(tags)}</td>
                  <td data-label="Since">{date(created_at)}</td>
                  <td data-label="Last changed">{date(changed_at)}</td>
                  <td class="actions">
                    <a
                      class="button"
                      href={`/settings/users/${encodeURIComponent(name)}/edit`}
                      aria-label={`Change ${name}`}
                    >
                      Change
                    </a>{" "}
                    <a
                      class="button danger"
                      href={`/settings/users/${encodeURIComponent(name)}/remove`}
                      aria-label={`Remove ${name}`}
                    >
                      Remove
                    </a>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <form method="post" action="/settings/users" class="card" aria-labelledby="add-user">
        <h2 id="add-user">Add a user</h2>
        <Field {...field("name")} label="Name" hint="Letters, digits and . _ @ -" required />
        <SecretField {...field("password")} label="Password" hint="10 to 256 characters" complete="new-password" />
        <SelectField {...field("role")} label="Role" choices={ROLES} />
        <TagsField {...field("tags")} />
        <div class="actions">
          <button type="submit" class="primary">
            Add user
          </button>
        </div>
      </form>
    </SettingsPage>
  )
}

/** A page that changes the role or the password of a user. */
export const UserPage = ({ frame, name, state }: Pick<Common, "frame" | "state"> & { readonly name: string }) => {
  const field = fieldOf("user", state)
  const path = `/settings/users/${encodeURIComponent(name)}`
  return (
    <SettingsPage frame={frame} title={`User ${name}`}>
      <form method="post" action={`${path}/edit`} class="card" aria-label={`Change ${name}`}>
        <Alerts alerts={state.alerts} />
        <SelectField {...field("role")} label="Role" choices={ROLES} />
        <TagsField {...field("tags")} />
        <SecretField
          {...field("password")}
          label="New password"
          placeholder="unchanged"
          hint="Left empty it stays; a new one ends all sessions of the user"
          complete="new-password"
        />
        <div class="actions">
          <button type="submit" class="primary">
            Save
          </button>
          <a class="button quiet" href="/settings/users">
            Cancel
          </a>
          <a class="button danger" href={`${path}/remove`}>
            Remove user
          </a>
        </div>
      </form>
    </SettingsPage>
  )
}

export interface KeysProps extends Common {
  readonly keys: ReadonlyArray<KeyView>
  /** The key that was just made. */
  readonly created?: (KeyView & { readonly key: string }) | undefined
}

/** The page of all API keys, with a form for another one and the key that was just made. */
export const KeysPage = ({ created, done, frame, isOpen, keys, state }: KeysProps) => {
  const field = fieldOf("key", state)
  return (
    <SettingsPage frame={frame} title="API keys" done={done}>
      <Alerts alerts={state.alerts} />
      {created === undefined ? (
        <FirstOne isOpen={isOpen} what="key" />
      ) : (
        <section class="banner warning" aria-labelledby="new-key">
          <h2 id="new-key">
            Key {created.name}, role {created.role}, for {reach(created.tags)}
          </h2>
          <p>Copy it now: it is shown here once and never again. Whoever has it may do what its role allows.</p>
          <CopyText name="API key" text={created.key} />
          <p class="hint">Programs send it as the header X-API-Key; people can log in with it.</p>
        </section>
      )}
      {keys.length === 0 ? (
        <p class="empty">There are no keys beside the one that API_KEY may give.</p>
      ) : (
        <div class="card table-scroll">
          <table class="stack">
            <caption>What programs show to be let in</caption>
            <thead>
              <tr>
                <th scope="col">Key</th>
                <th scope="col">Role</th>
                <th scope="col">For</th>
                <th scope="col">Begins with</th>
                <th scope="col">Since</th>
                <th scope="col">Actions</th>
              </tr>
            </thead>
            <tbody>
              {keys.map(({ created_at, id, name, prefix, role, tags }) => (
                <tr id={`key-${id}`}>
                  <th scope="row">
                    {name}
                    {frame.caller?.name === `key ${name}` ? " (yours)" : ""}
                  </th>
                  <td data-label="Role">{role}</td>
                  <td data-label="For">{reach(tags)}</td>
                  <td data-label="Begins with">
                    <code>{prefix}…</code>
                  </td>
                  <td data-label="Since">{date(created_at)}</td>
                  <td class="actions">
                    <a class="button danger" href={`/settings/keys/${id}/remove`} aria-label={`Remove key ${name}`}>
                      Remove
                    </a>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <form method="post" action="/settings/keys" class="card" aria-labelledby="add-key">
        <h2 id="add-key">Add a key</h2>
        <Field {...field("name")} label="Name" hint="What it is for, as in ci; letters, digits and . _ @ -" required />
        <SelectField {...field("role")} label="Role" choices={ROLES} />
        <TagsField {...field("tags")} />
        <div class="actions">
          <button type="submit" class="primary">
            Add key
          </button>
        </div>
      </form>
    </SettingsPage>
  )
}
