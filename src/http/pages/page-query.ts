/**
 * Queries of pages: fields left empty are dropped, and times without an offset are those of the page's zone, as the page
 * says.
 */
import { instantOfText, type Zone } from "../../core/schedule/local-time.ts"
import type { FieldError } from "../../effects/model/Errors.ts"

/** Rows on a page of a long table. */
export const PAGE_ROWS = 50

/** Parameters that concern the frame of the page rather than its content. */
const OF_THE_PAGE = ["live"]

/** A time of the zone's clock as an instant; what is none stays as it is, and is refused by whoever reads it. */
const asInstant = (text: string, zone: Zone): string => {
  const ms = instantOfText(text, zone)
  return ms === null ? text : new Date(ms).toISOString()
}

/**
 * The query of a page in the form that the API takes.
 *
 * @param zone whose clock times without an offset are read by; left out where the page asks for no times
 */
export const pageQuery = (url: URL, zone: Zone = "UTC"): URLSearchParams => {
  const asked = new URLSearchParams()
  for (const [name, value] of url.searchParams) {
    const text = value.trim()
    if (text === "" || OF_THE_PAGE.includes(name)) continue
    asked.append(name, name === "since" || name === "until" ? asInstant(text, zone) : text)
  }
  return asked
}

/** The query with a limit, of one page's rows unless told otherwise, where the reader asked for none. */
export const withRows = (asked: URLSearchParams, rows = PAGE_ROWS): URLSearchParams => {
  const query = new URLSearchParams(asked)
  if (!query.has("limit")) query.set("limit", String(rows))
  return query
}

/** Address of the same page from the row `id` on. */
export const olderOf = (path: string, asked: URLSearchParams, id: number): string => {
  const query = new URLSearchParams(asked)
  query.set("before", String(id))
  return `${path}?${query}`
}

/** Address of an export of the page's rows. */
export const exportOf = (path: string, query: URLSearchParams, format?: "csv"): string => {
  const asked = new URLSearchParams(query)
  if (format !== undefined) asked.set("format", format)
  return `${path}?${asked}`
}

/** Messages about a query by the name of the parameter. */
export const errorsByField = (errors: ReadonlyArray<FieldError>): Readonly<Record<string, string>> =>
  Object.fromEntries(errors.map(({ message, path }) => [path, message]))
