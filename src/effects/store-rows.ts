/** Rows of the store's tables and what they mean. SQLite has no booleans; `input` is JSON so that settings can be added. */
import { Schema } from "effect"
import { type ChannelConfig, type OutputConfig, Protocol } from "./model.ts"
import { InputSettingsInput, settingsOf } from "./request-bodies.ts"

export interface ChannelRow {
  readonly number: number
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly rtp_ip: string
  readonly rtp_port: number
  readonly backup_rtp_ip: string | null
  readonly backup_rtp_port: number | null
  readonly input: string
  readonly autostart: number
  readonly should_run: number
  readonly created_at: string
}

export interface OutputRow {
  readonly id: string
  readonly channel_id: string
  readonly slug: string
  readonly name: string
  readonly protocol: string
  readonly url: string
  readonly enabled: number
  readonly created_at: string
}

const decodeInput = Schema.decodeUnknownSync(Schema.parseJson(InputSettingsInput))
const decodeProtocol = Schema.decodeUnknownSync(Protocol)

/** Throws a ParseError when the row holds what no version of this software wrote. */
export const outputFromRow = (row: OutputRow): OutputConfig => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  protocol: decodeProtocol(row.protocol),
  url: row.url,
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
  input: settingsOf(decodeInput(row.input)),
  autostart: row.autostart !== 0,
  should_run: row.should_run !== 0,
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
  enabled: output.enabled ? 1 : 0,
  created_at: output.created_at,
})

/** The row without its number: the store gives it on insert and it never changes. */
export const channelToRow = (channel: Omit<ChannelConfig, "number">): Omit<ChannelRow, "number"> => ({
  id: channel.id,
  slug: channel.slug,
  name: channel.name,
  rtp_ip: channel.rtp_ip,
  rtp_port: channel.rtp_port,
  backup_rtp_ip: channel.backup_rtp_ip,
  backup_rtp_port: channel.backup_rtp_port,
  input: JSON.stringify(channel.input),
  autostart: channel.autostart ? 1 : 0,
  should_run: channel.should_run ? 1 : 0,
  created_at: channel.created_at,
})
