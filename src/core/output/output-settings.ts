/** How an output is written, beyond what its URL says: what follows from the rows of `output/setting-table.ts`. */

import {
  arranged,
  type Bounds,
  type NamesWith,
  namesOf,
  type SettingRow,
  type SettingsOf,
  sentenceOf,
} from "../settings/setting-row.ts"
import type { UrlProtocol } from "./output-url.ts"
import { OUTPUT_SETTINGS, type OutputColumns, PROTOCOLS } from "./setting-table.ts"

/** Settings as they are given and stored; what is left out has its default. */
export type OutputSettings = SettingsOf<typeof OUTPUT_SETTINGS>
export type OutputSetting = keyof OutputSettings
/** Settings that the engine is not told. */
export type ControlPlaneSetting = NamesWith<{ readonly engine: false }, typeof OUTPUT_SETTINGS>
export type EngineOutputSettings = Omit<OutputSettings, ControlPlaneSetting>

const ROWS: Readonly<Record<OutputSetting, SettingRow & OutputColumns>> = OUTPUT_SETTINGS
const NAMES = namesOf(OUTPUT_SETTINGS)

const isOfAll = (name: OutputSetting): boolean => PROTOCOLS.every((protocol) => ROWS[name].protocols.includes(protocol))

/** Settings that every protocol has: they stay when an output gets a URL of another protocol. */
export const COMMON_SETTINGS: ReadonlyArray<OutputSetting> = NAMES.filter(isOfAll)

/** All settings as answers and `docs/` list them: those that every protocol has come last. */
export const LISTED_SETTINGS: ReadonlyArray<OutputSetting> = [
  ...NAMES.filter((name) => !isOfAll(name)),
  ...COMMON_SETTINGS,
]

const settingsIn = (protocol: UrlProtocol): ReadonlyArray<OutputSetting> =>
  arranged(
    ROWS,
    LISTED_SETTINGS.filter((name) => ROWS[name].protocols.includes(protocol)),
  )

/** The settings each protocol has; any other is refused. */
export const SETTINGS_OF: Readonly<Record<UrlProtocol, ReadonlyArray<OutputSetting>>> = {
  srt: settingsIn("srt"),
  udp: settingsIn("udp"),
  rtp: settingsIn("rtp"),
  rtmp: settingsIn("rtmp"),
  hls: settingsIn("hls"),
  file: settingsIn("file"),
  rtsp: settingsIn("rtsp"),
}

/** Settings that the engine is told. */
export const ENGINE_SETTINGS: ReadonlyArray<keyof EngineOutputSettings> = NAMES.filter(
  (name): name is keyof EngineOutputSettings => ROWS[name].engine !== false,
)

/** Shown as `***`. */
export const SECRET_SETTINGS: ReadonlyArray<OutputSetting> = NAMES.filter((name) => {
  const row = ROWS[name]
  return row.type === "text" && row.secret === true
})

/** Settings without those that the engine is not told. */
export const engineSettings = (settings: OutputSettings): EngineOutputSettings => {
  const kept = ENGINE_SETTINGS.filter((name) => settings[name] !== undefined)
  return Object.fromEntries(kept.map((name) => [name, settings[name]]))
}

/** Lowest and highest value of a numeric setting in a protocol; null for other settings. */
export const boundsIn = (name: OutputSetting, protocol: UrlProtocol): Bounds | null => {
  const row = ROWS[name]
  return row.type === "integer" ? (row.boundsIn?.[protocol] ?? row.bounds) : null
}

/** A protocol within a sentence. */
export const protocolName = (protocol: UrlProtocol): string => (protocol === "file" ? protocol : protocol.toUpperCase())

/** `1 to 30`, or `HLS 1 to 30, file 1 to 86400` where protocols differ; `nameOf` says how protocols are written. */
export const rangeOf = (name: OutputSetting, nameOf: (protocol: UrlProtocol) => string = protocolName): string => {
  const row = ROWS[name]
  if (row.type !== "integer") return ""
  const range = ([lowest, highest]: Bounds) => `${lowest} to ${highest}`
  if (row.boundsIn === undefined) return range(row.bounds)
  return row.protocols
    .map((protocol) => `${nameOf(protocol)} ${range(row.boundsIn?.[protocol] ?? row.bounds)}`)
    .join(", ")
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

/** The setting in one sentence, as in `HLS: segments in the playlist; default 6`. */
export const describeSetting = (name: OutputSetting): string => {
  const row = ROWS[name]
  const where = row.boundsIn !== undefined ? rangeOf(name) : (row.of ?? row.protocols.map(protocolName).join(", "))
  const values = row.defaultIn === undefined ? "" : `; default ${Object.values(row.defaultIn).join(" and ")}`
  const sentence = `${sentenceOf(row)}${values}`
  return capital(isOfAll(name) ? sentence : `${where}: ${sentence}`)
}

/**
 * Why no SCTE-35 goes out by an output; null when it does: TS outputs carry its packets, HLS tags and RTMP data messages are a matter
 * of the settings, and RTSP carries video and audio alone. Of an output that is not to carry cues, none is missed.
 */
export const whyNoCues = ({
  protocol,
  settings,
}: {
  readonly protocol: UrlProtocol
  readonly settings: OutputSettings
}): string | null => {
  if (protocol === "rtsp") return "RTSP takes video and audio alone"
  if (protocol === "rtmp" && (settings.cue_points ?? OUTPUT_SETTINGS.cue_points.default) === "none")
    return "its setting cue_points is none"
  return protocol === "hls" && settings.cue_tags === "none" ? "its setting cue_tags is none" : null
}

/** True when SCTE-35 goes out by an output. */
export const carriesCues = (output: Parameters<typeof whyNoCues>[0]): boolean => whyNoCues(output) === null
