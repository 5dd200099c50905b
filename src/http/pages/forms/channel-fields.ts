/** The fields of a channel's forms: which there are, and what they are in a body of the API. */
import type { FieldSpec } from "../../../../views/forms/form-state.ts"
import { INPUT_GROUPS as GROUPS, type InputSetting } from "../../../core/input/input-settings.ts"
import { INPUT_SETTINGS } from "../../../core/input/setting-table.ts"
import { defaultOf, namesOf, type SettingRow } from "../../../core/settings/setting-row.ts"
import type { ChannelView } from "../../../effects/model/channel.ts"
import { bodyValue, type Fields, field, tagsIn } from "./form-fields.ts"
import { legFieldNames, legsBody, legValues, type ShownUrls } from "./leg-fields.ts"
import { urlSecretNames } from "./secret-fields.ts"
import { settingField } from "./setting-field.ts"

const SETTINGS = namesOf(INPUT_SETTINGS)
const nameOf = (setting: InputSetting) => `input.${setting}`
/** A number's hint begins with its bounds: `50 to 60000. ...`. */
const hintOf = (row: SettingRow): string | undefined =>
  row.type === "integer" ? `${row.bounds[0]} to ${row.bounds[1]}. ${row.form.hint ?? ""}`.trim() : row.form.hint
const specOf = (setting: InputSetting): FieldSpec =>
  settingField(nameOf(setting), INPUT_SETTINGS[setting], hintOf(INPUT_SETTINGS[setting]))

export const INPUT_GROUPS = GROUPS.map(({ settings, title }) => ({ title, fields: settings.map(specOf) }))
/** In the order in which they stand on the page. */
export const CHANNEL_FIELDS: ReadonlyArray<string> = [
  "name",
  ...legFieldNames("primary"),
  "output_url",
  ...legFieldNames("backup"),
  ...GROUPS.flatMap(({ settings }) => settings.map(nameOf)),
  "tags",
  "auto_run",
]
/** The first output has its URL in the form, and nothing else. */
export const CHANNEL_ALIASES: Fields = { "outputs[0]": "output_url" }

const settingsIn = (fields: Fields) =>
  Object.fromEntries(
    SETTINGS.map((setting) => [setting, bodyValue(fields, specOf(setting))]).filter(([, value]) => value !== undefined),
  )

/** Secrets of the inputs' URLs: they are never sent back. */
export const CHANNEL_SECRET_FIELDS: ReadonlyArray<string> = [
  ...urlSecretNames("input_url"),
  ...urlSecretNames("backup_input_url"),
]
/** Fields that hold URLs, whose secrets are masked where they are shown again. */
export const CHANNEL_URL_FIELDS: ReadonlyArray<string> = ["output_url", "input_url", "backup_input_url"]

/** Body of a new channel: a field left empty is not given. */
export const newChannelBody = (fields: Fields): Record<string, unknown> => {
  const at = (name: string) => field(fields, name)
  const given = ["name", "auto_run"].map((name) => [name, at(name)]).filter(([, value]) => value !== "")
  const input = settingsIn(fields)
  const tags = tagsIn(fields)
  const legs = Object.entries(legsBody(fields)).filter(([, value]) => value !== null)
  return {
    ...Object.fromEntries([...given, ...legs]),
    ...(Object.keys(input).length === 0 ? {} : { input }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(at("autostart") === "true" ? { autostart: true } : {}),
    ...(at("output_url") === "" ? {} : { outputs: [{ url: at("output_url") }] }),
  }
}

/**
 * Body of a change: what is left empty goes back to its default, and a backup that is not chosen goes. New secrets of
 * the inputs' URLs stand in their places there.
 */
export const changedChannelBody = (fields: Fields, shown: ShownUrls): Record<string, unknown> => {
  const at = (name: string) => field(fields, name)
  return {
    name: at("name"),
    ...legsBody(fields, shown),
    input: { ...Object.fromEntries(SETTINGS.map((setting) => [setting, null])), ...settingsIn(fields) },
    tags: tagsIn(fields),
    autostart: at("autostart") === "true",
    auto_run: at("auto_run") || "off",
  }
}

/** What the form of a channel that there is begins with; what has its default is left empty. */
export const channelValues = (channel: ChannelView): Fields => {
  const settings = SETTINGS.flatMap((setting): ReadonlyArray<readonly [string, string]> => {
    const value = channel.input[setting]
    if (value == null || value === defaultOf(INPUT_SETTINGS[setting])) return []
    return [[nameOf(setting), Array.isArray(value) ? value.join(", ") : String(value)]]
  })
  const { auto_run, autostart, name, slug, tags } = channel
  return {
    channel: slug,
    name,
    ...legValues(channel),
    tags: tags.join(", "),
    auto_run,
    autostart: String(autostart),
    ...Object.fromEntries(settings),
  }
}
