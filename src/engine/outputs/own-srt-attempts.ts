/** A receiver of ours that is called again whenever it cannot be reached or has gone. */
import { countFailure, retryDelayMs } from "../../core/settings/retry-delay.ts"
import type { CapturePoint } from "../captures/datagram-capture.ts"
import type { Reason } from "../protocol/messages.ts"
import type { OwnConnection } from "../srt/own/connection.ts"
import type { OwnSrtCall } from "./own-srt-call.ts"

export class OwnSrtAttempts {
  readonly #makeCall: () => OwnSrtCall
  readonly #onEnd: (connection: OwnConnection) => void
  #call: OwnSrtCall
  #address: string | null = null
  #failures = 0
  #reason: Reason | null = null
  /** When it is called again, in µs; null while it is being called or is there. */
  #againUs: number | null = null

  /** Calls at once. `onEnd` is told of each connection that is over. */
  constructor(makeCall: () => OwnSrtCall, onEnd: (connection: OwnConnection) => void) {
    this.#makeCall = makeCall
    this.#onEnd = onEnd
    this.#call = makeCall()
  }

  /** The connection, while there is one. */
  get connection(): OwnConnection | null {
    return this.#call.life.connected ? this.#call.connection : null
  }

  /** Where the packets of the call that is made pass. */
  get capturePoints(): ReadonlyArray<CapturePoint> {
    return this.#call.capturePoints
  }

  get state(): "connecting" | "connected" | "waiting" {
    return this.#againUs !== null ? "waiting" : this.#call.life.connected ? "connected" : "connecting"
  }

  /** Why the last attempt or connection ended; null once it is connected, and before anything has ended. */
  get reason(): Reason | null {
    return this.#reason
  }

  /** Where it was last called, as `ip:port`; null before the first answer about its name. */
  get address(): string | null {
    return this.#address
  }

  poll(nowUs: number): void {
    const { life } = this.#call
    if (this.#againUs !== null) {
      if (nowUs < this.#againUs) return
      this.#againUs = null
      this.#call = this.#makeCall()
      return
    }
    this.#call.poll(nowUs)
    this.#address = life.figures.address ?? this.#address
    if (life.connected) this.#reason = null
    if (!life.ended) return
    const { connection } = this.#call
    const connectedMs = connection === null ? 0 : Date.now() - connection.connectedAt
    if (connection !== null) this.#onEnd(connection)
    this.#reason = life.reason
    this.#failures = countFailure(this.#failures, connectedMs)
    const delayMs = retryDelayMs(this.#failures, life.reason?.transient !== false, Math.random())
    this.#againUs = nowUs + delayMs * 1000
  }

  /** Ends the call or the connection for good. */
  close(): void {
    this.#call.life.close()
  }
}
