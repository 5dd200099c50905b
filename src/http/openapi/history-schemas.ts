/** The answer about a channel's history as schemas. Held to the interfaces by `schemas.test.ts`. */
import { Schema } from "effect"

const { Array: List, Literal, NullOr, Number: Num, String: Text, Struct } = Schema

export const Series = Struct({
  of: Text,
  is: Literal("leg", "output"),
  measure: Literal("bitrate", "lost", "cc_errors", "rtt", "retransmitted", "dropped", "queue"),
  values: List(NullOr(Num)),
})
export const Mark = Struct({
  at: Num,
  kind: Literal("switch", "cue_out", "cue_in", "cue", "output_lost", "restart"),
  label: Text,
})
export const History = Struct({
  window: Literal("5m", "1h", "24h"),
  step_s: Schema.Int,
  times: List(Schema.Int),
  series: List(Series),
  marks: List(Mark),
})
