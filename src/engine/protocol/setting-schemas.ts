/**
 * Settings in the messages to the engine: schemas made of the rows of the tables in core. Bounds are the control
 * plane's; the engine takes any number, but a PID only from the range of a stream's own PIDs, since it is an index of
 * the packet core.
 */
import * as v from "valibot"
import type { SettingRow, SettingTable } from "../../core/settings/setting-row.ts"

const integerOf = ({ bounds: [lowest, highest], default: value }: Extract<SettingRow, { readonly type: "integer" }>) =>
  value === null ? v.nullable(v.pipe(v.number(), v.integer(), v.minValue(lowest), v.maxValue(highest))) : v.number()

const schemaOf = (row: SettingRow): v.GenericSchema => {
  switch (row.type) {
    case "integer":
      return integerOf(row)
    case "boolean":
      return v.boolean()
    case "choice":
      return v.picklist(row.values)
    case "choices":
      return v.array(v.picklist(row.values))
    case "text":
      return v.string()
    case "list":
      return v.array(v.string())
  }
}

const entries = (
  table: SettingTable,
  names: ReadonlyArray<string>,
  wrap: (schema: v.GenericSchema) => v.GenericSchema,
) =>
  Object.fromEntries(
    Object.entries(table).flatMap(([name, row]) => (names.includes(name) ? [[name, wrap(schemaOf(row))]] : [])),
  )

/** Schemas of these settings, each of which must be there. */
export const wholeSettings = <Settings>(table: SettingTable, names: ReadonlyArray<keyof Settings & string>) =>
  entries(table, names, (schema) => schema) as {
    readonly [Name in keyof Settings]: v.GenericSchema<Settings[Name]>
  }

/** Schemas of these settings, each of which may be left out. */
export const optionalSettings = <Settings>(table: SettingTable, names: ReadonlyArray<keyof Settings & string>) =>
  entries(table, names, (schema) => v.optional(schema)) as {
    readonly [Name in keyof Settings]-?: v.OptionalSchema<
      v.GenericSchema<Exclude<Settings[Name], undefined>>,
      undefined
    >
  }
