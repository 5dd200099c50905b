/** CSV (RFC 4180), safe to open in a spreadsheet. */

export type Cell = string | number | boolean | null

/** First characters that make spreadsheets run a cell as a formula. UPIDs and descriptions come from outside. */
const FORMULA = /^[=+\-@\t\r]/

const cell = (value: Cell): string => {
  if (value === null) return ""
  if (typeof value !== "string") return String(value)
  const safe = FORMULA.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export type CsvColumn<A> = readonly [name: string, value: (row: A) => Cell]

/** A line for each row, which ends with CR LF. */
export const csvLines = <A>(columns: ReadonlyArray<CsvColumn<A>>, rows: ReadonlyArray<A>): string =>
  rows.map((row) => `${columns.map(([, of]) => cell(of(row))).join(",")}\r\n`).join("")

/** CSV with a header and a line for each row. */
export const csvOf = <A>(columns: ReadonlyArray<CsvColumn<A>>, rows: ReadonlyArray<A>): string =>
  `${columns.map(([name]) => name).join(",")}\r\n${csvLines(columns, rows)}`

/** Headers of an answer that a browser saves as a file of this name. */
export const csvHeaders = (name: string): Record<string, string> => ({
  "Content-Type": "text/csv; charset=utf-8; header=present",
  "Content-Disposition": `attachment; filename="${name}"`,
})
