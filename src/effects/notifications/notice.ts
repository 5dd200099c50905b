/**
 * A notice as it is stored and told: what is or was wrong with a channel, an output or the service, from when to when.
 */
import type { Named } from "./conditions.ts"
import type { NoticeKind, NoticeSeverity } from "./notice-kinds.ts"

/** One occurrence of something that people are told of. */
export interface Notice {
  /** The UUID of this occurrence. */
  readonly id: string
  /** Kind, channel and output in one text: equal each time the same thing happens to the same channel and output. */
  readonly key: string
  readonly kind: NoticeKind
  readonly severity: NoticeSeverity
  readonly channel: Named | null
  readonly output: Named | null
  readonly message: string
  /** Unix time in ms. */
  readonly openedAt: number
  /** Null while it is open. */
  readonly resolvedAt: number | null
  /** True when it ended because the channel or output was stopped or removed. */
  readonly stopped: boolean
  readonly acknowledged: { readonly by: string; readonly at: number } | null
  /** Unix time in ms when it was last told; null when it never was. */
  readonly toldAt: number | null
}

/** Which news about a notice a message brings. */
export type Telling = "opened" | "resolved" | "repeated"
/** A piece of news about a notice. */
export interface Told {
  readonly telling: Telling
  readonly notice: Notice
}
