/** Times of a CSV by the clock of a zone: a spreadsheet reads them as they are, and the offset says which hour is meant. */
import { clockText, offsetText, type Zone } from "../../core/schedule/local-time.ts"
import type { CsvColumn } from "./csv.ts"

/**
 * A column `<name>_local` for each time in UTC, the offset of the first and the zone. They stand behind all others, so
 * that whoever reads columns by their place goes on finding them.
 */
export const localColumns = <A>(
  zone: Zone,
  times: ReadonlyArray<readonly [name: string, of: (row: A) => string | null]>,
): ReadonlyArray<CsvColumn<A>> => {
  const at = (of: (row: A) => string | null, text: (ms: number, zone: Zone) => string) => (row: A) => {
    const value = of(row)
    return value === null ? null : text(Date.parse(value), zone)
  }
  const [first] = times
  return [
    ...times.map(([name, of]) => [`${name}_local`, at(of, clockText)] as const),
    ...(first === undefined ? [] : [["utc_offset", at(first[1], offsetText)] as const]),
    ["zone", () => zone] as const,
  ]
}
