/** From what is stored to a document. The same configuration gives the same bytes. Pure. */
import type { OutputSettings } from "../../core/output/output-settings.ts"
import { maskSecrets } from "../../core/output/output-url.ts"
import { presetOf } from "../../core/output/presets.ts"
import { shownSetting } from "../../core/output/shown-settings.ts"
import { LEG_FIELDS, storedAddresses } from "../config/leg-address.ts"
import { MASK } from "../config/output-input.ts"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import {
  CHANNEL_FIELDS,
  type ChannelDocument,
  type ConfigDocument,
  OUTPUT_FIELDS,
  type OutputDocument,
} from "./document.ts"

type Fields = Readonly<Record<string, unknown>>

/** Settings by name, whatever the order they were given in. */
export const sorted = (settings: object): Fields =>
  Object.fromEntries(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1)))

const pick = (fields: Fields, names: ReadonlyArray<string>): Fields =>
  Object.fromEntries(names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])))

/** Defaults of a preset that an output does without are written as null: left out they would be filled in again. */
const settingsOf = ({ preset, settings }: OutputConfig): Fields => {
  const defaults: OutputSettings = preset === null ? {} : presetOf(preset).settings
  const without = Object.keys(defaults).filter((name) => !Object.hasOwn(settings, name))
  return sorted({ ...settings, ...Object.fromEntries(without.map((name) => [name, null])) })
}

const outputDocument = (output: OutputConfig): OutputDocument => ({
  slug: output.slug,
  ...pick({ ...output, settings: settingsOf(output) }, OUTPUT_FIELDS),
})

/** Left out where there are none, which is the default. */
const tagsOf = ({ tags }: ChannelConfig) => (tags.length === 0 ? undefined : tags)

/** Left out where `storedAddresses` has none of them: a leg has a URL or an address. */
const NO_ADDRESSES = Object.fromEntries(
  Object.values(LEG_FIELDS).flatMap(({ ip, port, url }) => [ip, port, url].map((name) => [name, undefined])),
)

const channelDocument = (channel: ChannelConfig): ChannelDocument => ({
  slug: channel.slug,
  name: channel.name,
  ...pick(
    {
      ...channel,
      ...NO_ADDRESSES,
      ...storedAddresses(channel),
      tags: tagsOf(channel),
      input: sorted(channel.input),
    },
    CHANNEL_FIELDS,
  ),
  outputs: channel.outputs.map(outputDocument),
})

const maskedOutput = (output: OutputDocument): OutputDocument => {
  const { settings, stream_key, url } = output
  const shown = Object.entries(settings ?? {}).map(([name, value]) => [name, shownSetting(name, value)])
  return {
    ...output,
    ...(url === undefined ? {} : { url: maskSecrets(url) }),
    ...(stream_key == null ? {} : { stream_key: MASK }),
    ...(settings === undefined ? {} : { settings: Object.fromEntries(shown) }),
  }
}

/** The document with `***` in the place of keys, passphrases and passwords. */
export const maskedDocument = ({ channels, version }: ConfigDocument): ConfigDocument => ({
  version,
  channels: channels.map((channel) => ({
    ...channel,
    ...(channel.input_url == null ? {} : { input_url: maskSecrets(channel.input_url) }),
    ...(channel.backup_input_url == null ? {} : { backup_input_url: maskSecrets(channel.backup_input_url) }),
    outputs: (channel.outputs ?? []).map(maskedOutput),
  })),
})

/**
 * Whole, with secrets: channels by number, outputs in the order they were added, fields in the order of the schema,
 * settings by name.
 */
export const exportConfig = (channels: ReadonlyArray<ChannelConfig>): ConfigDocument => ({
  version: 1,
  channels: [...channels].sort((a, b) => a.number - b.number).map(channelDocument),
})

/** The document as a file: two spaces, one line break at the end. */
export const toJson = (document: ConfigDocument): string => `${JSON.stringify(document, null, 2)}\n`
