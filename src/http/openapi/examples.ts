/** Examples of bodies and answers; a test decodes each by its schema. */
import { PRESETS } from "../../core/output/presets.ts"
import { decodeCueText } from "../../core/scte35/cue-text.ts"
import type { Json } from "./json-schema.ts"

const CUE = "/DAlAAAAAAAAAP/wFAUAABJnf+/+AA27oP4AKTLgAAAAAAAAhw2h+w=="
const decoded = decodeCueText(CUE)
/** As it goes over the wire. */
const json = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json
const section = decoded.ok ? json(decoded.section) : null
const hex = decoded.ok ? decoded.section.hex : ""
const DESCRIPTION = "splice_insert out, event 4711, at 00:10, break 30 s, auto-return"

const output = {
  id: "7d0f6f0a-64a5-4f59-9d8e-4a3c1a1b2c3d",
  number: 1,
  slug: "cdn",
  name: "CDN",
  protocol: "srt",
  url: "srt://cdn.example.com:9000?streamid=publish/stream1&passphrase=***",
  stream_key: null,
  settings: {},
  preset: null,
  enabled: true,
  status: "connected",
  lifecycle: "streaming",
  carrying: true,
  uptime: 3600,
  error_count: 0,
  reconnects: 0,
  last_error: null,
  next_retry_at: null,
  bitrate: 8_020_000,
  bytes_sent: 3_609_000_000,
  packets_sent: 2_742_000,
  packets_dropped: 0,
  options: { mode: "caller", latency_ms: 200 },
  warnings: [],
  srt: { rtt_ms: 12.4 },
  receivers: [],
  cues_sent: 12,
  cues_missed: 0,
  created_at: "2026-01-02T03:04:05.000Z",
}

const leg = {
  source: "primary",
  ip: "0.0.0.0",
  port: 5000,
  receiving: true,
  framing: "rtp",
  sender: "192.0.2.7:40000",
  bitrate: 8_020_000,
  last_error: null,
  warnings: [],
  verdict: "good",
  reasons: [],
  findings: [],
  fec: null,
  jitter_ms: 0.2,
  pcr_jitter_ms: 0.1,
  pcr_jitter_max_ms: 0.4,
  max_gap_ms: 3,
  pcr_bitrate: 8_020_000,
  access_point_interval_ms: 1000,
  rcvbuf_bytes: 8_388_608,
  kernel_drops: 0,
  pids: [{ pid: 256, packets: 2_400_000, bitrate: 7_100_000 }],
  programmes: [
    {
      program_number: 1,
      pmt_pid: 4096,
      pcr_pid: 256,
      version: 0,
      cuei: true,
      streams: [{ pid: 500, stream_type: 134 }],
    },
  ],
  scte35_pids: [500],
  counters: { datagrams: 2_742_000, rtp_lost: 0, cc_errors: 0 },
}

const channel = {
  id: "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
  number: 1,
  slug: "main-event",
  name: "Main event",
  rtp_ip: "0.0.0.0",
  rtp_port: 5000,
  backup_rtp_ip: null,
  backup_rtp_port: null,
  autostart: false,
  auto_run: "off",
  input: {
    mode: "auto",
    failover_after_ms: 500,
    failback: "auto",
    failback_after_s: 30,
    switch: "clean",
    reorder_ms: 50,
    merge_window_ms: 200,
    fec: "off",
    allowed_senders: [],
    scte35_pid: null,
    manual_cues: false,
    merge: "off",
    path_difference_ms: null,
    merge_lost: 0,
    merge_mismatches: 0,
    switches: 0,
    pending_source: null,
    redundancy: "none",
    legs: [leg],
  },
  status: "running",
  lifecycle: "running",
  error: null,
  uptime: 3602,
  created_at: "2026-01-02T03:04:05.000Z",
  active_source: "primary",
  alarms: [],
  scte35: {
    pids: [500],
    state: "idle",
    event_id: null,
    ends_in_s: null,
    last_cue_at: null,
    cues: 0,
    sections: 0,
    crc_errors: 0,
  },
  outputs: [output],
}

const youtube = PRESETS.find(({ name }) => name === "youtube")

export const EXAMPLES: Readonly<Record<string, ReadonlyArray<Json>>> = {
  ChannelInput: [
    {
      ...{ name: "Main event", rtp_ip: "0.0.0.0", rtp_port: 5000, backup_rtp_ip: "0.0.0.0", backup_rtp_port: 5001 },
      outputs: [{ name: "CDN", url: "srt://cdn.example.com:9000?streamid=publish/stream1&latency=200" }],
    },
    { name: "Studio", rtp_port: 5010 },
  ],
  ChannelUpdate: [{ name: "Final" }, { input: { manual_cues: true, fec: null } }],
  OutputRequest: [
    { name: "CDN", url: "srt://cdn.example.com:9000?streamid=publish/stream1&passphrase=0123456789abcdef" },
    { template: "cdn-main", enabled: false },
  ],
  TemplateInput: [
    {
      name: "cdn-main",
      output_name: "CDN {name}",
      url: "srt://cdn.example.com:9000?streamid=publish/{channel}&passphrase=0123456789abcdef",
    },
  ],
  TemplateUpdate: [{ url: "srt://cdn2.example.com:9000?streamid=publish/{channel}" }],
  Template: [
    {
      ...{
        name: "cdn-main",
        output_name: "CDN {name}",
        protocol: "srt",
        stream_key: null,
        settings: {},
        preset: null,
        enabled: true,
      },
      url: "srt://cdn.example.com:9000?streamid=publish/{channel}&passphrase=***",
      created_at: "2026-01-02T03:04:05.000Z",
    },
  ],
  OutputInput: [
    { protocol: "srt", url: "srt://destination:9000?streamid=publish" },
    { name: "YouTube", preset: "youtube", stream_key: "abcd-efgh-ijkl" },
  ],
  OutputUpdate: [{ enabled: false }, { url: "srt://cdn2.example.com:9000?latency=300" }],
  SwitchInput: [{ source: "backup" }, { source: "backup", force: true }],
  DecodeInput: [{ cue: CUE }],
  CueInput: [
    { command: "splice_insert", out_of_network_indicator: true, break_duration_seconds: 30, pre_roll_s: 8 },
    {
      ...{ command: "time_signal", pre_roll_s: 8 },
      segmentation: [{ segmentation_event_id: 7, segmentation_type_id: 52, segmentation_duration_seconds: 30 }],
    },
    { cue: CUE, pid: 500 },
  ],
  BulkInput: [{ action: "start", channels: ["main-event", "2"] }],
  CloneInput: [{ name: "Main event, copy" }],
  ConfigDocument: [
    {
      version: 1,
      channels: [
        {
          slug: "main-event",
          name: "Main event",
          rtp_port: 5000,
          outputs: [{ slug: "cdn", url: "srt://cdn.example.com:9000" }],
        },
      ],
    },
  ],
  RollbackInput: [{ version: 3 }],
  NumberedInputBody: [{ name: "Camera 1", udp_port: 5000 }, { name: "Camera 2" }],
  NumberedInputChange: [{ name: "Camera 3" }],
  NumberedOutputChange: [{ url: "srt://cdn2.example.com:9000" }],
  DestinationInput: [
    {
      name: "On call",
      kind: "webhook",
      url: "https://hooks.example.com/distributor",
      secret: "correct horse battery",
      enabled: false,
    },
    {
      ...{
        name: "Operations",
        kind: "email",
        host: "smtp.example.com",
        port: 587,
        security: "starttls",
        user: "distributor",
      },
      ...{ password: "another horse", from: "distributor@example.com", to: ["ops@example.com"], enabled: false },
    },
    { name: "Chat", kind: "slack", url: "https://hooks.slack.com/services/T000/B000/XXXX", enabled: false },
  ],
  DestinationUpdate: [{ enabled: false }, { name: "Night shift" }],
  NotificationRulesInput: [
    { rules: [{ severities: ["critical"], resolved: true }], repeat_minutes: 30 },
    {
      rules: [{ kinds: ["output_down", "input_lost"], channels: null, destinations: null }],
      output_down_after_s: 30,
      group_wait_s: 10,
    },
  ],
  NotificationRuleInput: [{ severities: ["critical"], resolved: true }],
  MuteInput: [{ minutes: 60 }, { channel: null, output: null, minutes: 60 }],
  UserInput: [{ name: "grace", password: "correct horse battery", role: "admin" }],
  UserChange: [{ role: "admin" }, { password: "another horse battery" }],
  KeyInput: [{ name: "ci", role: "admin" }],
  Channel: [channel],
  Output: [output],
  ChannelEvent: [
    {
      ...{
        id: 42,
        at: "2026-01-02T03:04:05.678Z",
        kind: "switched",
        severity: "warning",
        source: "backup",
        output: null,
      },
      message: "switched to the backup: nothing arrived on the primary for 500 ms",
    },
  ],
  Cue: [
    {
      ...{
        id: 7,
        at: "2026-01-02T03:04:05.678Z",
        last_at: "2026-01-02T03:04:05.678Z",
        pid: 500,
        source: "primary",
        cue: 7,
        kind: "out",
      },
      ...{
        command: "splice_insert",
        event_id: 4711,
        event_ids: [4711],
        segmentation_type_ids: [],
        upids: [],
        pts: 900_000,
      },
      ...{
        preroll_s: 4.5,
        duration_s: 30,
        description: DESCRIPTION,
        base64: CUE,
        hex,
        crc_ok: true,
        errors: [],
        repeats: 0,
        manual: false,
      },
      outputs: [{ output: "cdn", status: "sent", at: "2026-01-02T03:04:05.680Z", delay_ms: 1.6, reason: null }],
      section,
    },
  ],
  CueAnswer: [
    {
      cue: {
        pid: 500,
        command: "splice_insert",
        event_id: 4711,
        pts: 900_000,
        description: DESCRIPTION,
        base64: CUE,
        hex,
        section,
      },
      warnings: [],
    },
  ],
  ...(section === null ? {} : { SpliceInfoSection: [section] }),
  ...(youtube === undefined ? {} : { Preset: [json(youtube)] }),
  OutputTest: [
    {
      ...{ outcome: "ok", ok: true, untested: null, error: null, address: "203.0.113.5:1935", took_ms: 3142 },
      steps: ["connected", "the server has started the publication with this stream key; it was ended again"],
    },
    {
      ...{
        outcome: "unknown",
        ok: false,
        error: null,
        address: "203.0.113.5:443",
        took_ms: 142,
        steps: ["logged in and given a stream"],
      },
      untested:
        "the stream key was not tried: YouTube Live (RTMPS) may begin a broadcast, or end one that is on air, as soon as somebody publishes",
    },
    {
      ...{ outcome: "failed", ok: false, untested: null, steps: [], address: null, took_ms: 31 },
      error: { code: "dns", message: "cdn.example.com is not a known name", transient: true },
    },
  ],
  Health: [
    {
      ...{ status: "ok", version: "0.1.0", uptime: 86_400, channels: { total: 1, running: 1, error: 0 } },
      engine: { connected: true, pid: 4242, uptime: 86_399, restarts: 0 },
      srt: { available: true, version: "1.5.3", problem: null },
      ...{ store: { ok: true }, problems: [], channel_problems: [] },
    },
  ],
}
