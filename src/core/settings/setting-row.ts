/**
 * What a row says in the tables of settings (`core/output/setting-table.ts`, `core/input/setting-table.ts`). Everything
 * that knows a setting by name reads its row: the schemas of requests, answers and engine messages, the OpenAPI
 * document, the forms and the tables in `docs/`. A new setting is a new row and the code that uses it.
 */

/** Lowest and highest value of a number, both allowed. */
export type Bounds = readonly [lowest: number, highest: number]

/** What a setting holds. */
export type SettingKind =
  | {
      readonly type: "integer"
      readonly bounds: Bounds
      /** Behind the label of the field, as in `Reorder, ms`. */
      readonly unit?: string
      /**
       * Value while the setting is left out; null where that is shown as null; missing where it depends on
       * other things.
       */
      readonly default?: number | null
    }
  | { readonly type: "boolean"; readonly default: boolean }
  | { readonly type: "choice"; readonly values: ReadonlyArray<string>; readonly default: string }
  /** Several of `values`; none by default. */
  | { readonly type: "choices"; readonly values: ReadonlyArray<string> }
  | {
      readonly type: "text"
      readonly maxLength: number
      /** What the text must match, without flags, and what that is: the end of "must be ...". */
      readonly pattern?: { readonly is: RegExp; readonly wanted: string }
      /** Shown as `***`, sealed in the store, and taken verbatim to the last space. */
      readonly secret?: true
      /** A URL: its secrets are shown as `***`, and the whole is sealed in the store. */
      readonly url?: true
      readonly default?: string
    }
  /** Texts of at most 64 characters each. */
  | { readonly type: "list"; readonly maxItems: number; readonly default?: readonly [] }

/** What people read about a setting. */
export interface SettingWords {
  /**
   * One sentence for the OpenAPI document, in the lower case; `descriptionOf` puts the protocols in front and the
   * default behind.
   */
  readonly says: string
  readonly form: {
    readonly label: string
    readonly hint?: string
    /** What the empty field shows; the default unless told. */
    readonly placeholder?: string
    /** Values in words, where these are not the values themselves. */
    readonly choices?: Readonly<Record<string, string>>
    /** Setting behind which the form and lists of names have this one, where the order of the table is not theirs. */
    readonly after?: string
  }
  /** Cells of the table in `docs/`, in Markdown, where the row does not give them by itself. */
  readonly docs?: { readonly default?: string; readonly values?: string; readonly meaning?: string }
}

export type SettingRow = SettingKind & SettingWords
export type SettingTable = Readonly<Record<string, SettingRow>>

/** Type of the values of a row. */
export type ValueOf<Row> = Row extends { readonly type: "integer"; readonly default: null }
  ? number | null
  : Row extends { readonly type: "integer" }
    ? number
    : Row extends { readonly type: "boolean" }
      ? boolean
      : Row extends { readonly type: "choice"; readonly values: ReadonlyArray<infer Value> }
        ? Value
        : Row extends { readonly type: "choices"; readonly values: ReadonlyArray<infer Value> }
          ? ReadonlyArray<Value>
          : Row extends { readonly type: "list" }
            ? ReadonlyArray<string>
            : string

/** Settings of a table as they are given and stored: each may be left out. */
export type SettingsOf<Table> = { readonly [Name in keyof Table]?: ValueOf<Table[Name]> | undefined }

/** Names of the rows that have these columns. */
export type NamesWith<Columns, Table> = {
  [Name in keyof Table]: Table[Name] extends Columns ? Name : never
}[keyof Table]

/** Names of a table in its order: that of errors, of stored settings and of the properties in the OpenAPI document. */
export const namesOf = <Name extends string>(table: Readonly<Record<Name, SettingRow>>): ReadonlyArray<Name> =>
  Object.keys(table) as Array<Name>

/** What `make` makes of each row, by the name of the setting. */
export const eachRow = <Made>(table: SettingTable, make: (row: SettingRow) => Made): Readonly<Record<string, Made>> =>
  Object.fromEntries(Object.entries(table).map(([name, row]) => [name, make(row)]))

/**
 * These names in the order in which people read them: each behind the one that its row names, if that is among them.
 */
export const arranged = <Name extends string>(
  table: Readonly<Record<Name, SettingRow>>,
  names: ReadonlyArray<Name>,
): ReadonlyArray<Name> => {
  const order = [...names]
  for (const name of names) {
    const before = names.find((other) => other === table[name].form.after)
    if (before === undefined) continue
    order.splice(order.indexOf(name), 1)
    order.splice(order.indexOf(before) + 1, 0, name)
  }
  return order
}

/** The default of a row as a value: undefined where there is none that is always the same. */
export const defaultOf = (row: SettingRow): unknown => ("default" in row ? row.default : undefined)

const inTicks = (value: unknown): string => (typeof value === "string" ? `\`${value}\`` : String(value))

/** The sentence of a row with its default, unless it has none or the sentence speaks of it. */
export const sentenceOf = (row: SettingRow): string => {
  const value = defaultOf(row)
  const isSaid = value == null || Array.isArray(value) || /\bdefault\b/.test(row.says)
  return isSaid ? row.says : `${row.says}; default ${inTicks(value)}`
}
