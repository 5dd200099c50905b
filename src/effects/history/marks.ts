/** Marks on plots: the events and cues that are recorded anyway. */
import { Effect } from "effect"
import type { CueView, StoredCueKind } from "../model/cue.ts"
import type { StoreError } from "../model/Errors.ts"
import type { ChannelEventView, EventKind } from "../model/event.ts"
import type { CueLogService } from "../store/CueLog.ts"
import type { EventLogService } from "../store/EventLog.ts"
import type { HistoryMark } from "./history-model.ts"

/** Most events drawn, and below, cues, the latest ones; more lines would hide the plot. */
const MAX_EVENTS = 200
const MAX_CUES = 200

const OF_EVENTS: Partial<Record<EventKind, HistoryMark["kind"]>> = {
  switched: "switch",
  output_failed: "output_lost",
  output_waiting: "output_lost",
  engine_back: "restart",
  started: "restart",
}
const KINDS = Object.keys(OF_EVENTS) as ReadonlyArray<EventKind>
const OF_CUES: Partial<Record<StoredCueKind, HistoryMark["kind"]>> = { out: "cue_out", in: "cue_in" }

const ofEvent = ({ at, kind, message, output }: ChannelEventView): ReadonlyArray<HistoryMark> => {
  const mark = KINDS.find((one) => one === kind)
  const shown = mark === undefined ? undefined : OF_EVENTS[mark]
  return shown === undefined
    ? []
    : [{ at: Date.parse(at) / 1000, kind: shown, label: output === null ? message : `${output}: ${message}` }]
}
const ofCue = ({ at, description, kind }: CueView): HistoryMark => ({
  at: Date.parse(at) / 1000,
  kind: OF_CUES[kind] ?? "cue",
  label: description,
})

/** Marks, oldest first, and whether there are more than are read, of which these are the last ones. */
export interface Marks {
  readonly marks: ReadonlyArray<HistoryMark>
  readonly more: boolean
}

/**
 * The marks of a channel since a time, and before another one, both in ms since 1970; of what happened to outputs those
 * of `output` alone, when that is given.
 */
export const readMarks = (
  events: Pick<EventLogService, "list">,
  cues: Pick<CueLogService, "list">,
  channelId: string,
  sinceMs: number,
  untilMs?: number,
  output?: string,
): Effect.Effect<Marks, StoreError> =>
  Effect.zipWith(
    events.list(channelId, { limit: MAX_EVENTS, sinceMs, untilMs, kinds: KINDS }),
    cues.list(channelId, { limit: MAX_CUES, sinceMs, untilMs }),
    (happened, sent) => ({
      marks: [
        ...happened
          .filter((one) => output === undefined || one.output === null || one.output === output)
          .flatMap(ofEvent),
        ...sent.map(ofCue),
      ].sort((a, b) => a.at - b.at),
      more: happened.length === MAX_EVENTS || sent.length === MAX_CUES,
    }),
  )
