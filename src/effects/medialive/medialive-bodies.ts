/** What the API takes of MediaLive, and what it shows. */
import { Schema } from "effect"
import { LEAST_IDLE_MINUTES } from "../../core/medialive/auto.ts"
import type { Check } from "../../core/medialive/checks.ts"
import type { ChannelDraft } from "../../core/medialive/draft.ts"
import type { MediaLiveLifecycle } from "../../core/medialive/lifecycle.ts"
import type { MediaLiveState } from "../../core/medialive/model.ts"
import type { PricedLine } from "../../core/medialive/price-list.ts"
import type { ValueToType } from "../../core/medialive/values.ts"
import type { Look } from "../../core/medialive/where-to-look.ts"
import { matches } from "../config/pattern.ts"
import { text, verbatim } from "../config/texts.ts"

const Region = text(32).pipe(matches(/^[a-z]{2}(?:-[a-z]+)+-\d+$/, "must be a region such as eu-west-1"))
const RoleArn = text(2048).pipe(
  matches(/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/, "must be a role's ARN, as in arn:aws:iam::123456789012:role/NAME"),
)
const AccessKeyId = text(128).pipe(matches(/^\w{16,128}$/, "must be an access key id, as in AKIA..."))
const Host = text(253).pipe(matches(/^[A-Za-z0-9.:[\]-]+$/, "must be an address or a host name"))

/** Body of `PUT /api/medialive/connection`: what is left out stays, null takes it away. */
export const ConnectionInput = Schema.Struct({
  region: Schema.optional(Schema.NullOr(Region)),
  role_arn: Schema.optional(Schema.NullOr(RoleArn)),
  access_key_id: Schema.optional(Schema.NullOr(AccessKeyId)),
  secret_access_key: Schema.optional(Schema.NullOr(verbatim(256))),
  addresses: Schema.optional(Schema.NullOr(Schema.Array(Host).pipe(Schema.maxItems(20)))),
  egress_usd_per_gb: Schema.optional(Schema.NullOr(Schema.Number.pipe(Schema.between(0, 100)))),
})
export type ConnectionInput = typeof ConnectionInput.Type

/** Body of `PUT /api/medialive/channels/{id}/auto`. */
export const AutoInput = Schema.Struct({
  enabled: Schema.Boolean,
  idle_minutes: Schema.optional(Schema.Int.pipe(Schema.between(LEAST_IDLE_MINUTES, 1440))),
  lead_minutes: Schema.optional(Schema.Int.pipe(Schema.between(0, 60))),
})
export type AutoInput = typeof AutoInput.Type

/** The connection to AWS, its secret left out. */
export interface ConnectionView {
  /** Null while none is set, in which case nothing is asked. */
  readonly region: string | null
  /** `stored` or `environment`: where the region comes from. */
  readonly region_from: "stored" | "environment" | null
  readonly role_arn: string | null
  readonly access_key_id: string | null
  /** `***` when there is one. */
  readonly secret_access_key: string | null
  /** Where MediaLive reaches this machine, as set; empty for the machine's own addresses. */
  readonly addresses: ReadonlyArray<string>
  readonly addresses_in_use: ReadonlyArray<string>
  readonly egress_usd_per_gb: number | null
  /** Where the keys in use come from, in words; null before the first request. */
  readonly signed_in_by: string | null
  readonly policies: { readonly read: string; readonly control: string }
}

export interface ConnectionTest {
  readonly ok: boolean
  /** What was tried, each with what came of it. */
  readonly steps: ReadonlyArray<{
    readonly action: string
    /** `unknown`: it was not tried, since trying would change something or there is nothing to try it on. */
    readonly outcome: "ok" | "failed" | "unknown"
    readonly message: string
  }>
  /** Permissions that are missing. */
  readonly missing: ReadonlyArray<string>
}

export interface FeedView {
  readonly channel: string
  readonly channel_name: string
  readonly source: "primary" | "backup"
  readonly pipeline: number
  readonly url: string
}

export interface PriceView {
  /** USD an hour by list prices; null where none is known. */
  readonly usd_per_hour: number | null
  /** Inputs and outputs whose price is not known, and which the sum leaves out. */
  readonly unknown_lines: number
  readonly from: "aws" | "table"
  readonly region: string
  /** Date of the prices. */
  readonly as_of: string
  readonly lines: ReadonlyArray<PricedLine>
}

export interface AutoView {
  readonly enabled: boolean
  readonly idle_minutes: number
  readonly lead_minutes: number
  /** True while an output that it feeds is on, or a schedule asks for it. */
  readonly wanted: boolean
  /** What is done about it, in words; null while it is switched off. */
  readonly doing: string | null
  readonly stops_at: string | null
}

export interface AlertView {
  readonly type: string
  readonly pipeline: number | null
  readonly message: string
  readonly since: string | null
}

export interface MediaLiveChannelView {
  readonly id: string
  readonly name: string
  readonly state: MediaLiveState
  readonly lifecycle: MediaLiveLifecycle
  readonly channel_class: "STANDARD" | "SINGLE_PIPELINE"
  readonly pipelines: number
  readonly pipelines_running: number
  /** Null where nobody has asked yet, or may not. */
  readonly active_alerts: number | null
  readonly feeds: ReadonlyArray<FeedView>
  /** Where else it sends to. */
  readonly elsewhere: ReadonlyArray<string>
  readonly auto: AutoView
  /** Null until it has been described. */
  readonly price: PriceView | null
  /** Outputs of ours that carry nothing without it. */
  readonly outputs_fed: number
}

export interface MediaLiveListView {
  readonly region: string | null
  /** Why AWS does not answer, or refuses; null when all is well. */
  readonly problem: string | null
  /** When the channels were listed last; null when they never were. */
  readonly at: string | null
  /** Seconds since then where that is too long; null while the list is fresh. */
  readonly stale_s: number | null
  /** Permissions that AWS says are missing, each with what does not work without it. */
  readonly missing_permissions: ReadonlyArray<{ readonly action: string; readonly without: string }>
  readonly channels: ReadonlyArray<MediaLiveChannelView>
}

export interface MediaLiveOutputView {
  readonly name: string
  readonly group: string
  readonly kind: "udp" | "srt" | "other"
  readonly destinations: ReadonlyArray<{
    readonly pipeline: number
    readonly url: string
    readonly feeds: string | null
  }>
  /** A channel of ours that takes it; null for outputs that cannot come here. */
  readonly draft: ChannelDraft | null
  readonly notes: ReadonlyArray<string>
}

export interface FigureView {
  readonly metric: string
  readonly words: string
  readonly unit: string
  readonly pipeline: number
  readonly points: ReadonlyArray<readonly [number, number]>
}

export interface MediaLiveDetailView extends MediaLiveChannelView {
  readonly arn: string
  readonly problem: string | null
  readonly at: string | null
  readonly stale_s: number | null
  readonly described_at: string | null
  readonly alerts: ReadonlyArray<AlertView>
  readonly outputs: ReadonlyArray<MediaLiveOutputView>
  readonly checks: ReadonlyArray<Check>
  readonly figures: ReadonlyArray<FigureView>
}

/** MediaLive beside one leg of ours. */
export interface BesideView {
  readonly id: string
  readonly name: string
  readonly state: MediaLiveState
  readonly lifecycle: MediaLiveLifecycle
  readonly pipeline: number
  readonly source: "primary" | "backup"
  readonly alerts: ReadonlyArray<AlertView>
  readonly at: Look["at"]
  /** Which side is to be looked at, and what to look at there. */
  readonly sentence: string
  readonly figures: ReadonlyArray<FigureView>
}

/** What there is of MediaLive for a channel of ours. */
export interface ChannelMediaLiveView {
  readonly channel: string
  readonly stale_s: number | null
  readonly beside: ReadonlyArray<BesideView>
  /** What to type into MediaLive so that it feeds the channel. */
  readonly values: ReadonlyArray<ValueToType>
}

export interface CostsView {
  /** As in `2026-11`, of UTC. */
  readonly month: string
  /** What these figures are, in words. */
  readonly note: string
  readonly medialive: ReadonlyArray<{
    readonly id: string
    readonly name: string
    readonly runs: number
    readonly hours: number
    readonly usd: number | null
    /** Hours of runs whose price was not known, which `usd` leaves out. */
    readonly hours_without_price: number
    /** Hours of which `usd` holds a part alone: some inputs or outputs had no price. */
    readonly hours_in_part: number
  }>
  readonly egress: ReadonlyArray<{
    readonly channel: string
    readonly gigabytes: number
    readonly usd: number | null
  }>
}
