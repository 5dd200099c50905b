/** Complete views of channels, inputs, outputs, cues and events for tests, with the fields that a test changes. */
import { policyOf } from "../../effects/config/input-policy.ts"
import type { ChannelView, LegView, OutputTestView, OutputView } from "../../effects/model/channel.ts"
import type { CueView, Scte35View } from "../../effects/model/cue.ts"
import type { ChannelEventView } from "../../effects/model/event.ts"
import type { Surroundings } from "../../effects/show/surroundings.ts"

/** Creation time of everything here. */
export const CREATED = "2026-01-02T03:04:05.000Z"

export const fakeLeg = (over: Partial<LegView> = {}): LegView => ({
  source: "primary",
  ip: "127.0.0.1",
  port: 5000,
  url: null,
  srt: null,
  receiving: true,
  framing: "rtp",
  sender: "127.0.0.1:40000",
  bitrate: 8_020_000,
  last_error: null,
  warnings: [],
  verdict: "good",
  reasons: [],
  findings: [],
  fec: null,
  jitter_ms: 0,
  pcr_jitter_ms: 0,
  pcr_jitter_max_ms: 0,
  max_gap_ms: 0,
  pcr_bitrate: 0,
  access_point_interval_ms: null,
  rcvbuf_bytes: 8_388_608,
  kernel_drops: 0,
  pids: [],
  programmes: [],
  scte35_pids: [500],
  counters: { datagrams: 1000, bytes: 1_328_000, rtp_lost: 0, cc_errors: 0 },
  ...over,
})

type InputView = ChannelView["input"]
export const fakeInput = (over: Partial<InputView> = {}): InputView => ({
  ...policyOf({}),
  manual_cues: false,
  merge: "off",
  path_difference_ms: null,
  merge_lost: 0,
  merge_mismatches: 0,
  switches: 0,
  pending_source: null,
  redundancy: "none",
  legs: [fakeLeg()],
  ...over,
})

export const fakeEvent = (over: Partial<ChannelEventView> & { readonly id: number }): ChannelEventView => ({
  at: CREATED,
  kind: "started",
  severity: "info",
  source: null,
  output: null,
  message: "started by the operator",
  ...over,
})

export const fakeOutput = (over: Partial<OutputView> & { readonly id: string }): OutputView => ({
  number: 1,
  slug: over.id,
  name: over.id,
  protocol: "srt",
  url: "srt://destination:9000?streamid=publish",
  stream_key: null,
  settings: {},
  preset: null,
  enabled: true,
  status: "connecting",
  lifecycle: "starting",
  carrying: over.status === "connected",
  uptime: 0,
  error_count: 0,
  reconnects: 0,
  last_error: null,
  next_retry_at: null,
  bitrate: 0,
  bytes_sent: 0,
  packets_sent: 0,
  packets_dropped: 0,
  options: {},
  warnings: [],
  srt: null,
  srt_stack: null,
  needs_libsrt: [],
  backup: null,
  receivers: [],
  cues_sent: 0,
  cues_missed: 0,
  created_at: CREATED,
  ...over,
})

export const fakeScte35 = (over: Partial<Scte35View> = {}): Scte35View => ({
  pids: [500],
  state: "idle",
  event_id: null,
  ends_in_s: null,
  last_cue_at: null,
  cues: 0,
  sections: 0,
  crc_errors: 0,
  ...over,
})

export const fakeCue = (over: Partial<CueView> & { readonly id: number }): CueView => ({
  at: CREATED,
  last_at: CREATED,
  pid: 500,
  source: "primary",
  cue: over.id,
  kind: "out",
  command: "splice_insert",
  event_id: 4711,
  event_ids: [4711],
  segmentation_type_ids: [],
  upids: [],
  pts: 900_000,
  preroll_s: 4.5,
  duration_s: 30,
  description: "splice_insert out, event 4711, at 00:10, break 30 s, auto-return",
  base64: "/DAlAAAAAAAAAP/wFAUAABJnf+/+AA27oP4AKTLgAAAAAAAAhw2h+w==",
  hex: "fc302500000000000000fff01405000012677feffe000dbba0fe002932e0000000000000870da1fb",
  crc_ok: true,
  errors: [],
  repeats: 0,
  manual: false,
  outputs: [],
  ...over,
})

export const fakeTest: OutputTestView = {
  outcome: "ok",
  ok: true,
  untested: null,
  steps: ["connected to 203.0.113.5 port 1935"],
  error: null,
  address: "203.0.113.5:1935",
  took_ms: 42,
}

export const fakeSurroundings: Surroundings = {
  store: { kind: "SQLite", bytes: 1_234_567 },
  disks: [
    { setting: "DATA_DIR", path: "/srv/data", free: 40_000_000_000, total: 100_000_000_000 },
    { setting: "HLS_DIR", path: "/srv/hls", free: 1_000_000, total: 100_000_000_000 },
    { setting: "RECORDINGS_DIR", path: "/srv/recordings", free: null, total: null },
  ],
  ffmpeg: "7.1",
}
