/** Stored channels and outputs for tests. */
import { join } from "node:path"
import { LogLevel, Option } from "effect"
import { DEFAULT_RETRY } from "../../core/settings/retry-delay.ts"
import type { AppConfigService } from "../config/AppConfig.ts"
import type { OutputHost } from "../config/output-place.ts"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"

export const outputHost = (over: Partial<OutputHost> = {}): OutputHost => ({
  hlsDir: "/srv/hls",
  recordingsDir: "/srv/recordings",
  runDir: "/srv/run",
  ffmpeg: "ffmpeg",
  retry: DEFAULT_RETRY,
  allowPrivateTargets: true,
  ingest: null,
  ...over,
})

/** Settings of a service whose data is in `dataDir`. */
export const appConfig = (dataDir: string): AppConfigService => ({
  host: "127.0.0.1",
  port: 0,
  dataDir,
  hlsDir: join(dataDir, "hls"),
  recordingsDir: join(dataDir, "recordings"),
  databaseFile: join(dataDir, "distributor.db"),
  postgresUrl: Option.none(),
  configFile: Option.none(),
  apiKey: Option.none(),
  firstKeyFile: Option.none(),
  metricsKeyFile: Option.none(),
  keyFile: join(dataDir, "secret.key"),
  tls: Option.none(),
  auth: true,
  trustedProxies: [],
  allowPrivateTargets: true,
  logLevel: LogLevel.Info,
  logFormat: "json",
  retry: DEFAULT_RETRY,
  udpPorts: { first: 5000, last: 5100 },
  srtPorts: { first: 8890, last: 65535 },
  srtIngest: Option.none(),
  srtStack: "own",
  engines: 1,
  thumbnails: 0,
  timeZone: "UTC",
  grafanaUrl: Option.none(),
  nodes: Option.none(),
  medialive: false,
  ignored: [],
})

export const outputConfig = (over: Partial<OutputConfig> = {}): OutputConfig => ({
  id: "out-1",
  number: 1,
  slug: "srt-1",
  name: "SRT 1",
  protocol: "srt",
  url: "srt://192.0.2.1:9000",
  stream_key: null,
  settings: {},
  preset: null,
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
  input_url: null,
  backup_input_url: null,
  input: {},
  tags: [],
  autostart: false,
  auto_run: "off",
  should_run: false,
  last_output_number: 1,
  created_at: "2026-01-02T03:04:05.000Z",
  outputs: [outputConfig()],
  ...over,
})
