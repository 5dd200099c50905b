/** Answers about MediaLive and schedules. Held to the real answers by tests. */
import { Schema } from "effect"
import { CHECK_CODES } from "../../core/medialive/checks.ts"
import { LIFECYCLES } from "../../core/medialive/lifecycle.ts"
import { MEDIALIVE_STATES } from "../../core/medialive/model.ts"
import { WEEKDAYS } from "../../core/schedule/schedule.ts"
import { SourceName } from "../../effects/model/channel.ts"
import { Time } from "./schemas.ts"

const { Array: List, Boolean: Flag, Literal, NullOr, Number: Figure, String: Text, Struct, optional } = Schema
const Count = Schema.Int.pipe(Schema.nonNegative())
const State = Literal(...MEDIALIVE_STATES)
const Lifecycle = Literal(...LIFECYCLES)

export const Schedule = Struct({
  channel: Text,
  zone: Text,
  enabled: Flag,
  windows: List(Struct({ days: NullOr(List(Literal(...WEEKDAYS))), date: NullOr(Text), start: Text, stop: Text })),
  on: Flag,
  next: NullOr(Struct({ do: Literal("start", "stop"), at: Time, local: Text })),
})

export const Connection = Struct({
  region: NullOr(Text),
  region_from: NullOr(Literal("stored", "environment")),
  role_arn: NullOr(Text),
  access_key_id: NullOr(Text),
  secret_access_key: NullOr(Text),
  addresses: List(Text),
  addresses_in_use: List(Text),
  egress_usd_per_gb: NullOr(Figure),
  signed_in_by: NullOr(Text),
  policies: Struct({ read: Text, control: Text }),
})
export const ConnectionTest = Struct({
  ok: Flag,
  steps: List(Struct({ action: Text, outcome: Literal("ok", "failed", "unknown"), message: Text })),
  missing: List(Text),
})

export const Feed = Struct({ channel: Text, channel_name: Text, source: SourceName, pipeline: Count, url: Text })
export const Price = Struct({
  usd_per_hour: NullOr(Figure),
  unknown_lines: Count,
  from: Literal("aws", "table"),
  region: Text,
  as_of: Text,
  lines: List(Struct({ what: Text, usdPerHour: NullOr(Figure), atMost: Flag, why: NullOr(Text) })),
})
export const Auto = Struct({
  enabled: Flag,
  idle_minutes: Count,
  lead_minutes: Count,
  wanted: Flag,
  doing: NullOr(Text),
  stops_at: NullOr(Time),
})
export const Alert = Struct({ type: Text, pipeline: NullOr(Count), message: Text, since: NullOr(Text) })

const channelFields = {
  id: Text,
  name: Text,
  state: State,
  lifecycle: Lifecycle,
  channel_class: Literal("STANDARD", "SINGLE_PIPELINE"),
  pipelines: Count,
  pipelines_running: Count,
  active_alerts: NullOr(Count),
  feeds: List(Feed),
  elsewhere: List(Text),
  auto: Auto,
  price: NullOr(Price),
  outputs_fed: Count,
}
export const Channel = Struct(channelFields)
export const Channels = Struct({
  region: NullOr(Text),
  problem: NullOr(Text),
  at: NullOr(Time),
  stale_s: NullOr(Count),
  missing_permissions: List(Struct({ action: Text, without: Text })),
  channels: List(Channel),
})

export const Figures = Struct({
  metric: Text,
  words: Text,
  unit: Text,
  pipeline: Count,
  points: List(List(Figure)),
})
export const Draft = Struct({
  name: Text,
  rtp_ip: optional(Text),
  rtp_port: optional(Count),
  input_url: optional(Text),
  backup_rtp_ip: optional(Text),
  backup_rtp_port: optional(Count),
  backup_input_url: optional(Text),
  input: Struct({
    fec: optional(Literal("auto")),
    allowed_senders: optional(List(Text)),
    scte35_pid: optional(Count),
  }),
})
export const Output = Struct({
  name: Text,
  group: Text,
  kind: Literal("udp", "srt", "other"),
  destinations: List(Struct({ pipeline: Count, url: Text, feeds: NullOr(Text) })),
  draft: NullOr(Draft),
  notes: List(Text),
})
export const Check = Struct({
  code: Literal(...CHECK_CODES),
  severity: Literal("error", "warning"),
  message: Text,
  setting: NullOr(Text),
  output: Text,
})
export const Detail = Struct({
  ...channelFields,
  arn: Text,
  problem: NullOr(Text),
  at: NullOr(Time),
  stale_s: NullOr(Count),
  described_at: NullOr(Time),
  alerts: List(Alert),
  outputs: List(Output),
  checks: List(Check),
  figures: List(Figures),
})

export const Beside = Struct({
  id: Text,
  name: Text,
  state: State,
  lifecycle: Lifecycle,
  pipeline: Count,
  source: SourceName,
  alerts: List(Alert),
  at: Literal("none", "wait", "here", "there", "between", "unknown"),
  sentence: Text,
  figures: List(Figures),
})
export const OfChannel = Struct({
  channel: Text,
  stale_s: NullOr(Count),
  beside: List(Beside),
  values: List(Struct({ name: Text, setting: Text, value: Text, why: Text })),
})

export const Costs = Struct({
  month: Text,
  note: Text,
  medialive: List(
    Struct({
      id: Text,
      name: Text,
      runs: Count,
      hours: Figure,
      usd: NullOr(Figure),
      hours_without_price: Figure,
      hours_in_part: Figure,
    }),
  ),
  egress: List(Struct({ channel: Text, gigabytes: Figure, usd: NullOr(Figure) })),
})
