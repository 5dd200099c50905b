/**
 * Rows of the store's tables and what they mean. SQLite has no booleans; `input` and `settings` are JSON so that
 * settings can be added.
 */
import { Schema } from "effect"
import { outputSettingsOf } from "../config/output-input.ts"
import { InputSettingsInput, OutputSettingsInput, Preset, settingsOf } from "../config/request-bodies.ts"
import { Tags } from "../config/tags.ts"
import { AutoRun, type ChannelConfig, type OutputConfig, Protocol } from "../model/channel.ts"

export interface ChannelRow {
  readonly number: number
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly rtp_ip: string
  readonly rtp_port: number
  readonly backup_rtp_ip: string | null
  readonly backup_rtp_port: number | null
  readonly input_url: string | null
  readonly backup_input_url: string | null
  readonly input: string
  /** JSON. */
  readonly tags: string
  readonly autostart: number
  readonly should_run: number
  readonly created_at: string
  readonly auto_run: string
  readonly last_output_number: number
}
/** What is written of a channel's own: the store gives the number on insert, and counts its outputs. */
export type WrittenChannelRow = Omit<ChannelRow, "number" | "last_output_number">

export interface OutputRow {
  readonly id: string
  readonly channel_id: string
  readonly slug: string
  readonly name: string
  readonly protocol: string
  readonly url: string
  readonly stream_key: string | null
  readonly settings: string
  readonly preset: string | null
  readonly enabled: number
  readonly created_at: string
  readonly number: number
}

const decodeInput = Schema.decodeUnknownSync(Schema.parseJson(InputSettingsInput))
const decodeTags = Schema.decodeUnknownSync(Schema.parseJson(Tags))
const decodeSettings = Schema.decodeUnknownSync(Schema.parseJson(OutputSettingsInput))
const decodePreset = Schema.decodeUnknownSync(Schema.NullOr(Preset))
const decodeAutoRun = Schema.decodeUnknownSync(AutoRun)
const decodeProtocol = Schema.decodeUnknownSync(Protocol)

/** Throws a ParseError when the row holds what no version of this software wrote. */
export const outputFromRow = (row: OutputRow): OutputConfig => ({
  id: row.id,
  number: row.number,
  slug: row.slug,
  name: row.name,
  protocol: decodeProtocol(row.protocol),
  url: row.url,
  stream_key: row.stream_key,
  settings: outputSettingsOf(decodeSettings(row.settings)),
  preset: decodePreset(row.preset),
  enabled: row.enabled !== 0,
  created_at: row.created_at,
})

/** Throws a ParseError when the row holds what no version of this software wrote. */
export const channelFromRow = (row: ChannelRow, outputs: ReadonlyArray<OutputConfig>): ChannelConfig => ({
  id: row.id,
  number: row.number,
  slug: row.slug,
  name: row.name,
  rtp_ip: row.rtp_ip,
  rtp_port: row.rtp_port,
  backup_rtp_ip: row.backup_rtp_ip,
  backup_rtp_port: row.backup_rtp_port,
  input_url: row.input_url,
  backup_input_url: row.backup_input_url,
  input: settingsOf(decodeInput(row.input)),
  tags: decodeTags(row.tags),
  autostart: row.autostart !== 0,
  auto_run: decodeAutoRun(row.auto_run),
  should_run: row.should_run !== 0,
  last_output_number: row.last_output_number,
  created_at: row.created_at,
  outputs,
})

export const outputToRow = (channelId: string, output: OutputConfig): OutputRow => ({
  id: output.id,
  channel_id: channelId,
  slug: output.slug,
  name: output.name,
  protocol: output.protocol,
  url: output.url,
  stream_key: output.stream_key,
  settings: JSON.stringify(output.settings),
  preset: output.preset,
  enabled: output.enabled ? 1 : 0,
  created_at: output.created_at,
  number: output.number,
})

export const channelToRow = (channel: Omit<ChannelConfig, "number">): WrittenChannelRow => ({
  id: channel.id,
  slug: channel.slug,
  name: channel.name,
  rtp_ip: channel.rtp_ip,
  rtp_port: channel.rtp_port,
  backup_rtp_ip: channel.backup_rtp_ip,
  backup_rtp_port: channel.backup_rtp_port,
  input_url: channel.input_url,
  backup_input_url: channel.backup_input_url,
  input: JSON.stringify(channel.input),
  tags: JSON.stringify(channel.tags),
  autostart: channel.autostart ? 1 : 0,
  should_run: channel.should_run ? 1 : 0,
  created_at: channel.created_at,
  auto_run: channel.auto_run,
})
