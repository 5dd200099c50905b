/** What `/metrics` shows of MediaLive. */
import type { MediaLiveLifecycle } from "../../core/medialive/lifecycle.ts"
import type { RequestOutcome } from "./aws/pacer.ts"

export interface MediaLiveChannelFigures {
  readonly id: string
  readonly name: string
  readonly lifecycle: MediaLiveLifecycle
  readonly pipelines: number
  readonly pipelinesRunning: number
  /** Null while not known. */
  readonly activeAlerts: number | null
  /** Seconds that it ran, over all the time that runs are kept. */
  readonly runningSeconds: number
  readonly usdPerHour: number | null
  readonly wanted: boolean
  readonly auto: boolean
  /** Legs of ours that it feeds. */
  readonly feeds: ReadonlyArray<{
    readonly channel: string
    readonly source: "primary" | "backup"
    readonly pipeline: number
  }>
}

export interface MediaLiveFigures {
  /** True while AWS answers; null while no connection is set. */
  readonly up: boolean | null
  /** Unix ms; null for never. */
  readonly lastAnswerAt: number | null
  readonly requests: Readonly<Record<RequestOutcome, number>>
  readonly channels: ReadonlyArray<MediaLiveChannelFigures>
}
