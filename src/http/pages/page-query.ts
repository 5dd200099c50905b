/** Queries of pages: what a form left empty is not asked for, times without an offset are UTC, as the page says. */
import type { FieldError } from "../../effects/model/Errors.ts"

/** Rows of a page that shows many. */
export const PAGE_ROWS = 50

const LOCAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?$/
/** Of the frame, not of what is shown. */
const OF_THE_PAGE = ["live"]

/** What was asked for, as the API takes it. */
export const pageQuery = (url: URL): URLSearchParams => {
  const asked = new URLSearchParams()
  for (const [name, value] of url.searchParams) {
    const text = value.trim()
    if (text === "" || OF_THE_PAGE.includes(name)) continue
    asked.append(name, (name === "since" || name === "until") && LOCAL_TIME.test(text) ? `${text}Z` : text)
  }
  return asked
}

/** The same with as many rows as a page has, unless the reader asked for others. */
export const withRows = (asked: URLSearchParams): URLSearchParams => {
  const query = new URLSearchParams(asked)
  if (!query.has("limit")) query.set("limit", String(PAGE_ROWS))
  return query
}

/** Address of the same page from the row `id` on. */
export const olderOf = (path: string, asked: URLSearchParams, id: number): string => {
  const query = new URLSearchParams(asked)
  query.set("before", String(id))
  return `${path}?${query}`
}

/** Address of an export of what the page shows. */
export const exportOf = (path: string, query: URLSearchParams, format?: "csv"): string => {
  const asked = new URLSearchParams(query)
  if (format !== undefined) asked.set("format", format)
  return `${path}?${asked}`
}

/** What is wrong with a query: beside its field, or with none. */
export const errorsByField = (errors: ReadonlyArray<FieldError>): Readonly<Record<string, string>> =>
  Object.fromEntries(errors.map(({ message, path }) => [path, message]))
