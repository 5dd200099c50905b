/** @jsxImportSource hono/jsx */

export interface FieldProps {
  readonly form: string
  readonly name: string
  readonly label: string
  readonly value?: string | undefined
  readonly error?: string | undefined
  readonly hint?: string
  readonly placeholder?: string
  readonly required?: boolean
  readonly numeric?: boolean
}

/** A labelled text field with what was typed and, beside it, what is wrong with it. */
export const Field = ({ form, name, label, value, error, hint, placeholder, required, numeric }: FieldProps) => {
  const id = `${form}-${name}`
  const notes = [hint === undefined ? [] : [`${id}-hint`], error === undefined ? [] : [`${id}-error`]].flat()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        value={value ?? ""}
        placeholder={placeholder}
        required={required === true}
        inputmode={numeric === true ? "numeric" : undefined}
        autocomplete="off"
        aria-invalid={error === undefined ? undefined : "true"}
        aria-describedby={notes.length === 0 ? undefined : notes.join(" ")}
      />
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
