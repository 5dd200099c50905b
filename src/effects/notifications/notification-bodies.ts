/** Request bodies about notifications, and what is shown. */
import { Schema } from "effect"
import { WEEKDAYS } from "../../core/schedule/schedule.ts"
import { matches } from "../config/pattern.ts"
import { NoticeKindName, SEVERITIES } from "./notice-kinds.ts"

const NO_CONTROL = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/
const text = (max: number) =>
  Schema.String.pipe(
    Schema.minLength(1),
    Schema.maxLength(max),
    matches(NO_CONTROL, "must not hold control or text-direction characters"),
  )
const matching = (max: number, pattern: RegExp, wanted: string) => text(max).pipe(matches(pattern, `must be ${wanted}`))
const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(Schema.NullOr(schema))
const between = (lowest: number, highest: number) => Schema.Int.pipe(Schema.between(lowest, highest))

export const DestinationKind = Schema.Literal("email", "slack", "webhook")
export type DestinationKind = typeof DestinationKind.Type
export const MailSecurity = Schema.Literal("tls", "starttls", "none")
export type MailSecurity = typeof MailSecurity.Type

const Url = matching(2048, /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s/?#]+/, "an http or https URL")
const Host = matching(
  253,
  /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?|\[?[0-9A-Fa-f:.]+\]?)$/,
  "a host name or an IP address",
)
const MailAddress = text(254)

/** Settings of a destination; null removes one. Its kind decides which of them it needs. */
const FIELDS = {
  enabled: Schema.optional(Schema.Boolean),
  url: Schema.optional(Url),
  secret: optional(text(256)),
  host: Schema.optional(Host),
  port: Schema.optional(between(1, 65535)),
  security: Schema.optional(MailSecurity),
  verify_tls: Schema.optional(Schema.Boolean),
  user: optional(text(256)),
  password: optional(text(256)),
  from: Schema.optional(MailAddress),
  to: Schema.optional(Schema.Array(MailAddress).pipe(Schema.minItems(1), Schema.maxItems(50))),
}

export const DestinationInput = Schema.Struct({ name: text(64), kind: DestinationKind, ...FIELDS })
export type DestinationInput = typeof DestinationInput.Type
/** A change to a destination; fields left out stay. */
export const DestinationUpdate = Schema.Struct({ name: Schema.optional(text(64)), ...FIELDS })
export type DestinationUpdate = typeof DestinationUpdate.Type

const Slug = text(128)
export const RuleInput = Schema.Struct({
  kinds: optional(Schema.Array(NoticeKindName).pipe(Schema.maxItems(100))),
  severities: optional(Schema.Array(Schema.Literal(...SEVERITIES)).pipe(Schema.maxItems(SEVERITIES.length))),
  channels: optional(Schema.Array(Slug).pipe(Schema.maxItems(1000))),
  destinations: optional(Schema.Array(text(64)).pipe(Schema.maxItems(100))),
  resolved: Schema.optional(Schema.Boolean),
})
export type RuleInput = typeof RuleInput.Type

export const RulesInput = Schema.Struct({
  rules: Schema.Array(RuleInput).pipe(Schema.maxItems(100)),
  output_down_after_s: Schema.optional(between(0, 3600)),
  group_wait_s: Schema.optional(between(0, 300)),
  group_interval_s: Schema.optional(between(0, 3600)),
  repeat_minutes: Schema.optional(between(0, 10_080)),
})
export type RulesInput = typeof RulesInput.Type

/** Windows of a mute that comes again; `stop` at or before `start` is on the next day. */
export const MuteRepeats = Schema.Struct({
  zone: text(64),
  days: Schema.Array(Schema.Literal(...WEEKDAYS)).pipe(Schema.minItems(1), Schema.maxItems(7)),
  start: text(5),
  stop: text(5),
})
export type MuteRepeats = typeof MuteRepeats.Type

export const MuteInput = Schema.Struct({
  channel: optional(Slug),
  output: optional(Slug),
  starts: optional(text(40)),
  minutes: Schema.optional(between(1, 525_600)),
  until: Schema.optional(text(40)),
  reason: optional(text(200)),
  repeats: optional(MuteRepeats),
})
export type MuteInput = typeof MuteInput.Type

/** How deliveries to a destination go. Counts are since the start of the service. */
export interface DeliveryState {
  readonly queued: number
  readonly sent: number
  /** Number of messages given up: refused, too old, or too many at a time. */
  readonly failed: number
  readonly last_sent_at: string | null
  readonly last_error: string | null
  readonly last_error_at: string | null
  /** When the first message in the queue is tried again. */
  readonly next_attempt_at: string | null
}

/**
 * A destination as it is shown: secrets are `***`, and only the host of a URL is shown, as paths and queries hold
 * tokens.
 */
export interface DestinationView {
  readonly id: string
  readonly name: string
  readonly kind: DestinationKind
  readonly enabled: boolean
  readonly url: string | null
  readonly secret: string | null
  readonly host: string | null
  readonly port: number | null
  readonly security: MailSecurity | null
  readonly verify_tls: boolean | null
  readonly user: string | null
  readonly password: string | null
  readonly from: string | null
  readonly to: ReadonlyArray<string>
  readonly created_at: string
  readonly delivery: DeliveryState
}

export interface RuleView {
  /** Kinds of notices that the rule covers; null, as below, means all. */
  readonly kinds: ReadonlyArray<typeof NoticeKindName.Type> | null
  readonly severities: ReadonlyArray<(typeof SEVERITIES)[number]> | null
  readonly channels: ReadonlyArray<string> | null
  readonly destinations: ReadonlyArray<string> | null
  readonly resolved: boolean
}

export interface RulesView {
  readonly rules: ReadonlyArray<RuleView>
  readonly output_down_after_s: number
  readonly group_wait_s: number
  readonly group_interval_s: number
  readonly repeat_minutes: number
}

/** A mute as it is stored. */
export interface Mute {
  readonly id: string
  /** Slug of the channel, and below, of the output; null means all. */
  readonly channel: string | null
  readonly output: string | null
  /** When it begins, and below, when it is over for good, ISO 8601. */
  readonly starts: string
  readonly until: string
  /** Between the two it mutes in these windows only; null: all the time. */
  readonly repeats: MuteRepeats | null
  /** Why, as people say it; null where nobody said so. */
  readonly reason: string | null
  readonly by: string
  readonly created_at: string
}

/** A mute as it is kept. It goes by UUIDs, or it would mute what gets the name of something removed. */
export interface KeptMute extends Mute {
  /** Null means all, or, below a name, a mute of an older version, which goes by the name. */
  readonly channel_id: string | null
  readonly output_id: string | null
}

export interface MuteView extends Mute {
  /** True while it mutes. */
  readonly active: boolean
  /** While it mutes, when it stops to; else when it does so next, ISO 8601; null when it never does again. */
  readonly next_at: string | null
}

/** Body of `POST /api/notifications/acknowledge`: the notices that are seen, or all that are open. */
export const AcknowledgeInput = Schema.Struct({
  keys: Schema.optional(Schema.Array(text(400)).pipe(Schema.minItems(1), Schema.maxItems(1000))),
  all: Schema.optional(Schema.Literal(true)),
})
export type AcknowledgeInput = typeof AcknowledgeInput.Type

export interface NoticeView {
  readonly id: string
  readonly key: string
  readonly kind: typeof NoticeKindName.Type
  readonly severity: (typeof SEVERITIES)[number]
  readonly state: "open" | "resolved"
  readonly channel: string | null
  readonly channel_name: string | null
  readonly output: string | null
  readonly output_name: string | null
  readonly message: string
  readonly opened_at: string
  readonly resolved_at: string | null
  readonly acknowledged_at: string | null
  readonly acknowledged_by: string | null
  /** End of the longest mute that covers the notice now. */
  readonly muted_until: string | null
  /** When anybody was last told of the notice. */
  readonly notified_at: string | null
}

/** Result of a test message. */
export interface TestAnswer {
  readonly ok: boolean
  /** The other side's words, or the reason why there are none. */
  readonly answer: string
  readonly took_ms: number
}
