/** Answers about notifications. Held to the interfaces by `notification-schemas.test.ts`. */
import { Schema } from "effect"
import { WEEKDAYS } from "../../core/schedule/schedule.ts"
import { NoticeKindName, SEVERITIES } from "../../effects/notifications/notice-kinds.ts"
import { DestinationKind, MailSecurity } from "../../effects/notifications/notification-bodies.ts"
import { Time } from "./schemas.ts"

const { Array: List, Boolean: Flag, Literal, NullOr, String: Text, Struct } = Schema
const Count = Schema.Int.pipe(Schema.nonNegative())
const NoticeSeverity = Literal(...SEVERITIES)

export const Delivery = Struct({
  queued: Count,
  sent: Count,
  failed: Count,
  last_sent_at: NullOr(Time),
  last_error: NullOr(Text),
  last_error_at: NullOr(Time),
  next_attempt_at: NullOr(Time),
})
export const Destination = Struct({
  id: Text,
  name: Text,
  kind: DestinationKind,
  enabled: Flag,
  url: NullOr(Text),
  secret: NullOr(Text),
  host: NullOr(Text),
  port: NullOr(Count),
  security: NullOr(MailSecurity),
  verify_tls: NullOr(Flag),
  user: NullOr(Text),
  password: NullOr(Text),
  from: NullOr(Text),
  to: List(Text),
  created_at: Time,
  delivery: Delivery,
})
export const Destinations = Struct({ destinations: List(Destination) })
export const TestAnswer = Struct({ ok: Flag, answer: Text, took_ms: Count })

export const Rule = Struct({
  kinds: NullOr(List(NoticeKindName)),
  severities: NullOr(List(NoticeSeverity)),
  channels: NullOr(List(Text)),
  destinations: NullOr(List(Text)),
  resolved: Flag,
})
export const Rules = Struct({
  rules: List(Rule),
  output_down_after_s: Count,
  group_wait_s: Count,
  group_interval_s: Count,
  repeat_minutes: Count,
})

export const MuteWindows = Struct({ zone: Text, days: List(Literal(...WEEKDAYS)), start: Text, stop: Text })
export const Mute = Struct({
  id: Text,
  channel: NullOr(Text),
  output: NullOr(Text),
  starts: Time,
  until: Time,
  repeats: NullOr(MuteWindows),
  reason: NullOr(Text),
  by: Text,
  created_at: Time,
  active: Flag,
  next_at: NullOr(Time),
})
export const Mutes = Struct({ mutes: List(Mute) })

export const Notice = Struct({
  id: Text,
  key: Text,
  kind: NoticeKindName,
  severity: NoticeSeverity,
  state: Literal("open", "resolved"),
  channel: NullOr(Text),
  channel_name: NullOr(Text),
  output: NullOr(Text),
  output_name: NullOr(Text),
  message: Text,
  opened_at: Time,
  resolved_at: NullOr(Time),
  acknowledged_at: NullOr(Time),
  acknowledged_by: NullOr(Text),
  muted_until: NullOr(Time),
  notified_at: NullOr(Time),
})
export const IncidentChannel = Struct({ slug: Text, name: Text })
export const IncidentOutput = Struct({ channel: Text, slug: Text, name: Text })
export const Incident = Struct({
  id: Text,
  kind: NoticeKindName,
  severity: NoticeSeverity,
  words: Text,
  message: Text,
  since: Time,
  keys: List(Text),
  channels: List(IncidentChannel),
  outputs: List(IncidentOutput),
})
export const Notices = Struct({ notices: List(Notice), incidents: List(Incident) })
