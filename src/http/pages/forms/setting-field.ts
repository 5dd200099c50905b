/** The field of a setting in a form, made of its row in the tables in core. */
import type { Choice, FieldSpec } from "../../../../views/forms/form-state.ts"
import { defaultOf, type SettingRow } from "../../../core/settings/setting-row.ts"

/** The default first: the field left empty. */
const choicesOf = (row: SettingRow, values: ReadonlyArray<string>): ReadonlyArray<Choice> => {
  const text = (value: string) => row.form.choices?.[value] ?? value
  const usual = String(defaultOf(row))
  const others = values.filter((value) => value !== usual)
  return [{ value: "", text: `${text(usual)} (default)` }, ...others.map((value) => ({ value, text: text(value) }))]
}

const controlOf = (row: SettingRow): Pick<FieldSpec, "kind" | "choices"> => {
  switch (row.type) {
    case "integer":
      return { kind: "number" }
    case "boolean":
      return { kind: "choice", choices: choicesOf(row, ["false", "true"]) }
    case "choice":
      return { kind: "choice", choices: choicesOf(row, row.values) }
    case "choices":
      return {
        kind: "checks",
        choices: row.values.map((value) => ({ value, text: row.form.choices?.[value] ?? value })),
      }
    case "text":
      return { kind: row.secret === true ? "secret" : "text" }
    case "list":
      return { kind: "list" }
  }
}

/** What the empty field shows; choices say it themselves. */
const placeholderOf = (row: SettingRow): string | undefined => {
  if (row.form.placeholder !== undefined) return row.form.placeholder
  const usual = row.type === "integer" || row.type === "text" ? row.default : undefined
  return usual == null ? undefined : String(usual)
}

/** @param name of the field, which is also the path of its errors */
export const settingField = (name: string, row: SettingRow, hint: string | undefined = row.form.hint): FieldSpec => {
  const placeholder = placeholderOf(row)
  const unit = row.type === "integer" ? row.unit : undefined
  return {
    name,
    label: unit === undefined ? row.form.label : `${row.form.label}, ${unit}`,
    ...controlOf(row),
    ...(placeholder === undefined ? {} : { placeholder }),
    ...(hint === undefined ? {} : { hint }),
  }
}
