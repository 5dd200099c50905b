/**
 * Counters that the control plane itself keeps for a channel and its outputs. They last as long as the configuration,
 * so stopping and starting them loses nothing. Plain fields.
 */
import { END_REASONS, type EndReason } from "./end-reason.ts"

/** Why the stream switched to the other leg; all but `WANTED_SWITCHES` are failovers. */
export const SWITCH_REASONS = [
  "no_packets",
  "null_packets",
  "sync_loss",
  "no_pat",
  "no_pmt",
  "continuity",
  "closed",
  "merge_ended",
  "merged",
  "operator",
  "failback",
  "restart",
  "settings",
  "other",
] as const
export type SwitchReason = (typeof SWITCH_REASONS)[number]

/** `command` and `type` of cues that are shown from the start, at 0; others when the first one comes. */
export const USUAL_CUES = [
  "splice_insert out",
  "splice_insert in",
  "splice_insert cancel",
  "time_signal out",
  "time_signal in",
  "time_signal cancel",
  "time_signal start",
  "time_signal end",
  "time_signal point",
  "time_signal other",
] as const

const zeros = <const K extends string>(names: ReadonlyArray<K>) =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>

export interface OutputTally {
  /** Number of connections made. */
  connects: number
  /** Number of connections that ended by themselves, by reason. */
  readonly lost: Record<EndReason, number>
  /** Number of attempts that made no connection, by reason. */
  readonly failed: Record<EndReason, number>
  /** Number of cues that the output sent, and below, missed; heartbeats and repetitions are not counted. */
  cuesSent: number
  cuesMissed: number
  /** Number of cues sent that the receivers acknowledged; only of SRT on our own stack. */
  cuesAcknowledged: number
}

export interface ChannelTally {
  sections: number
  crcErrors: number
  /** Number of cues by `command type`. */
  readonly cues: Map<string, number>
  /** Unix time in ms. */
  lastCueAt: number | null
  readonly switches: Record<SwitchReason, number>
  readonly outputs: Map<string, OutputTally>
}

export const newOutputTally = (): OutputTally => ({
  connects: 0,
  lost: zeros(END_REASONS),
  failed: zeros(END_REASONS),
  cuesSent: 0,
  cuesMissed: 0,
  cuesAcknowledged: 0,
})

export const newChannelTally = (): ChannelTally => ({
  sections: 0,
  crcErrors: 0,
  cues: new Map(USUAL_CUES.map((name) => [name, 0])),
  lastCueAt: null,
  switches: zeros(SWITCH_REASONS),
  outputs: new Map(),
})

const isSwitchReason = (reason: string): reason is SwitchReason => SWITCH_REASONS.some((known) => known === reason)

export const countSwitch = ({ switches }: ChannelTally, reason: string): void => {
  switches[isSwitchReason(reason) ? reason : "other"]++
}

/** Counts a cue. Both words come from closed sets: core's names of commands and kinds. */
export const countCue = (tally: ChannelTally, command: string, kind: string, atMs: number): void => {
  const name = `${command} ${kind}`
  tally.cues.set(name, (tally.cues.get(name) ?? 0) + 1)
  tally.lastCueAt = atMs
}

/** The tally of an output; a new one when there is none. */
export const outputTally = ({ outputs }: ChannelTally, id: string): OutputTally => {
  const known = outputs.get(id) ?? newOutputTally()
  outputs.set(id, known)
  return known
}
