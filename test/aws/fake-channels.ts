/** Channels of the stand-in for MediaLive: their states take time, as those of real ones do. */
import { type AnswerOptions, describedAnswer } from "../../src/core/medialive/testing/answers.ts"

export interface FakeAlert {
  readonly id: string
  readonly alertType: string
  readonly pipelineId: string
  readonly message: string
}

interface Change {
  readonly state: string
  /** Unix ms. */
  readonly at: number
}

export class FakeChannel {
  options: AnswerOptions
  alerts: ReadonlyArray<FakeAlert> = []
  /** Pipelines that run; null for all of the channel's class. */
  running: number | null = null
  /** Time to start and to stop, in ms. */
  transitionMs: number
  #next: Change | null = null
  #state: string
  readonly #now: () => number

  constructor(options: AnswerOptions, now: () => number, transitionMs: number) {
    this.options = options
    this.transitionMs = transitionMs
    this.#now = now
    this.#state = options.state ?? "IDLE"
  }

  get id(): string {
    return this.options.id ?? "1001"
  }

  get state(): string {
    if (this.#next !== null && this.#now() >= this.#next.at) {
      this.#state = this.#next.state
      this.#next = null
    }
    return this.#state
  }

  set state(state: string) {
    this.#state = state
    this.#next = null
  }

  get pipelines(): number {
    if (!["RUNNING", "STOPPING"].includes(this.state)) return 0
    return this.running ?? (this.options.channelClass === "SINGLE_PIPELINE" ? 1 : 2)
  }

  go(by: string, to: string): void {
    this.#state = by
    this.#next = { state: to, at: this.#now() + this.transitionMs }
  }

  answer() {
    return describedAnswer({ ...this.options, state: this.state, pipelinesRunningCount: this.pipelines })
  }
}
