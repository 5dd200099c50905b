/** Settings as requests give them: schemas made of the rows of the tables in core. */
import { Schema } from "effect"
import { eachRow, type SettingRow, type SettingTable, type ValueOf } from "../../core/settings/setting-row.ts"
import { matches } from "./pattern.ts"
import { text, verbatim } from "./texts.ts"

/** Longest address or network in a list. */
const ENTRY_MAX = 64

const textOf = ({ maxLength, pattern, secret }: Extract<SettingRow, { readonly type: "text" }>) => {
  if (secret === true) return verbatim(maxLength)
  return pattern === undefined
    ? text(maxLength)
    : text(maxLength).pipe(matches(pattern.is, `must be ${pattern.wanted}`))
}

const schemaOf = (row: SettingRow): Schema.Schema.AnyNoContext => {
  switch (row.type) {
    case "integer":
      return Schema.Int.pipe(Schema.between(...row.bounds))
    case "boolean":
      return Schema.Boolean
    case "choice":
      return Schema.Literal(...row.values)
    case "choices":
      return Schema.Array(Schema.Literal(...row.values)).pipe(Schema.maxItems(row.values.length))
    case "text":
      return textOf(row)
    case "list":
      return Schema.Array(text(ENTRY_MAX)).pipe(Schema.maxItems(row.maxItems))
  }
}

/** What a request may give for a setting. */
export const requestSchema = <Row extends SettingRow>(row: Row): Schema.Schema<NonNullable<ValueOf<Row>>> =>
  schemaOf(row)

type RequestFields<Table> = {
  readonly [Name in keyof Table]: Schema.optional<Schema.NullOr<Schema.Schema<NonNullable<ValueOf<Table[Name]>>>>>
}

/** Settings of a request: each may be left out, and null stands for its default. */
export const settingsSchema = <Table extends SettingTable>(table: Table) =>
  Schema.Struct(eachRow(table, (row) => Schema.optional(Schema.NullOr(schemaOf(row)))) as RequestFields<Table>)
