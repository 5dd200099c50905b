/** The fields of a channel's forms: which there are, and what they are in a body of the API. */
import type { FieldSpec } from "../../../../views/forms/form-state.ts"
import { INPUT_GROUPS as GROUPS, type InputSetting } from "../../../core/input/input-settings.ts"
import { INPUT_SETTINGS } from "../../../core/input/setting-table.ts"
import { defaultOf, namesOf, type SettingRow } from "../../../core/settings/setting-row.ts"
import type { ChannelView } from "../../../effects/model/channel.ts"
import { bodyValue, type Fields, field, numeric } from "./form-fields.ts"
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
  "rtp_port",
  "rtp_ip",
  "output_url",
  "backup_rtp_port",
  "backup_rtp_ip",
  ...GROUPS.flatMap(({ settings }) => settings.map(nameOf)),
  "auto_run",
]
/** The first output has its URL in the form, and nothing else. */
export const CHANNEL_ALIASES: Fields = { "outputs[0]": "output_url" }

const settingsIn = (fields: Fields) =>
  Object.fromEntries(
    SETTINGS.map((setting) => [setting, bodyValue(fields, specOf(setting))]).filter(([, value]) => value !== undefined),
  )

/** Every IPv4 address, where there is a port and no address. */
const ANY = "0.0.0.0"
const ADDRESSES: ReadonlyArray<string> = ["rtp_ip", "backup_rtp_ip"]
/** A field of the form; an IPv6 address may stand in the brackets of URLs. */
const trimmed = (fields: Fields, name: string): string =>
  ADDRESSES.includes(name) ? field(fields, name).replace(/^\[(.*)\]$/, "$1") : field(fields, name)

/** Body of a new channel: a field left empty is not given. */
export const newChannelBody = (fields: Fields): Record<string, unknown> => {
  const at = (name: string) => trimmed(fields, name)
  const given = ["name", "rtp_ip", "backup_rtp_ip", "auto_run"]
    .map((name) => [name, at(name)])
    .filter(([, value]) => value !== "")
  const ports = ["rtp_port", "backup_rtp_port"]
    .filter((name) => at(name) !== "")
    .map((name) => [name, numeric(at(name))])
  const input = settingsIn(fields)
  return {
    ...(at("backup_rtp_port") === "" ? {} : { backup_rtp_ip: ANY }),
    ...Object.fromEntries([...given, ...ports]),
    ...(Object.keys(input).length === 0 ? {} : { input }),
    ...(at("autostart") === "true" ? { autostart: true } : {}),
    ...(at("output_url") === "" ? {} : { outputs: [{ url: at("output_url") }] }),
  }
}

/** Body of a change: what is left empty goes back to its default, and a backup without a port and an address goes. */
export const changedChannelBody = (fields: Fields): Record<string, unknown> => {
  const at = (name: string) => trimmed(fields, name)
  const hasBackup = at("backup_rtp_port") !== "" || at("backup_rtp_ip") !== ""
  return {
    name: at("name"),
    rtp_ip: at("rtp_ip") || ANY,
    rtp_port: numeric(at("rtp_port")),
    backup_rtp_ip: hasBackup ? at("backup_rtp_ip") || ANY : null,
    backup_rtp_port: at("backup_rtp_port") === "" ? null : numeric(at("backup_rtp_port")),
    input: { ...Object.fromEntries(SETTINGS.map((setting) => [setting, null])), ...settingsIn(fields) },
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
  const { auto_run, autostart, backup_rtp_ip, backup_rtp_port, name, rtp_ip, rtp_port, slug } = channel
  return {
    channel: slug,
    name,
    rtp_ip: rtp_ip ?? "",
    rtp_port: rtp_port === null ? "" : String(rtp_port),
    auto_run,
    autostart: String(autostart),
    ...(backup_rtp_port === null
      ? {}
      : { backup_rtp_ip: backup_rtp_ip ?? "", backup_rtp_port: String(backup_rtp_port) }),
    ...Object.fromEntries(settings),
  }
}
