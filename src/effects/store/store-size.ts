/** How much room the store takes, its figures included. */
import type * as Client from "@effect/sql/SqlClient"
import { Effect, Option } from "effect"
import { within } from "../model/within.ts"

/** Bytes of the database without what is on its way into it; null when it does not answer within 2 s. Never fails. */
export const sizeOf = (sql: Client.SqlClient) => {
  const kind = sql.onDialectOrElse({ pg: () => "PostgreSQL" as const, orElse: () => "SQLite" as const })
  const read = sql.onDialectOrElse({
    pg: () => sql<{ bytes: number | string }>`SELECT pg_database_size(current_database()) AS bytes`,
    orElse: () =>
      sql<{
        bytes: number | string
      }>`SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()`,
  })
  return read.pipe(
    Effect.map(([row]) => (row === undefined ? null : Number(row.bytes))),
    within("2 seconds"),
    Effect.map(Option.getOrNull),
    Effect.orElseSucceed(() => null),
    Effect.map((bytes) => ({ kind, bytes })),
  )
}

/** The size of the store's own file and of the one with its figures, as one. */
export const sizeOfBoth = (store: ReturnType<typeof sizeOf>, figures: ReturnType<typeof sizeOf>) =>
  Effect.zipWith(store, figures, ({ bytes, kind }, { bytes: more }) => ({
    kind,
    bytes: bytes === null || more === null ? null : bytes + more,
  }))
