/** State of a started channel beyond its configuration and the engine's figures. Plain fields, read by views. */
import { DEFAULT_BREAK_POLICY } from "../../../core/scte35/break-state.ts"
import type { Ingest } from "../../config/ingest.ts"
import type { OutputStatus, SourceName } from "../../model/channel.ts"
import type { NotedAlarms } from "./alarms.ts"
import { newScte35Runtime, type Scte35Runtime } from "./scte35-runtime.ts"
import { type ChannelTally, newChannelTally, newOutputTally, type OutputTally } from "./tally.ts"

export interface OutputRuntime {
  status: OutputStatus
  session: string | null
  lastError: string | null
  errorCount: number
  reconnects: number
  everConnected: boolean
  /** Monotonic ms since which a listener has waited for receivers; null while it has one, and for any other output. */
  listeningSinceMs: number | null
  /** Unix time in ms of the next attempt. */
  nextRetryAt: number | null
  /** True while its session is being closed for good. */
  stopping: boolean
  /** Starts the next attempt at once, as the first of a series; null unless an attempt is pending. */
  tryAgain: (() => void) | null
  /** What is counted for good. */
  readonly tally: OutputTally
}

export interface ChannelRuntime {
  /** Monotonic ms when the channel was started, or when its input last arrived. */
  lastInputMs: number
  /** The leg in use, or the one the operator asked for; a restarted engine is told again. */
  source: SourceName
  /** What its SRT inputs have of the ingest port, by the settings of the service. */
  readonly ingest: Ingest | null
  /** Why the engine does not take the channel. */
  refused: string | null
  /** Socket problem of each leg as reported by the engine's events, ahead of the next figures. */
  readonly legProblems: Map<SourceName, string>
  scte35Pids: ReadonlyArray<number>
  readonly scte35: Scte35Runtime
  /** Status as last logged. */
  logged: string
  /** True from the record that input is missing until the record that it is back. */
  toldNoInput: boolean
  noted: NotedAlarms
  /** What the engine last said of legs that differ; null once they merge. */
  legsDiffer: string | null
  readonly outputs: Map<string, OutputRuntime>
  /** What is counted for good. */
  readonly tally: ChannelTally
}

export const newOutputRuntime = (tally = newOutputTally()): OutputRuntime => ({
  status: "connecting",
  session: null,
  lastError: null,
  errorCount: 0,
  reconnects: 0,
  everConnected: false,
  listeningSinceMs: null,
  nextRetryAt: null,
  stopping: false,
  tryAgain: null,
  tally,
})

export const newChannelRuntime = (
  nowMs: number,
  policy = DEFAULT_BREAK_POLICY,
  tally = newChannelTally(),
  ingest: Ingest | null = null,
): ChannelRuntime => ({
  lastInputMs: nowMs,
  source: "primary",
  ingest,
  refused: null,
  legProblems: new Map(),
  scte35Pids: [],
  scte35: newScte35Runtime(policy, nowMs),
  logged: "starting",
  toldNoInput: false,
  noted: new Map(),
  legsDiffer: null,
  outputs: new Map(),
  tally,
})
