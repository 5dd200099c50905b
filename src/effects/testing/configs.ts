/** Stored channels and outputs for tests. */
import type { ChannelConfig, OutputConfig } from "../model.ts"

export const outputConfig = (over: Partial<OutputConfig> = {}): OutputConfig => ({
  id: "out-1",
  slug: "srt-1",
  name: "SRT 1",
  protocol: "srt",
  url: "srt://192.0.2.1:9000",
  enabled: true,
  created_at: "2026-01-02T03:04:05.000Z",
  ...over,
})

export const channelConfig = (over: Partial<ChannelConfig> = {}): ChannelConfig => ({
  id: "ch-1",
  number: 1,
  slug: "news",
  name: "News",
  rtp_ip: "127.0.0.1",
  rtp_port: 5000,
  backup_rtp_ip: null,
  backup_rtp_port: null,
  input: {},
  autostart: false,
  should_run: false,
  created_at: "2026-01-02T03:04:05.000Z",
  outputs: [outputConfig()],
  ...over,
})
