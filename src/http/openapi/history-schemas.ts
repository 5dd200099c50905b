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
const Totals = Struct({
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
