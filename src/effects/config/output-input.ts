/**
 * From the body of an output to what is stored: presets filled in, secrets kept that come back masked, every field
 * checked against the protocol. Pure; errors carry the field's path and repeat no secret.
 */
import { parseNetwork } from "../../core/net/network.ts"
import {
  boundsIn,
  COMMON_SETTINGS,
  type OutputSetting,
  type OutputSettings,
  protocolName,
  SECRET_SETTINGS,
  SETTINGS_OF,
} from "../../core/output/output-settings.ts"
import { protocolOfUrl } from "../../core/output/output-url.ts"
import { presetOf, STREAM_KEY_PLACE } from "../../core/output/presets.ts"
import { givenSetting } from "../../core/output/shown-settings.ts"
import type { OutputConfig, Protocol } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"
import { changedPlace, twoKeys } from "./changed-place.ts"
import { type Checked, done, failed } from "./checked.ts"
import { readBackupOf, readOutput } from "./output-place.ts"
import type { OutputInput, OutputSettingsInput, OutputUpdate } from "./request-bodies.ts"

export const MASK = "***"

/** What decides where an output goes and how it is written. */
export type Destination = Pick<OutputConfig, "protocol" | "url" | "stream_key" | "settings" | "preset">

/** `old` with what `input` changes; a secret that comes back masked stays. */
export const outputSettingsOf = (input: OutputSettingsInput | undefined, old: OutputSettings = {}): OutputSettings => {
  const stored: Readonly<Record<string, unknown>> = old
  const changes = Object.entries(input ?? {}).map(([name, value]) => [name, givenSetting(name, value, stored[name])])
  return Object.fromEntries(
    Object.entries({ ...old, ...Object.fromEntries(changes) }).filter(([, value]) => value != null),
  )
}

const namesOf = (settings: OutputSettings) => Object.keys(settings) as ReadonlyArray<OutputSetting>

/** A number within the bounds of its setting may lie beyond those of the protocol. */
const checkRange = (protocol: Protocol, name: OutputSetting, value: unknown): ReadonlyArray<FieldError> => {
  const bounds = boundsIn(name, protocol)
  if (bounds === null || typeof value !== "number") return []
  const [lowest, highest] = bounds
  if (value >= lowest && value <= highest) return []
  const wanted = value > highest ? `at most ${highest}` : `at least ${lowest}`
  return [{ path: `settings.${name}`, message: `must be ${wanted} for ${protocolName(protocol)}, not ${value}` }]
}

const checkSettings = (protocol: Protocol, settings: OutputSettings): ReadonlyArray<FieldError> => {
  const known = SETTINGS_OF[protocol]
  const has = `those of ${protocol} are ${known.join(", ")}`
  const errors: FieldError[] = namesOf(settings)
    .filter((name) => !known.includes(name))
    .map((name) => ({ path: `settings.${name}`, message: `is no setting of ${protocol}: ${has}` }))
  for (const name of SECRET_SETTINGS) {
    if (settings[name] === MASK)
      errors.push({ path: `settings.${name}`, message: "is masked (***): give the secret itself" })
  }
  if (errors.length > 0) return errors
  errors.push(...namesOf(settings).flatMap((name) => checkRange(protocol, name, settings[name])))
  const { s3_access_key_id: id, s3_secret_access_key: secret } = settings
  if ((id === undefined) !== (secret === undefined)) {
    const [missing, given] =
      id === undefined ? ["s3_access_key_id", "s3_secret_access_key"] : ["s3_secret_access_key", "s3_access_key_id"]
    errors.push({
      path: `settings.${missing}`,
      message: `is required with ${given}; leave both out to take the keys of the environment`,
    })
  }
  return errors
}

const checkKey = ({ stream_key, url }: Destination): ReadonlyArray<FieldError> => {
  const message = (text: string) => [{ path: "stream_key", message: text }]
  if (stream_key === MASK) return message("is masked (***): give the key itself")
  return stream_key === null && url.includes(STREAM_KEY_PLACE) ? message("is required: the URL has a place for it") : []
}

/** What is wrong with the receivers that an SRT output is to serve; `isListener` as its URL says. */
const checkReceivers = (
  receivers: OutputSettings["allowed_receivers"],
  isListener: boolean,
): ReadonlyArray<FieldError> => {
  if (receivers === undefined) return []
  const path = "settings.allowed_receivers"
  if (!isListener)
    return [{ path, message: "is for an SRT listener, which others connect to, and this URL is none: set it to null" }]
  return receivers.flatMap((entry, index) => {
    const message = `must be an IP address or a network, such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32, not "${entry}"`
    return parseNetwork(entry) === null ? [{ path: `${path}[${index}]`, message }] : []
  })
}

/** What is wrong with the backup receiver of an SRT output. */
const checkBackup = (output: Omit<Destination, "protocol">): ReadonlyArray<FieldError> => {
  const backup = readBackupOf(output)
  return backup === null || backup.ok ? [] : backup.errors.map((message) => ({ path: "settings.backup_url", message }))
}

/**
 * Everything that is wrong with an output as it would be stored; `at` is its path in the request, with its dot: ``
 * or `outputs[0].`.
 */
const check = (
  output: Omit<Destination, "protocol">,
  asked: Protocol | undefined,
  at: string,
): Checked<Destination> => {
  const { preset, settings, url } = output
  const errors: FieldError[] = []
  const protocol = protocolOfUrl(url)
  if (asked !== undefined && protocol !== null && asked !== protocol)
    errors.push({ path: "protocol", message: `is "${asked}" but the URL is for ${protocol}` })
  const wanted = preset === null ? protocol : presetOf(preset).protocol
  if (preset !== null && protocol !== null && wanted !== protocol)
    errors.push({ path: "url", message: `is for ${protocol}, but ${presetOf(preset).title} takes ${wanted}` })
  if (errors.length === 0 && protocol !== null) errors.push(...checkKey({ ...output, protocol }))
  if (errors.length === 0) {
    const parsed = readOutput(output)
    if (!parsed.ok) errors.push(...parsed.errors)
    else if (parsed.target.protocol === "srt")
      errors.push(
        ...checkReceivers(settings.allowed_receivers, parsed.target.mode === "listener"),
        ...checkBackup(output),
      )
  }
  if (protocol !== null) errors.push(...checkSettings(protocol, settings))
  if (errors.length > 0) return failed(errors.map(({ message, path }) => ({ path: `${at}${path}`, message })))
  return protocol === null
    ? failed([{ path: `${at}url`, message: "names no protocol" }])
    : done({ ...output, protocol })
}

/** Where a new output goes. */
export const newDestination = (input: OutputInput, at: string): Checked<Destination> => {
  const preset = input.preset ?? null
  const defaults = preset === null ? null : presetOf(preset)
  const url = input.url ?? defaults?.url ?? null
  if (url === null) {
    const message =
      defaults === null ? "is required, or a preset" : `is required: ${defaults.title} gives every customer another one`
    return failed([{ path: `${at}url`, message }])
  }
  const settings = outputSettingsOf(input.settings, defaults?.settings)
  return check({ url, stream_key: input.stream_key ?? null, settings, preset }, input.protocol, at)
}

const commonSettings = (settings: OutputSettings): OutputSettings =>
  Object.fromEntries(COMMON_SETTINGS.map((name) => [name, settings[name]]).filter(([, value]) => value !== undefined))

/**
 * Where a changed output goes. What the update leaves out stays, and so does a secret that comes back masked; a new
 * key replaces the stored one, in the URL too. Key, preset and settings but those of every protocol go when the URL becomes one of another.
 */
export const changedDestination = (old: OutputConfig, input: OutputUpdate): Checked<Destination> => {
  const preset = input.preset === undefined || input.preset === old.preset ? undefined : input.preset
  const defaults = preset == null ? null : presetOf(preset)
  if (defaults !== null && defaults.url === null && input.url === undefined)
    return failed([{ path: "url", message: `is required: ${defaults.title} gives every customer another one` }])
  const both = twoKeys(old, input)
  if (both.length > 0) return failed(both)
  const { stream_key, url } = changedPlace(old, { ...input, url: input.url ?? defaults?.url ?? undefined })
  const protocol = protocolOfUrl(url)
  const same = protocol === null || protocol === old.protocol
  const kept = same ? old : { settings: commonSettings(old.settings), preset: null }
  return check(
    {
      url,
      stream_key,
      settings: outputSettingsOf(input.settings, { ...kept.settings, ...defaults?.settings }),
      preset: preset === undefined ? kept.preset : preset,
    },
    input.protocol,
    "",
  )
}
