/** The fields of a channel's forms: which there are, and what they are in a body of the API. */
import type { FieldSpec } from "../../../../views/forms/form-state.ts"
import { reorderReachMs } from "../../../core/input/reorder-reach.ts"
import { DEFAULT_BREAK_POLICY } from "../../../core/scte35/break-state.ts"
import { INPUT_BOUNDS, INPUT_DEFAULTS, MAX_ALLOWED_SENDERS } from "../../../effects/config/input-policy.ts"
import type { ChannelView, InputSettings } from "../../../effects/model/channel.ts"
import { bodyValue, type Fields, field, numeric } from "./form-fields.ts"

type Setting = keyof InputSettings

const bounds = (name: keyof typeof INPUT_BOUNDS) => `${INPUT_BOUNDS[name][0]} to ${INPUT_BOUNDS[name][1]}`
const choices = (first: string, ...others: ReadonlyArray<readonly [value: string, text: string]>) => [
  { value: "", text: `${first} (default)` },
  ...others.map(([value, text]) => ({ value, text })),
]
const number = (name: keyof typeof INPUT_BOUNDS, label: string, placeholder: string | number, hint: string): Omit<FieldSpec, "name"> => ({
  ...{ kind: "number", label, placeholder: String(placeholder) },
  hint: `${bounds(name)}. ${hint}`,
})
const text = (label: string, placeholder: string, hint: string): Omit<FieldSpec, "name"> => ({ kind: "text", label, placeholder, hint })

const D = INPUT_DEFAULTS
const SPECS = {
  mode: {
    ...{ kind: "choice", label: "Two inputs", hint: "Warns: is an alarm while two live inputs are not merged" },
    choices: choices("merged where they agree", ["failover", "failover only"], ["merge", "merged, warns while not"]),
  },
  failover_after_ms: number(
    "failover_after_ms",
    "Fail over after, ms",
    D.failover_after_ms,
    "Silence of the active input, or a fault that lasts",
  ),
  failback: { kind: "choice", label: "Back to primary", choices: choices("by itself", ["manual", "by hand"]) },
  failback_after_s: number("failback_after_s", "Back after, s", D.failback_after_s, "For so long the primary has been good"),
  switch: { kind: "choice", label: "Switch", choices: choices("at a random access point", ["immediate", "at once"]) },
  merge_window_ms: number(
    "merge_window_ms",
    "Merge window, ms",
    D.merge_window_ms,
    "At least the difference of the two paths; it reaches 2 s up to 24 Mbit/s, 1 s up to 49",
  ),
  reorder_ms: number(
    "reorder_ms",
    "Reorder, ms",
    D.reorder_ms,
    `Longest wait for a packet out of order, at most ${reorderReachMs(20)} ms at 20 Mbit/s; 0 is none`,
  ),
  fec: { kind: "choice", label: "FEC", choices: choices("off", ["auto", "SMPTE 2022-1, on the ports + 2 and + 4"]) },
  rcvbuf: number("rcvbuf", "Kernel buffer, bytes", "4194304", "Of each input"),
  allowed_senders: text(
    "Allowed senders",
    "everybody",
    `Up to ${MAX_ALLOWED_SENDERS} addresses or networks, as in 192.0.2.7, 10.0.0.0/8, 2001:db8::/32`,
  ),
  interface: text("Interface", "by the route", "Name or local address, where multicast groups are joined"),
  source: text("Multicast source", "everybody", "Joins the group for this sender alone"),
  backup_interface: text("Backup interface", "as the primary", "The same for the backup"),
  backup_source: text("Backup source", "as the primary", "The same for the backup"),
  scte35_min_preroll_s: number(
    "scte35_min_preroll_s",
    "Least pre-roll, s",
    DEFAULT_BREAK_POLICY.minPrerollS,
    "A cue that comes later is an alarm",
  ),
  scte35_max_break_s: number(
    "scte35_max_break_s",
    "Longest break, s",
    DEFAULT_BREAK_POLICY.maxBreakS,
    "Then it is an alarm and taken for over",
  ),
  scte35_silent_after_h: number(
    "scte35_silent_after_h",
    "Silent after, h",
    DEFAULT_BREAK_POLICY.silentAfterH,
    "Hours without a cue that are an alarm; 0 is never",
  ),
  scte35_pid: number("scte35_pid", "SCTE-35 PID", "as the PMT says", "Where the PMT does not name it"),
  manual_cues: {
    kind: "choice",
    label: "Manual cues",
    choices: choices("not allowed", ["true", "allowed"]),
    hint: "Lets people insert cues into the stream",
  },
} as const satisfies Readonly<Record<Setting, Omit<FieldSpec, "name">>>

const GROUPS: ReadonlyArray<readonly [title: string, settings: ReadonlyArray<Setting>]> = [
  ["Primary and backup", ["mode", "failover_after_ms", "failback", "failback_after_s", "switch", "merge_window_ms"]],
  ["Reception", ["fec", "reorder_ms", "rcvbuf", "allowed_senders"]],
  ["Multicast", ["interface", "source", "backup_interface", "backup_source"]],
  ["SCTE-35", ["scte35_min_preroll_s", "scte35_max_break_s", "scte35_silent_after_h", "scte35_pid", "manual_cues"]],
]
const SETTINGS = Object.keys(SPECS) as ReadonlyArray<Setting>
const nameOf = (setting: Setting) => `input.${setting}`
const specOf = (setting: Setting): FieldSpec => ({ name: nameOf(setting), ...SPECS[setting] })

export const INPUT_GROUPS = GROUPS.map(([title, settings]) => ({ title, fields: settings.map(specOf) }))
/** In the order in which they stand on the page. */
export const CHANNEL_FIELDS: ReadonlyArray<string> = [
  ...["name", "rtp_port", "rtp_ip", "output_url", "backup_rtp_port", "backup_rtp_ip"],
  ...GROUPS.flatMap(([, settings]) => settings.map(nameOf)),
  "auto_run",
]
/** The first output has its URL in the form, and nothing else. */
export const CHANNEL_ALIASES: Fields = { "outputs[0]": "output_url" }

const settingOf = (fields: Fields, setting: Setting): unknown => {
  const value = bodyValue(fields, specOf(setting))
  return setting === "allowed_senders" && typeof value === "string" ? value.split(/[\s,;]+/).filter((one) => one !== "") : value
}
const settingsIn = (fields: Fields) =>
  Object.fromEntries(SETTINGS.map((setting) => [setting, settingOf(fields, setting)]).filter(([, value]) => value !== undefined))

/** Every IPv4 address, where there is a port and no address. */
const ANY = "0.0.0.0"
const ADDRESSES: ReadonlyArray<string> = ["rtp_ip", "backup_rtp_ip"]
/** A field of the form; an IPv6 address may stand in the brackets of URLs. */
const trimmed = (fields: Fields, name: string): string =>
  ADDRESSES.includes(name) ? field(fields, name).replace(/^\[(.*)\]$/, "$1") : field(fields, name)

/** Body of a new channel: a field left empty is not given. */
export const newChannelBody = (fields: Fields): Record<string, unknown> => {
  const at = (name: string) => trimmed(fields, name)
  const given = ["name", "rtp_ip", "backup_rtp_ip", "auto_run"].map((name) => [name, at(name)]).filter(([, value]) => value !== "")
  const ports = ["rtp_port", "backup_rtp_port"].filter((name) => at(name) !== "").map((name) => [name, numeric(at(name))])
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
    ...{ name: at("name"), rtp_ip: at("rtp_ip") || ANY, rtp_port: numeric(at("rtp_port")) },
    backup_rtp_ip: hasBackup ? at("backup_rtp_ip") || ANY : null,
    backup_rtp_port: at("backup_rtp_port") === "" ? null : numeric(at("backup_rtp_port")),
    input: { ...Object.fromEntries(SETTINGS.map((setting) => [setting, null])), ...settingsIn(fields) },
    ...{ autostart: at("autostart") === "true", auto_run: at("auto_run") || "off" },
  }
}

const DEFAULTS: Readonly<Record<string, unknown>> = {
  ...INPUT_DEFAULTS,
  scte35_min_preroll_s: DEFAULT_BREAK_POLICY.minPrerollS,
  scte35_max_break_s: DEFAULT_BREAK_POLICY.maxBreakS,
  scte35_silent_after_h: DEFAULT_BREAK_POLICY.silentAfterH,
  manual_cues: false,
}

/** What the form of a channel that there is begins with; what has its default is left empty. */
export const channelValues = (channel: ChannelView): Fields => {
  const settings = SETTINGS.flatMap((setting): ReadonlyArray<readonly [string, string]> => {
    const value = channel.input[setting]
    if (value == null || value === DEFAULTS[setting]) return []
    return [[nameOf(setting), Array.isArray(value) ? value.join(", ") : String(value)]]
  })
  const { auto_run, autostart, backup_rtp_ip, backup_rtp_port, name, rtp_ip, rtp_port, slug } = channel
  return {
    ...{ channel: slug, name, rtp_ip, rtp_port: String(rtp_port), auto_run, autostart: String(autostart) },
    ...(backup_rtp_port === null ? {} : { backup_rtp_ip: backup_rtp_ip ?? "", backup_rtp_port: String(backup_rtp_port) }),
    ...Object.fromEntries(settings),
  }
}
