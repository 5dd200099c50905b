/**
 * Kinds of notices, a closed list. A condition must hold for a while before its notice opens, and be gone for a while
 * before it ends.
 */
import { Schema } from "effect"

export interface NoticeKindInfo {
  readonly severity: "warning" | "critical"
  /** Words for what happened, to follow "News: ..." and "News, output CDN: ...". */
  readonly words: string
  /** Words for the end, once the condition is over. */
  readonly over: string
  /** ms for which the condition must hold before the notice opens; for `output_down` the rules say how long. */
  readonly openMs: number
  /** ms for which the condition must be gone before the notice ends; if it returns sooner, it stays one notice. */
  readonly resolveMs: number
  /** True for a moment rather than a state: that it is over is no news. */
  readonly moment: boolean
}

const state = (
  severity: NoticeKindInfo["severity"],
  words: string,
  over: string,
  openMs: number,
  resolveMs: number,
): NoticeKindInfo => ({
  severity,
  words,
  over,
  openMs,
  resolveMs,
  moment: false,
})
/** A kind that is a moment. How long it is shown is decided where it is seen (`happenings.ts`, `scte35-runtime.ts`). */
const moment = (severity: NoticeKindInfo["severity"], words: string): NoticeKindInfo => ({
  severity,
  words,
  over: `${words}: over`,
  openMs: 0,
  resolveMs: 0,
  moment: true,
})

export const NOTICE_KINDS = {
  input_lost: state("critical", "no input", "the input is back", 1000, 5000),
  input_bad: state("critical", "the input is not usable", "the input is usable again", 2000, 5000),
  redundancy_lost: state("warning", "redundancy lost", "redundancy is back", 2000, 5000),
  legs_differ: state("warning", "the inputs differ", "the inputs agree again", 2000, 5000),
  source_switched: moment("warning", "the source was switched"),
  kernel_drops: state("warning", "the kernel drops packets", "the kernel drops no packets any more", 0, 0),
  output_down: state("critical", "down", "up again", 15_000, 3000),
  output_flapping: state("warning", "connects again and again", "stays connected", 0, 0),
  output_drops: state("warning", "loses packets: it cannot take them all", "takes all packets again", 0, 0),
  cue_missed: moment("warning", "SCTE-35 cue missed"),
  short_preroll: moment("warning", "SCTE-35 cue came late"),
  missing_return: state("warning", "an ad break did not end", "the ad break is over", 0, 0),
  overlong_break: state("warning", "an ad break lasts too long", "the ad break is over", 0, 0),
  scte35_crc: state("warning", "damaged SCTE-35 sections", "no more damaged SCTE-35 sections", 0, 0),
  scte35_silent: state("warning", "no SCTE-35 cues", "SCTE-35 cues come again", 0, 0),
  engine_lost: state("critical", "the engine is not connected", "the engine is connected again", 3000, 3000),
  medialive_pipeline: state(
    "warning",
    "a pipeline of MediaLive does not run",
    "all pipelines of MediaLive run",
    30_000,
    10_000,
  ),
  medialive_alert: state("warning", "MediaLive has an alert", "MediaLive has no alert any more", 30_000, 10_000),
  medialive_refused: state(
    "critical",
    "MediaLive cannot be started or stopped",
    "MediaLive does as it is asked",
    0,
    10_000,
  ),
  medialive_unreachable: state("warning", "AWS does not answer", "AWS answers again", 120_000, 10_000),
  store_problem: state("critical", "the store fails", "the store works again", 10_000, 10_000),
} as const satisfies Record<string, NoticeKindInfo>

export type NoticeKind = keyof typeof NOTICE_KINDS
export const KIND_NAMES = Object.keys(NOTICE_KINDS) as ReadonlyArray<NoticeKind>
export const NoticeKindName = Schema.Literal(...(KIND_NAMES as [NoticeKind, ...Array<NoticeKind>]))
export const SEVERITIES = ["warning", "critical"] as const
export type NoticeSeverity = (typeof SEVERITIES)[number]

export const kindInfo = (kind: NoticeKind): NoticeKindInfo => NOTICE_KINDS[kind]
/** True for kinds about the service itself, which are seen even while nothing is known about the channels. */
export const isOfService = (kind: NoticeKind): boolean =>
  kind === "engine_lost" || kind === "store_problem" || kind === "medialive_unreachable"
