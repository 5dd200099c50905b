/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx"
import { fieldTime } from "../station-time.ts"

export interface FilterOption {
  readonly value: string
  readonly name: string
}

export interface FilterField {
  readonly name: string
  readonly label: string
  /** Kind of field: `choice` takes one of `options`, `text` suggests them. */
  readonly kind: "text" | "choice" | "time"
  readonly options?: ReadonlyArray<FilterOption>
  readonly placeholder?: string
}

export interface FilterFormProps {
  /** Path of the page. */
  readonly action: string
  readonly fields: ReadonlyArray<FilterField>
  /** The query as it was typed. */
  readonly asked: URLSearchParams
  /** Errors by name of the field; others are shown above the form. */
  readonly errors: Readonly<Record<string, string>>
  readonly children?: Child
}

const MAX_TEXT = 256

/** The options, with one for the value in the address where the list lacks it. */
const optionsFor = ({ options = [] }: FilterField, value: string): ReadonlyArray<FilterOption> =>
  value === "" || options.some((one) => one.value === value) ? options : [...options, { value, name: value }]

const Control = ({
  asked,
  field,
  isWrong,
}: {
  readonly asked: string
  readonly field: FilterField
  readonly isWrong: boolean
}) => {
  const { kind, name, options = [], placeholder } = field
  const id = `filter-${name}`
  const wrong = {
    "aria-invalid": isWrong ? "true" : undefined,
    "aria-describedby": isWrong ? `${id}-error` : undefined,
  } as const
  if (kind === "choice") {
    return (
      <select id={id} name={name} {...wrong}>
        <option value="">any</option>
        {optionsFor(field, asked).map((option) => (
          <option value={option.value} selected={option.value === asked}>
            {option.name}
          </option>
        ))}
      </select>
    )
  }
  // The field shows the station's clock; the address may have a time with another offset.
  if (kind === "time")
    return <input id={id} name={name} type="datetime-local" step="1" value={fieldTime(asked)} {...wrong} />
  return (
    <>
      <input
        id={id}
        name={name}
        placeholder={placeholder}
        {...wrong}
        type="text"
        value={asked}
        maxlength={MAX_TEXT}
        autocomplete="off"
        spellcheck={false}
        list={options.length === 0 ? undefined : `${id}-options`}
      />
      {options.length === 0 ? null : (
        <datalist id={`${id}-options`}>
          {options.map((option) => (
            <option value={option.value}>{option.name}</option>
          ))}
        </datalist>
      )}
    </>
  )
}

/**
 * A form that narrows a table down. Its fields are part of the page's address, which can be kept and sent to others.
 */
export const FilterForm = ({ action, asked, children, errors, fields }: FilterFormProps) => {
  const others = Object.entries(errors).filter(([name]) => !fields.some((field) => field.name === name))
  return (
    <search>
      {others.length === 0 ? null : (
        <div class="banner error" role="alert">
          {others.map(([name, message]) => (
            <p>
              {name} {message}
            </p>
          ))}
        </div>
      )}
      <form method="get" action={action} class="filters">
        {fields.map((field) => {
          const error = errors[field.name]
          return (
            <div>
              <label for={`filter-${field.name}`}>{field.label}</label>
              <Control field={field} asked={asked.get(field.name) ?? ""} isWrong={error !== undefined} />
              {error === undefined ? null : (
                <p id={`filter-${field.name}-error`} class="error" role="alert">
                  {error}
                </p>
              )}
            </div>
          )
        })}
        <div class="filter-buttons">
          <button type="submit">Show</button>
          {asked.size === 0 ? null : <a href={action}>Show all</a>}
          {children}
        </div>
      </form>
    </search>
  )
}
