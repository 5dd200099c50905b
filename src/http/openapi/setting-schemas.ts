/** Settings as answers show them: schemas made of the rows of the tables in core, for the OpenAPI document. */
import { Schema } from "effect"
import { namesOf, type SettingRow, type ValueOf } from "../../core/settings/setting-row.ts"

/** Whole numbers, or in answers about inputs any number. */
type NumberSchema = Schema.Schema<number>

const schemaOf = (row: SettingRow, number: NumberSchema): Schema.Schema.AnyNoContext => {
  switch (row.type) {
    case "integer":
      return row.default === null ? Schema.NullOr(number) : number
    case "boolean":
      return Schema.Boolean
    case "choice":
      return Schema.Literal(...row.values)
    case "choices":
      return Schema.Array(Schema.Literal(...row.values))
    case "text":
      return Schema.String
    case "list":
      return Schema.Array(Schema.String)
  }
}

type AnswerFields<Table> = { readonly [Name in keyof Table]: Schema.optional<Schema.Schema<ValueOf<Table[Name]>>> }

/** Fields of an answer in the order of `names`, each of which may be left out. */
export const settingFields = <Table extends Readonly<Record<string, SettingRow>>>(
  table: Table,
  number: NumberSchema,
  names: ReadonlyArray<keyof Table & string> = namesOf(table),
) => {
  const fields = names.flatMap((name) => {
    const row = table[name]
    return row === undefined ? [] : [[name, Schema.optional(schemaOf(row, number))] as const]
  })
  return Object.fromEntries(fields) as AnswerFields<Table>
}
