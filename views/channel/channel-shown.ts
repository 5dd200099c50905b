/** What the parts of a channel's page are made from. */

import type { LogLine } from "../../src/effects/config/log-lines.ts"
import type { ChannelEventView, ChannelView, CueView } from "../../src/effects/model/channel.ts"
import type { LogChoice } from "../system/LogRow.tsx"
import type { Steady } from "./steady.ts"

export interface ChannelShown {
  readonly channel: ChannelView
  /** Newest first. */
  readonly cues: ReadonlyArray<CueView>
  /** Newest first. */
  readonly events: ReadonlyArray<ChannelEventView>
  /** The last lines of the log about it that pass `level`, newest first. */
  readonly log: ReadonlyArray<LogLine>
  /** What the reader wants to see of the log; all of it when undefined. */
  readonly level: LogChoice | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  /** As the reader's browser has it, `http://203.0.113.5:8080`. */
  readonly origin: string
  /** False for readers whose buttons would be refused. */
  readonly mayAct: boolean
  readonly steady: Steady
}

/** Elements of the page that are kept up to date one by one; `LiveRegion` of the HTTP side. */
export interface Region {
  readonly id: string
  readonly items: ReadonlyArray<{ readonly id: string; readonly html: string }>
}

export const pathOf = ({ slug }: Pick<ChannelView, "slug">): string => `/channels/${encodeURIComponent(slug)}`

/** The time that lies `seconds` back, as ISO 8601, the same each time it is asked for. */
export const since = ({ now, steady }: ChannelShown, name: string, seconds: number): string =>
  new Date(steady(name, now - seconds * 1000)).toISOString()
