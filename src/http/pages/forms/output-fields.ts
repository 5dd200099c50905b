/** The fields of an output's forms: which there are, and what they are in a body of the API. */
import type { Choice, FieldSpec } from "../../../../views/forms/form-state.ts"
import type { PresetNotes } from "../../../../views/forms/Understood.tsx"
import {
  CUE_POINT_STYLES,
  CUE_TAG_STYLES,
  ENHANCED_CODECS,
  HLS_SEGMENT_MAX_S,
  type OutputSetting,
  RETRY_SETTINGS,
  SECRET_SETTINGS,
  SETTING_BOUNDS,
  SETTINGS_OF,
} from "../../../core/output/output-settings.ts"
import type { UrlProtocol } from "../../../core/output/output-url.ts"
import { PRESET_NAMES, PRESETS, type PresetName, presetOf } from "../../../core/output/presets.ts"
import type { OutputView } from "../../../effects/model/channel.ts"
import { bodyValue, type Fields, field } from "./form-fields.ts"

const choices = (first: string, values: ReadonlyArray<string>): ReadonlyArray<Choice> => [
  { value: "", text: `${first} (default)` },
  ...values.map((value) => ({ value, text: value })),
]
const bounds = (name: keyof typeof SETTING_BOUNDS, unit: string) => `${SETTING_BOUNDS[name][0]} to ${SETTING_BOUNDS[name][1]} ${unit}`

const SPECS: Readonly<Record<OutputSetting, Omit<FieldSpec, "name">>> = {
  cue_points: {
    ...{ kind: "choice", label: "SCTE-35 cues", choices: choices("none", CUE_POINT_STYLES.slice(1)) },
    hint: "Shape of the data messages; some servers drop the connection at those they do not know",
  },
  audio: {
    kind: "choice",
    label: "Audio",
    choices: choices("as the source has it", ["silence"]),
    hint: "silence adds a silent track where there is none",
  },
  codecs: {
    kind: "checks",
    label: "Codecs",
    choices: ENHANCED_CODECS.map((value) => ({ value, text: value })),
    hint: "Beyond H.264 and AAC, by Enhanced RTMP",
  },
  verify_tls: {
    kind: "choice",
    label: "Certificate",
    choices: [
      { value: "", text: "is checked (default)" },
      { value: "false", text: "any is accepted" },
    ],
  },
  segment_s: {
    kind: "number",
    label: "Segment length, s",
    placeholder: "4; of a file 3600",
    hint: `HLS 1 to ${HLS_SEGMENT_MAX_S}, file ${bounds("segment_s", "s")}`,
  },
  playlist_segments: { kind: "number", label: "Segments listed", placeholder: "6", hint: bounds("playlist_segments", "").trim() },
  cue_tags: { kind: "choice", label: "SCTE-35 tags", choices: choices("daterange", CUE_TAG_STYLES.slice(1)) },
  http_method: { kind: "choice", label: "Upload by", choices: choices("put", ["post"]) },
  allowed_receivers: {
    kind: "list",
    label: "Allowed receivers",
    placeholder: "everybody",
    hint: "Of a SRT listener: up to 32 addresses or networks, as in 192.0.2.7, 2001:db8::/32",
  },
  s3_endpoint: { kind: "text", label: "S3 endpoint", placeholder: "that of AWS in the region", hint: "The URL of a server without a path" },
  s3_region: { kind: "text", label: "S3 region", placeholder: "us-east-1" },
  s3_access_key_id: { kind: "text", label: "S3 access key id", hint: "With the secret key; without both those of the environment" },
  s3_secret_access_key: { kind: "secret", label: "S3 secret key", hint: "Left empty it stays as it is; it is never shown again" },
  segment_mb: { kind: "number", label: "New file at, MB", placeholder: "no limit", hint: bounds("segment_mb", "MB") },
  keep_hours: { kind: "number", label: "Keep for, hours", placeholder: "for ever", hint: bounds("keep_hours", "hours") },
  keep_gb: { kind: "number", label: "Keep at most, GB", placeholder: "no limit", hint: bounds("keep_gb", "GB") },
  rtsp_transport: { kind: "choice", label: "Transport", choices: choices("tcp", ["udp"]) },
  retry_attempts: {
    kind: "number",
    label: "Give up after, attempts",
    placeholder: "by the service",
    hint: `${bounds("retry_attempts", "in a row")}; 0 is never. Then it waits to be started again`,
  },
  retry_delay_s: {
    kind: "number",
    label: "Reconnect after, s",
    placeholder: "by the service",
    hint: `${bounds("retry_delay_s", "s")}, and the shortest of the delays that follow`,
  },
}

const nameOf = (setting: OutputSetting) => `settings.${setting}`
const specOf = (setting: OutputSetting): FieldSpec => ({ name: nameOf(setting), ...SPECS[setting] })
const isProtocol = (text: string): text is UrlProtocol => Object.hasOwn(SETTINGS_OF, text)

const isRetry = (setting: OutputSetting): boolean => RETRY_SETTINGS.some((one) => one === setting)
const SETTINGS = Object.keys(SPECS) as ReadonlyArray<OutputSetting>
const PROTOCOLS = Object.keys(SETTINGS_OF).filter(isProtocol)
export const SECRET_FIELDS: ReadonlyArray<string> = ["stream_key", ...SECRET_SETTINGS.map(nameOf)]
/** In the order in which they stand on the page. */
export const OUTPUT_FIELDS: ReadonlyArray<string> = ["channel", "template", "url", "preset", "stream_key", "name", ...SETTINGS.map(nameOf)]
export const LABELS: Fields = {
  ...{ channel: "Channel", template: "Template", url: "URL", preset: "Destination", stream_key: "Stream key", name: "Name" },
  ...Object.fromEntries(SETTINGS.map((setting) => [nameOf(setting), SPECS[setting].label])),
}

/** Fields of one protocol, or of all that have any: what two of them share stands once, and last what all have. */
export const settingGroups = (protocol: string): ReadonlyArray<{ readonly title: string; readonly fields: ReadonlyArray<FieldSpec> }> => {
  const wanted = isProtocol(protocol) ? [protocol] : PROTOCOLS
  const seen = new Set<OutputSetting>()
  const groups = wanted.flatMap((one) => {
    const fresh = SETTINGS_OF[one].filter((setting) => !seen.has(setting) && !isRetry(setting))
    for (const setting of fresh) seen.add(setting)
    return fresh.length === 0 ? [] : [{ title: one.toUpperCase(), fields: fresh.map(specOf) }]
  })
  return [...groups, { title: "Reconnecting", fields: RETRY_SETTINGS.map(specOf) }]
}

export const PRESET_CHOICES: ReadonlyArray<Choice> = [
  { value: "", text: "By its URL" },
  ...PRESETS.map(({ name, title }) => ({ value: name, text: title })),
]
export const isPreset = (text: string): text is PresetName => PRESET_NAMES.some((name) => name === text)

const mbits = (bitrate: number) => (bitrate >= 1_000_000 ? `${bitrate / 1_000_000} Mbit/s` : `${bitrate / 1000} kbit/s`)

/** Null for what is none. */
export const presetNotes = (name: string): PresetNotes | null => {
  if (!isPreset(name)) return null
  const { check, limits, title, url } = presetOf(name)
  const { audio_codecs, max_audio_bitrate, max_keyframe_interval_s, max_video_bitrate, needs_audio, video_codecs } = limits
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
  Object.fromEntries(SETTINGS.map((setting) => [setting, bodyValue(fields, specOf(setting))]).filter(([, value]) => value !== undefined))

/** Body of a new output: a field left empty is not given, so that a template's counts. */
export const newOutputBody = (fields: Fields): Record<string, unknown> => {
  const settings = settingsIn(fields)
  const given = ["template", "name", "url", "stream_key", "preset"]
    .map((name) => [name, field(fields, name)])
    .filter(([, value]) => value !== "")
  return {
    ...Object.fromEntries(given),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
    ...(fields["save"] === "disabled" ? { enabled: false } : {}),
  }
}

/**
 * Body of a change: a setting left empty goes back to its default, a secret left empty stays. The key of S3 goes with its id. Settings that the
 * form did not show stay as they are.
 */
export const changedOutputBody = (fields: Fields, old: Pick<OutputView, "settings">): Record<string, unknown> => {
  const shown = settingGroups(fields["settings_of"] ?? "").flatMap((group) => group.fields.map(({ name }) => name))
  const emptied = SETTINGS.filter(
    (setting) => shown.includes(nameOf(setting)) && old.settings[setting] !== undefined && bodyValue(fields, specOf(setting)) === undefined,
  ).filter((setting) => !SECRET_SETTINGS.includes(setting) || field(fields, nameOf("s3_access_key_id")) === "")
  const key = field(fields, "stream_key")
  return {
    ...{ name: field(fields, "name"), url: field(fields, "url"), preset: field(fields, "preset") || null },
    ...(field(fields, "stream_key_none") === "true" ? { stream_key: null } : key === "" ? {} : { stream_key: key }),
    settings: { ...Object.fromEntries(emptied.map((setting) => [setting, null])), ...settingsIn(fields) },
  }
}

/** What the form of an output that there is begins with. */
export const outputValues = ({ name, preset, settings, url }: Pick<OutputView, "name" | "preset" | "settings" | "url">): Fields => ({
  ...{ name, url, preset: preset ?? "" },
  ...Object.fromEntries(
    SETTINGS.flatMap((setting): ReadonlyArray<readonly [string, string]> => {
      const value = settings[setting]
      if (value === undefined || SECRET_SETTINGS.includes(setting)) return []
      if (Array.isArray(value) && SPECS[setting].kind === "list") return [[nameOf(setting), value.join(", ")]]
      return Array.isArray(value) ? value.map((one) => [`${nameOf(setting)}.${one}`, "true"] as const) : [[nameOf(setting), String(value)]]
    }),
  ),
})
