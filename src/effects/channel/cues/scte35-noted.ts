/**
 * Channel and moment that each step of the SCTE-35 watch is given, and what it notes: events to record, lines to log.
 */
import type { OutputConfig } from "../../model/channel.ts"
import type { NewCue } from "../../model/cue.ts"
import type { Happening } from "../../model/event.ts"
import type { CueEntry } from "../../store/CueLog.ts"
import type { ChannelRuntime } from "../runtime/channel-runtime.ts"

export interface Scte35Moment {
  readonly monotonicMs: number
  /** Unix time in ms. */
  readonly nowMs: number
}

export interface Scte35Channel {
  readonly id: string
  readonly runtime: ChannelRuntime
  readonly outputs: ReadonlyArray<OutputConfig>
  readonly keepCue: (cue: NewCue) => CueEntry
}

export interface Scte35Noted {
  readonly events: ReadonlyArray<Happening>
  readonly lines: ReadonlyArray<{ readonly kind: string; readonly message: string; readonly warn: boolean }>
}

export const NOTHING: Scte35Noted = { events: [], lines: [] }

/** Joins what several steps noted, in their order. */
export const join = (...all: ReadonlyArray<Scte35Noted>): Scte35Noted => ({
  events: all.flatMap(({ events }) => events),
  lines: all.flatMap(({ lines }) => lines),
})
