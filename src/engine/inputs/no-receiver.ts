/** Stands for the receiver of a leg that cannot be received at all until somebody changes something. */
import type { Reason } from "../protocol/messages.ts"
import type { LegReceiver, ReceiverFacts, ReceiverHost } from "./leg-receiver.ts"

export class NoReceiver implements LegReceiver {
  readonly fd = -1
  readonly srtSocket = -1
  readonly open = false
  readonly hasMore = false
  readonly arrival = "nowhere"
  readonly problem: Reason
  readonly #host: ReceiverHost
  #told = false

  constructor(host: ReceiverHost, problem: Reason) {
    this.#host = host
    this.problem = problem
  }

  configure(): void {}

  poll(): void {
    if (!this.#told) this.#host.say("failed", this.problem.message)
    this.#told = true
  }

  receive(): number {
    return 0
  }

  facts(): ReceiverFacts {
    return { kernelDrops: 0, rcvbufGranted: 0, warnings: [], fecOffered: false, srt: null }
  }

  close(): void {}
}
