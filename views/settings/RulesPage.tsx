/** @jsxImportSource hono/jsx */
import { Alerts, CheckField, SpecField } from "../forms/Field.tsx"
import type { FieldSpec, FormState } from "../forms/form-state.ts"
import type { Frame } from "../layout/frame.ts"
import { SettingsPage } from "./SettingsPage.tsx"

export interface RulesProps {
  readonly frame: Frame
  /** The existing rules, followed by an empty one. */
  readonly rules: ReadonlyArray<{
    readonly prefix: string
    readonly fields: ReadonlyArray<FieldSpec>
    readonly isNew: boolean
  }>
  readonly times: ReadonlyArray<FieldSpec>
  readonly state: FormState
  /** What the form showed when it was opened, for the service alone. */
  readonly opened: string
}

/** The page of the rules: who is told of what, and when. */
export const RulesPage = ({ frame, opened, rules, state, times }: RulesProps) => (
  <SettingsPage frame={frame} title="Rules of notifications">
    <form method="post" action="/settings/notifications/rules" class="card" aria-label="Rules">
      <Alerts alerts={state.alerts} />
      <p class="hint">
        A destination is told of what any of the rules sends it. Where nothing is chosen, a rule is for all.
      </p>
      <input type="hidden" name="opened" value={opened} />
      <input type="hidden" name="count" value={String(rules.length)} />
      {rules.map(({ fields, isNew, prefix }, n) => (
        <fieldset class="group rule">
          <legend>{isNew ? "One more rule" : `Rule ${n + 1}`}</legend>
          <CheckField
            form="rules"
            name={isNew ? `${prefix}.add` : `${prefix}.remove`}
            label={isNew ? "Add it" : "Remove it"}
            checked={state.values[isNew ? `${prefix}.add` : `${prefix}.remove`] === "true"}
          />
          {fields.map((spec) => (
            <SpecField form="rules" spec={spec} state={state} />
          ))}
        </fieldset>
      ))}
      <fieldset class="group">
        <legend>Times</legend>
        {times.map((spec) => (
          <SpecField form="rules" spec={spec} state={state} />
        ))}
      </fieldset>
      <div class="actions">
        <button type="submit" class="primary">
          Save rules
        </button>
        <a class="button quiet" href="/settings/notifications">
          Cancel
        </a>
      </div>
    </form>
  </SettingsPage>
)
