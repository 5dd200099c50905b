/** The fields of an output's forms: which there are, and what they are in a body of the API. */
import type { Choice, FieldSpec } from "../../../../views/forms/form-state.ts"
import type { PresetNotes } from "../../../../views/forms/Understood.tsx"
import {
  COMMON_SETTINGS,
  LISTED_SETTINGS,
  type OutputSetting,
  rangeOf,
  SECRET_SETTINGS,
  SETTINGS_OF,
  URL_SETTINGS,
} from "../../../core/output/output-settings.ts"
import type { UrlProtocol } from "../../../core/output/output-url.ts"
import { PRESET_NAMES, PRESETS, type PresetName, presetOf } from "../../../core/output/presets.ts"
import { OUTPUT_SETTINGS } from "../../../core/output/setting-table.ts"
import type { SettingRow } from "../../../core/settings/setting-row.ts"
import type { OutputView } from "../../../effects/model/channel.ts"
import { bodyValue, type Fields, field } from "./form-fields.ts"
import { keyPlaceOf, outputSecretFields, URL_SECRET_FIELDS, withUrlSecrets } from "./secret-fields.ts"
import { settingField } from "./setting-field.ts"

const nameOf = (setting: OutputSetting) => `settings.${setting}`
/** A number's hint begins with its bounds: `1 to 3600 s`. */
const hintOf = (setting: OutputSetting): string | undefined => {
  const row: SettingRow = OUTPUT_SETTINGS[setting]
  return row.type === "integer" ? `${rangeOf(setting)} ${row.form.hint ?? row.unit ?? ""}`.trim() : row.form.hint
}
const specOf = (setting: OutputSetting): FieldSpec =>
  settingField(nameOf(setting), OUTPUT_SETTINGS[setting], hintOf(setting))
const isProtocol = (text: string): text is UrlProtocol => Object.hasOwn(SETTINGS_OF, text)

const isCommon = (setting: OutputSetting): boolean => COMMON_SETTINGS.includes(setting)
/** The protocol chosen as the destination; null for a well-known destination, and where nothing is chosen. */
export const chosenProtocol = (fields: Fields): UrlProtocol | null => {
  const chosen = field(fields, "preset")
  return isProtocol(chosen) ? chosen : null
}

const PROTOCOL_TEXTS: Readonly<Record<UrlProtocol, string>> = {
  srt: "SRT",
  rtmp: "RTMP or RTMPS",
  udp: "UDP",
  rtp: "RTP",
  rtsp: "RTSP",
  hls: "HLS",
  file: "File",
}
/** What URLs of a protocol look like, for somebody who has not typed one yet. */
export const URL_FORMS: Readonly<Record<UrlProtocol, string>> = {
  srt: "srt://HOST:PORT calls a receiver, srt://:PORT waits for receivers. HOST:PORT alone is enough here.",
  rtmp: "rtmp://HOST/APP or rtmps://HOST/APP, the stream key in its own field.",
  udp: "udp://HOST:PORT, where HOST may be a multicast group. HOST:PORT alone is enough here.",
  rtp: "rtp://HOST:PORT, where HOST may be a multicast group. HOST:PORT alone is enough here.",
  rtsp: "rtsp://HOST:PORT/PATH of a server that takes RECORD.",
  hls: "hls://NAME writes to a directory that this service serves; https://HOST/PATH and s3://BUCKET/PREFIX upload.",
  file: "file://NAME records below the recordings directory.",
}
const PROTOCOLS = Object.keys(SETTINGS_OF).filter(isProtocol)
export const SECRET_FIELDS: ReadonlyArray<string> = ["stream_key", ...URL_SECRET_FIELDS, ...SECRET_SETTINGS.map(nameOf)]
/** What of a form is a URL, whose secrets are masked where it is shown again. */
export const URL_FIELDS: ReadonlyArray<string> = ["url", ...URL_SETTINGS.map(nameOf)]
/** In the order in which they stand on the page. */
export const OUTPUT_FIELDS: ReadonlyArray<string> = [
  "channel",
  "template",
  "url",
  "preset",
  "stream_key",
  ...URL_SECRET_FIELDS,
  "name",
  ...LISTED_SETTINGS.map(nameOf),
]
export const LABELS: Fields = {
  channel: "Channel",
  template: "Template",
  url: "URL",
  preset: "Destination",
  stream_key: "Stream key",
  ...Object.fromEntries(URL_SECRET_FIELDS.map((name) => [name, "A secret of the URL"])),
  name: "Name",
  ...Object.fromEntries(LISTED_SETTINGS.map((setting) => [nameOf(setting), specOf(setting).label])),
}

/** Fields of one protocol, or of all that have any: what two of them share stands once, and last what all have. */
export const settingGroups = (
  protocol: string,
): ReadonlyArray<{ readonly title: string; readonly fields: ReadonlyArray<FieldSpec> }> => {
  const wanted = isProtocol(protocol) ? [protocol] : PROTOCOLS
  const seen = new Set<OutputSetting>()
  const groups = wanted.flatMap((one) => {
    const fresh = SETTINGS_OF[one].filter((setting) => !seen.has(setting) && !isCommon(setting))
    for (const setting of fresh) seen.add(setting)
    return fresh.length === 0 ? [] : [{ title: one.toUpperCase(), fields: fresh.map(specOf) }]
  })
  return [...groups, { title: "Reconnecting", fields: COMMON_SETTINGS.map(specOf) }]
}

export const PRESET_CHOICES: ReadonlyArray<Choice> = [
  { value: "", text: "Custom URL" },
  ...PRESETS.map(({ name, title }) => ({ value: name, text: title })),
]
/** What an output's form begins with: the kind of its destination, by which it has its fields. */
export const DESTINATION_CHOICES: ReadonlyArray<Choice> = [
  { value: "", text: "Custom URL" },
  ...PROTOCOLS.map((protocol) => ({ value: protocol, text: PROTOCOL_TEXTS[protocol], group: "By protocol" })),
  ...PRESETS.map(({ name, title }) => ({ value: name, text: title, group: "Well known" })),
]
export const isPreset = (text: string): text is PresetName => PRESET_NAMES.some((name) => name === text)

/** The groups with what the empty fields of secrets that are stored say: that they stay. */
export const withStoredSecrets = (
  groups: ReturnType<typeof settingGroups>,
  settings: OutputView["settings"],
): ReturnType<typeof settingGroups> => {
  const isStored = ({ name }: FieldSpec) =>
    SECRET_SETTINGS.some((setting) => nameOf(setting) === name && settings[setting] !== undefined)
  return groups.map(({ fields, title }) => ({
    title,
    fields: fields.map((spec) => (isStored(spec) ? { ...spec, placeholder: "unchanged" } : spec)),
  }))
}

/** The field that the form of an output or template begins at: that of its secret, which is what is changed most. */
export const beginOf = (shown: Pick<OutputView, "settings" | "stream_key" | "url">): string => {
  if (keyPlaceOf(shown) !== null) return "stream_key"
  const [secret] = outputSecretFields(shown)
  const setting = SECRET_SETTINGS.find((name) => shown.settings[name] !== undefined)
  return secret?.name ?? (setting === undefined ? "url" : nameOf(setting))
}

const mbits = (bitrate: number) => (bitrate >= 1_000_000 ? `${bitrate / 1_000_000} Mbit/s` : `${bitrate / 1000} kbit/s`)

/** Null for what is none. */
export const presetNotes = (name: string): PresetNotes | null => {
  if (!isPreset(name)) return null
  const { check, limits, title, url } = presetOf(name)
  const { audio_codecs, max_audio_bitrate, max_keyframe_interval_s, max_video_bitrate, needs_audio, video_codecs } =
    limits
  return {
    title,
    limits: [
      ...(url === null ? ["needs its URL"] : []),
      `video ${video_codecs.join(" or ")}${max_video_bitrate === null ? "" : ` up to ${mbits(max_video_bitrate)}`}`,
      `audio ${audio_codecs.join(" or ")}${max_audio_bitrate === null ? "" : ` up to ${mbits(max_audio_bitrate)}`}${needs_audio ? ", needed" : ""}`,
      ...(max_keyframe_interval_s === null ? [] : [`a key frame every ${max_keyframe_interval_s} s`]),
    ],
    check,
  }
}

const settingsIn = (fields: Fields): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    LISTED_SETTINGS.map((setting) => [setting, bodyValue(fields, specOf(setting))]).filter(
      ([, value]) => value !== undefined,
    ),
  )

/** Body of a new output: a field left empty is not given, so that a template's counts. */
export const newOutputBody = (fields: Fields): Record<string, unknown> => {
  const settings = settingsIn(fields)
  const given = ["template", "name", "url", "stream_key", "preset"]
    .filter((name) => name !== "preset" || chosenProtocol(fields) === null)
    .map((name) => [name, field(fields, name)])
    .filter(([, value]) => value !== "")
  return {
    ...Object.fromEntries(given),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
    ...(fields["save"] === "disabled" ? { enabled: false } : {}),
  }
}

/**
 * Body of a change: a setting left empty goes back to its default, a secret left empty stays. The key of S3 goes with
 * its id. A new secret of the URL stands in its place there. Settings that the form did not show stay as they are.
 */
export const changedOutputBody = (
  fields: Fields,
  old: Pick<OutputView, "settings" | "url">,
): Record<string, unknown> => {
  const shown = settingGroups(fields["settings_of"] ?? "").flatMap((group) => group.fields.map(({ name }) => name))
  const emptied = LISTED_SETTINGS.filter(
    (setting) =>
      shown.includes(nameOf(setting)) &&
      old.settings[setting] !== undefined &&
      bodyValue(fields, specOf(setting)) === undefined,
  ).filter((setting) => !SECRET_SETTINGS.includes(setting) || field(fields, nameOf("s3_access_key_id")) === "")
  const key = field(fields, "stream_key")
  const backup = withUrlSecrets(fields, old.settings.backup_url ?? "", "settings.backup_url")
  return {
    name: field(fields, "name"),
    url: withUrlSecrets(fields, old.url),
    preset: chosenProtocol(fields) === null ? field(fields, "preset") || null : null,
    ...(field(fields, "stream_key_none") === "true" ? { stream_key: null } : key === "" ? {} : { stream_key: key }),
    settings: {
      ...Object.fromEntries(emptied.map((setting) => [setting, null])),
      ...settingsIn(fields),
      ...(backup === "" ? {} : { backup_url: backup }),
    },
  }
}

/** What the form of an output that there is begins with. */
export const outputValues = ({
  name,
  preset,
  settings,
  url,
}: Pick<OutputView, "name" | "preset" | "settings" | "url">): Fields => ({
  name,
  url,
  preset: preset ?? "",
  ...Object.fromEntries(
    LISTED_SETTINGS.flatMap((setting): ReadonlyArray<readonly [string, string]> => {
      const value = settings[setting]
      if (value === undefined || SECRET_SETTINGS.includes(setting)) return []
      if (Array.isArray(value) && OUTPUT_SETTINGS[setting].type === "list") return [[nameOf(setting), value.join(", ")]]
      return Array.isArray(value)
        ? value.map((one) => [`${nameOf(setting)}.${one}`, "true"] as const)
        : [[nameOf(setting), String(value)]]
    }),
  ),
})
