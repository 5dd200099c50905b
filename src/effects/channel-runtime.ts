/** What is known of a started channel beside its configuration and the engine's figures. Plain fields, read by views. */
import type { NotedAlarms } from "./alarms.ts"
import type { OutputStatus, SourceName } from "./model.ts"

export interface OutputRuntime {
  status: OutputStatus
  session: string | null
  lastError: string | null
  errorCount: number
  reconnects: number
  everConnected: boolean
  /** Unix time in ms of the next attempt. */
  nextRetryAt: number | null
}

export interface ChannelRuntime {
  /** Monotonic ms when the channel was started, or when its input last arrived. */
  lastInputMs: number
  /** Source in use, or asked for by the operator; told again to an engine that was restarted. */
  source: SourceName
  /** Why the engine does not take the channel. */
  refused: string | null
  /** Socket problem of each leg as the engine's events told it, ahead of the next figures. */
  readonly legProblems: Map<SourceName, string>
  scte35Pids: ReadonlyArray<number>
  scte35Sections: number
  /** Status as last logged. */
  logged: string
  /** True once a lack of input was recorded and not yet its end. */
  toldNoInput: boolean
  noted: NotedAlarms
  /** What the engine last said of legs that differ; null once they merge. */
  legsDiffer: string | null
  readonly outputs: Map<string, OutputRuntime>
}

export const newOutputRuntime = (): OutputRuntime => ({
  status: "connecting",
  session: null,
  lastError: null,
  errorCount: 0,
  reconnects: 0,
  everConnected: false,
  nextRetryAt: null,
})

export const newChannelRuntime = (nowMs: number): ChannelRuntime => ({
  lastInputMs: nowMs,
  source: "primary",
  refused: null,
  legProblems: new Map(),
  scte35Pids: [],
  scte35Sections: 0,
  logged: "starting",
  toldNoInput: false,
  noted: new Map(),
  legsDiffer: null,
  outputs: new Map(),
})
