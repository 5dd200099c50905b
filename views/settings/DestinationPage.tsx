/** @jsxImportSource hono/jsx */
import { Alerts, CheckField, SpecField } from "../forms/Field.tsx"
import type { Choice, FieldSpec, FormState } from "../forms/form-state.ts"
import type { Frame } from "../layout/frame.ts"
import { SettingsPage } from "./SettingsPage.tsx"

export interface DestinationFormProps {
  readonly frame: Frame
  /** The destination that is being changed; null for a new one. */
  readonly editing: { readonly id: string; readonly name: string; readonly hasSecret: boolean } | null
  /** What the form showed when it was opened, for the service alone; undefined for a new one. */
  readonly opened: string | undefined
  readonly kind: string
  readonly kinds: ReadonlyArray<Choice>
  readonly fields: ReadonlyArray<FieldSpec>
  readonly state: FormState
}

const PATH = "/settings/notifications/destinations"

/** A page that adds or changes a notification destination. */
export const DestinationFormPage = ({ editing, fields, frame, kind, kinds, opened, state }: DestinationFormProps) => (
  <SettingsPage frame={frame} title={editing === null ? "Add a destination" : `Destination ${editing.name}`}>
    {editing === null ? (
      <nav class="toolbar" aria-label="Kind of destination">
        {kinds.map(({ text, value }) => (
          <a
            class={value === kind ? "button primary" : "button"}
            href={`${PATH}/add?kind=${value}`}
            aria-current={value === kind ? "true" : undefined}
          >
            {text}
          </a>
        ))}
      </nav>
    ) : null}
    <form
      method="post"
      action={editing === null ? `${PATH}/add` : `${PATH}/${editing.id}/edit`}
      class="card"
      aria-label="Destination"
    >
      <Alerts alerts={state.alerts} />
      <input type="hidden" name="kind" value={kind} />
      {opened === undefined ? null : <input type="hidden" name="opened" value={opened} />}
      {fields.map((spec) => (
        <SpecField form="destination" spec={spec} state={state} />
      ))}
      {editing?.hasSecret === true ? (
        <CheckField
          form="destination"
          name="secret_none"
          label="Without a secret"
          hint="Messages are not signed any more"
          checked={state.values["secret_none"] === "true"}
        />
      ) : null}
      <div class="actions">
        <button type="submit" class="primary">
          {editing === null ? "Add destination" : "Save"}
        </button>
        <a class="button quiet" href="/settings/notifications">
          Cancel
        </a>
      </div>
    </form>
  </SettingsPage>
)
