/**
 * From the query of a URL to the rows of a key table: the last of several wins, what no row knows is reported as
 * ignored.
 */
import { isSecretName } from "../../url/secret-names.ts"
import type { QueryPart } from "../../url/url-text.ts"
import { textProblem } from "../../url/values.ts"

export interface Given {
  /** The key as written, in lower case. */
  readonly key: string
  readonly value: string
}

export interface Collected<Row> {
  readonly given: ReadonlyMap<Row, Given>
  readonly ignored: ReadonlyArray<string>
  readonly warnings: ReadonlyArray<string>
  readonly errors: ReadonlyArray<string>
}

export const collect = <Row>(
  query: ReadonlyArray<QueryPart>,
  rowOf: (key: string) => Row | undefined,
): Collected<Row> => {
  const given = new Map<Row, Given>()
  const ignored = new Set<string>()
  const warnings = new Set<string>()
  const errors: string[] = []
  let afterSecret = false
  for (const { key, value, hasValue, entity } of query) {
    if (!hasValue && afterSecret) {
      // Perhaps the rest of a passphrase, so it is not repeated.
      warnings.add("a part without = after a secret is ignored: an & inside a passphrase is written %26")
      continue
    }
    afterSecret = isSecretName(key)
    if (entity) warnings.add("&amp; is read as &")
    const row = rowOf(key)
    if (row === undefined) {
      ignored.add(key.length > 64 ? `${key.slice(0, 64)}…` : key)
      continue
    }
    const problem =
      value === null
        ? "is not valid UTF-8"
        : value.includes("***")
          ? "holds *** in place of a secret: write the secret itself"
          : textProblem(value)
    if (value === null || problem !== null) {
      errors.push(`${key} ${problem}`)
      continue
    }
    const before = given.get(row)
    if (before !== undefined) {
      warnings.add(
        before.key === key
          ? `${key} is given more than once: the last one counts`
          : `${before.key} and ${key} mean the same: the last one counts`,
      )
    }
    given.set(row, { key, value })
  }
  return { given, ignored: [...ignored], warnings: [...warnings], errors }
}
