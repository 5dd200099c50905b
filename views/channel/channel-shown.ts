/** Data from which the parts of a channel's page are rendered. */

import type { LogLine } from "../../src/effects/config/log-lines.ts"
import type { ChangeEntry } from "../../src/effects/declarative/change-rows.ts"
import type { ChannelView, CueView } from "../../src/effects/model/channel.ts"
import type { ChannelEventView } from "../../src/effects/model/event.ts"
import type { Muting } from "../../src/effects/notifications/mute.ts"
import type { WorstOf } from "../../src/effects/show/worst-of.ts"
import type { LogChoice } from "../system/LogRow.tsx"
import type { PlacementOnPage } from "./PlacementSection.tsx"
import type { Steady } from "./steady.ts"

export interface ChannelShown {
  readonly channel: ChannelView
  /** Its worst, and how that is shown. */
  readonly worst: WorstOf
  readonly worstState: { readonly is: string; readonly text: string }
  /** Slug of the output that is shown beside the table; undefined for none. */
  readonly selected: string | undefined
  /** What happened to that output, newest first. */
  readonly outputEvents: ReadonlyArray<ChannelEventView>
  /** Who changed what about the channel, newest first; none where it is not shown. */
  readonly changes: ReadonlyArray<ChangeEntry>
  /** Newest first. */
  readonly cues: ReadonlyArray<CueView>
  /** Newest first. */
  readonly events: ReadonlyArray<ChannelEventView>
  /** Last lines of the log about the channel that pass `level`, newest first. */
  readonly log: ReadonlyArray<LogLine>
  /** Level of the log that the reader asked for; undefined means all lines. */
  readonly level: LogChoice | undefined
  /** Time of the rendering, in milliseconds since 1970. */
  readonly now: number
  /** Origin in the reader's browser, e.g. `http://203.0.113.5:8080`. */
  readonly origin: string
  /** Until when the channel's and its outputs' notices are told to nobody. */
  readonly muting: Muting
  /** False for readers whose buttons would be refused. */
  readonly mayAct: boolean
  /** True for readers who may capture datagrams: admins. */
  readonly mayCapture: boolean
  /** MediaLive beside the legs; null without it. */
  readonly beside: Region["items"] | null
  readonly steady: Steady
  /** Where it runs; undefined on a single machine, which shows nothing of it. */
  readonly placement?: PlacementOnPage | undefined
}

/** An element of the page whose children are kept up to date one by one; `LiveRegion` of the HTTP side. */
export interface Region {
  readonly id: string
  readonly items: ReadonlyArray<{ readonly id: string; readonly html: string }>
}

export const pathOf = ({ slug }: Pick<ChannelView, "slug">): string => `/channels/${encodeURIComponent(slug)}`

/** The time `seconds` ago as ISO 8601, unchanged from one rendering to the next. */
export const since = ({ now, steady }: ChannelShown, name: string, seconds: number): string =>
  new Date(steady(name, now - seconds * 1000)).toISOString()
