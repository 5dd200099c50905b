/**
 * `npm run docs:settings`: writes the tables of settings in `docs/` from the rows in core. A test holds the files
 * to it.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { INPUT_SETTINGS } from "../src/core/input/setting-table.ts"
import { LISTED_SETTINGS, type OutputSetting, rangeOf } from "../src/core/output/output-settings.ts"
import { OUTPUT_SETTINGS, type OutputColumns } from "../src/core/output/setting-table.ts"
import { defaultOf, namesOf, type SettingRow } from "../src/core/settings/setting-row.ts"

const code = (value: unknown): string => `\`${String(value)}\``

const valuesOf = (row: SettingRow): string => {
  switch (row.type) {
    case "integer":
      return `${row.bounds[0]} to ${row.bounds[1]}`
    case "boolean":
      return "`true`, `false`"
    case "choice":
      return row.values.map(code).join(", ")
    case "choices":
      return `list of ${row.values.map(code).join(", ")}`
    case "text":
      return "text"
    case "list":
      return `up to ${row.maxItems} texts`
  }
}

const defaultCell = (row: SettingRow): string => {
  const value = defaultOf(row)
  return row.docs?.default ?? (value === undefined ? "none" : code(value))
}

const outputRow = (name: OutputSetting): ReadonlyArray<string> => {
  const row: SettingRow & OutputColumns = OUTPUT_SETTINGS[name]
  const defaults = Object.entries(row.defaultIn ?? {}).map(([protocol, value]) => `${protocol} ${code(value)}`)
  return [
    code(name),
    row.protocols.join(", "),
    defaults.length > 0 ? defaults.join(", ") : defaultCell(row),
    row.docs?.values ?? (row.type === "integer" ? rangeOf(name, (protocol) => protocol) : valuesOf(row)),
    row.docs?.meaning ?? row.says,
  ]
}

const inputRow = (name: keyof typeof INPUT_SETTINGS): ReadonlyArray<string> => {
  const row: SettingRow = INPUT_SETTINGS[name]
  return [code(name), defaultCell(row), row.docs?.values ?? valuesOf(row), row.docs?.meaning ?? row.says]
}

/** Columns as wide as their widest cells. */
const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const [head = []] = rows
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`
  const [first = "", ...others] = rows.map(line)
  return [first, line(widths.map((width) => "-".repeat(width))), ...others].join("\n")
}

const HEADS = {
  outputs: ["setting", "protocol", "default", "values", "meaning"],
  inputs: ["Setting", "Default", "Values", "Meaning"],
}

/** The files with the first cells of their tables and the tables as they are to be. */
const TABLES = [
  { file: "docs/api.md", head: HEADS.outputs, rows: LISTED_SETTINGS.map(outputRow) },
  { file: "docs/configuration.md", head: HEADS.inputs, rows: namesOf(INPUT_SETTINGS).map(inputRow) },
]

/** Path, text and wanted text of each file. Throws when one has no such table, or more than one. */
export const settingsDocs = () =>
  TABLES.map(({ file, head, rows }) => {
    const text = readFileSync(new URL(`../${file}`, import.meta.url), "utf8")
    const isTable = new RegExp(`^\\| ${head.join(" +\\| ")} +\\|\n(?:\\|.*\n)+`, "gm")
    if (text.match(isTable)?.length !== 1)
      throw new Error(`${file} must have one table with the columns ${head.join(", ")}`)
    return { file, text, wanted: text.replace(isTable, () => `${table([head, ...rows])}\n`) }
  })

if (import.meta.main) {
  for (const { file, text, wanted } of settingsDocs()) {
    if (text !== wanted) writeFileSync(new URL(`../${file}`, import.meta.url), wanted)
    process.stdout.write(`${file}: ${text === wanted ? "unchanged" : "written"}\n`)
  }
}
