/** Reads the parameters of a query and collects all their mistakes. */
import type { FieldError } from "../../effects/model/Errors.ts"

// RFC 3339 with an offset: a time without one would mean something else on every machine.
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/

export const TIME_WANTED = "a time with its offset, such as 2026-01-02T03:04:05Z"

export const quote = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)

/** A whole number from 1 to `highest`, in decimal; null for anything else. */
export const wholeNumber = (text: string, highest: number): number | null => {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : 0
  return value >= 1 && value <= highest ? value : null
}

/** Milliseconds since 1970 of an RFC 3339 time; null for anything else. */
export const timeOf = (text: string): number | null => {
  // An offset's plus sign arrives as a space when it is not encoded.
  const restored = text.replace(/ (?=\d\d:\d\d$)/, "+")
  const ms = TIME.test(restored) ? Date.parse(restored) : Number.NaN
  return Number.isFinite(ms) ? ms : null
}

/** A text that can be the UUID, slug or number of a channel; null otherwise. */
export const channelOf = (text: string): string | null => (/^[a-z0-9-]{1,100}$/.test(text) ? text : null)
export const CHANNEL_WANTED = "the UUID, slug or number of a channel"

export interface QueryReader<Parameter extends string> {
  readonly errors: FieldError[]
  /** Reads a parameter; undefined when missing or wrong. `wanted` completes the sentence "must be ...". */
  readonly read: <A>(name: Parameter, parse: (text: string) => A | null, wanted: string) => A | undefined
  readonly text: (name: Parameter) => string | undefined
}

/** Makes a reader of a query's parameters. Unknown and repeated ones are mistakes. */
export const makeQueryReader = <const Parameter extends string>(
  parameters: URLSearchParams,
  known: ReadonlyArray<Parameter>,
): QueryReader<Parameter> => {
  const errors: FieldError[] = []
  const given = new Map<Parameter, string>()
  for (const [name, value] of parameters) {
    const parameter = known.find((one) => one === name)
    if (parameter === undefined) {
      errors.push({ path: name.slice(0, 40), message: `is not a known parameter; there are ${known.join(", ")}` })
    } else if (given.has(parameter)) errors.push({ path: name, message: "is given twice" })
    else given.set(parameter, value)
  }
  return {
    errors,
    text: (name) => given.get(name),
    read: (name, parse, wanted) => {
      const text = given.get(name)
      if (text === undefined) return undefined
      const value = parse(text)
      if (value === null) errors.push({ path: name, message: `must be ${wanted}, got ${quote(text)}` })
      return value ?? undefined
    },
  }
}
