/** The answer about a channel's history as schemas. Held to the interfaces by `schemas.test.ts`. */
import { Schema } from "effect"

const { Array: List, Literal, NullOr, Number: Num, String: Text, Struct } = Schema

export const Series = Struct({
  of: Text,
  is: Literal("leg", "output"),
  measure: Literal("bitrate", "lost", "cc_errors", "rtt", "retransmitted", "dropped", "queue", "down"),
  values: List(NullOr(Num)),
})
export const Mark = Struct({
  at: Num,
  kind: Literal("switch", "cue_out", "cue_in", "cue", "output_lost", "restart"),
  label: Text,
})
export const Totals = Struct({
  of: Text,
  is: Literal("leg", "output"),
  up_s: Num,
  down_s: Num,
  bytes: Num,
  packets: Num,
  lost: Num,
  cc_errors: Num,
  dropped: Num,
  resent: Num,
  rtt_ms: NullOr(Num),
  rtt_high_ms: NullOr(Num),
  bitrate_low: NullOr(Num),
  bitrate_high: NullOr(Num),
})
export const Figures = Struct({
  since: Text,
  until: Text,
  step_s: Schema.Int,
  times: List(Schema.Int),
  series: List(Series),
  totals: List(Totals),
  marks: List(Mark),
  marks_left_out: Schema.Boolean,
})
export const History = Struct({
  window: Literal("5m", "1h", "24h"),
  step_s: Schema.Int,
  times: List(Schema.Int),
  series: List(Series),
  marks: List(Mark),
})

const AsRunLine = Struct({
  output: NullOr(Text),
  cue: Schema.Int,
  at: Text,
  due_at: Text,
  kind: Text,
  command: Text,
  event_id: NullOr(Schema.Int),
  upids: List(Text),
  duration_s: NullOr(Num),
  description: Text,
  manual: Schema.Boolean,
  status: NullOr(Literal("sent", "missed", "pending", "no_receiver", "no_cues")),
  sent_at: NullOr(Text),
  delay_ms: NullOr(Num),
  acknowledged_at: NullOr(Text),
  acknowledged_ms: NullOr(Num),
  reason: NullOr(Text),
})
export const AsRun = Struct({
  channel: Text,
  since: Text,
  until: Text,
  zone: Text,
  complete: Schema.Boolean,
  lines: List(AsRunLine),
})
const EgressLine = Struct({ channel: Text, output: Text, gigabytes: Num, usd: NullOr(Num) })
export const Egress = Struct({
  month: Text,
  usd_per_gb: NullOr(Num),
  outputs: List(EgressLine),
  gigabytes: Num,
  usd: NullOr(Num),
})
