/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx"
import type { Choice, FieldSpec, FormState } from "./form-state.ts"

interface Named {
  readonly form: string
  readonly name: string
  readonly label: string
  readonly error?: string | undefined
  readonly hint?: string | undefined
  readonly autofocus?: boolean | undefined
}

export interface FieldProps extends Named {
  readonly value?: string | undefined
  readonly placeholder?: string | undefined
  readonly required?: boolean
  readonly numeric?: boolean
  readonly list?: string
}

/** Attributes that tie a control to its label, hint and error. */
const tied = ({ autofocus, error, form, hint, name }: Named) => {
  const id = `${form}-${name}`
  const notes = [hint === undefined ? [] : [`${id}-hint`], error === undefined ? [] : [`${id}-error`]].flat()
  return {
    id,
    name,
    autofocus: autofocus === true,
    "aria-invalid": error === undefined ? undefined : ("true" as const),
    "aria-describedby": notes.length === 0 ? undefined : notes.join(" "),
  }
}

const Around = ({ children, error, form, hint, label, name }: Named & { readonly children?: Child }) => {
  const id = `${form}-${name}`
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
      {error === undefined ? null : (
        <p id={`${id}-error`} class="error">
          {error}
        </p>
      )}
    </div>
  )
}

/** A labelled text field with what was typed and, beside it, its error. */
export const Field = ({ value, placeholder, required, numeric, ...named }: FieldProps) => (
  <Around {...named}>
    <input
      {...tied(named)}
      value={value ?? ""}
      placeholder={placeholder}
      required={required === true}
      inputmode={numeric === true ? "numeric" : undefined}
      autocomplete="off"
      spellcheck={false}
    />
  </Around>
)

export interface SecretFieldProps extends Named {
  readonly placeholder?: string | undefined
  /** What browsers may fill in; nothing when left out. */
  readonly complete?: "current-password" | "new-password" | undefined
}

/**
 * A secret is never sent back: the field is empty, whatever was typed. forms.js makes its button show what is typed.
 */
export const SecretField = ({ complete, placeholder, ...named }: SecretFieldProps) => (
  <Around {...named}>
    <span class="secret">
      <input
        {...tied(named)}
        type="password"
        placeholder={placeholder}
        autocomplete={complete ?? "off"}
        spellcheck={false}
      />
      <button
        type="button"
        data-reveal={`${named.form}-${named.name}`}
        aria-pressed="false"
        aria-label={`Show ${named.label.toLowerCase()}`}
      >
        Show
      </button>
    </span>
  </Around>
)

/** Choices in a row that have one heading in common, which is undefined where they have none. */
const grouped = (choices: ReadonlyArray<Choice>): ReadonlyArray<readonly [string | undefined, Choice[]]> => {
  const groups: Array<readonly [string | undefined, Choice[]]> = []
  for (const choice of choices) {
    const last = groups.at(-1)
    if (last !== undefined && last[0] === choice.group) last[1].push(choice)
    else groups.push([choice.group, [choice]])
  }
  return groups
}

const Options = ({ choices, value }: { readonly choices: ReadonlyArray<Choice>; readonly value: string }) => (
  <>
    {choices.map((choice) => (
      <option value={choice.value} selected={choice.value === value}>
        {choice.text}
      </option>
    ))}
  </>
)

export const SelectField = ({
  choices,
  value,
  required,
  ...named
}: Named & {
  readonly choices: ReadonlyArray<Choice>
  readonly value?: string | undefined
  readonly required?: boolean
}) => (
  <Around {...named}>
    <select {...tied(named)} required={required === true}>
      {grouped(choices).map(([group, members]) =>
        group === undefined ? (
          <Options choices={members} value={value ?? ""} />
        ) : (
          <optgroup label={group}>
            <Options choices={members} value={value ?? ""} />
          </optgroup>
        ),
      )}
    </select>
  </Around>
)

export const TextArea = ({
  value,
  rows,
  ...named
}: Named & { readonly value?: string | undefined; readonly rows: number }) => (
  <Around {...named}>
    <textarea {...tied(named)} rows={rows} autocomplete="off" spellcheck={false} wrap="off">
      {value ?? ""}
    </textarea>
  </Around>
)

/** A checkbox followed by its label. */
export const CheckField = ({
  checked,
  form,
  hint,
  label,
  name,
}: Omit<Named, "error" | "autofocus"> & { readonly checked: boolean }) => {
  const id = `${form}-${name}`
  return (
    <div class="field check">
      <label for={id}>{label}</label>
      <span>
        <input
          type="checkbox"
          id={id}
          name={name}
          value="true"
          checked={checked}
          aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        />
      </span>
      {hint === undefined ? null : (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  )
}

const Checks = ({
  form,
  spec,
  state,
}: {
  readonly form: string
  readonly spec: FieldSpec
  readonly state: FormState
}) => {
  const error = state.errors[spec.name]
  const id = `${form}-${spec.name}`
  return (
    <fieldset class="field" aria-describedby={error === undefined ? undefined : `${id}-error`}>
      <legend>{spec.label}</legend>
      <span>
        {(spec.choices ?? []).map(({ text, value }) => (
          <label class="choice">
            <input
              type="checkbox"
              name={`${spec.name}.${value}`}
              value="true"
              checked={state.values[`${spec.name}.${value}`] === "true"}
            />{" "}
            {text}
          </label>
        ))}
      </span>
      {spec.hint === undefined ? null : <p class="hint">{spec.hint}</p>}
      {error === undefined ? null : (
        <p id={`${id}-error`} class="error">
          {error}
        </p>
      )}
    </fieldset>
  )
}

/** The field that a `FieldSpec` describes. */
export const SpecField = ({
  form,
  spec,
  state,
}: {
  readonly form: string
  readonly spec: FieldSpec
  readonly state: FormState
}) => {
  const { choices = [], hint, kind, label, name, placeholder } = spec
  const named = { form, name, label, hint, error: state.errors[name], autofocus: state.focus === name }
  const value = state.values[name]
  if (kind === "checks") return <Checks form={form} spec={spec} state={state} />
  if (kind === "choice") return <SelectField {...named} choices={choices} value={value} />
  if (kind === "secret") return <SecretField {...named} placeholder={placeholder} />
  return <Field {...named} value={value} placeholder={placeholder} numeric={kind === "number"} />
}

/** Sentences that belong to no field. */
export const Alerts = ({ alerts }: Pick<FormState, "alerts">) => (
  <>
    {alerts.map((alert) => (
      <p class="banner error" role="alert">
        {alert}
      </p>
    ))}
  </>
)
