/** SRT caller output on our own stack: one connection, made once; the control plane decides about the next attempt. */
import type { SlotReceipt } from "../../core/srt/protocol/send-window.ts"
import type { CapturePoint } from "../captures/datagram-capture.ts"
import type { OutputSpec, OutputStats, Reason, SessionState } from "../protocol/messages.ts"
import type { SlotFate } from "../ring/ring-reader.ts"
import type { OwnSrt } from "../srt/own/stack.ts"
import type { SrtTarget } from "../srt/srt-socket.ts"
import type { OutputSession, SessionContext } from "./output-session.ts"
import { OwnSrtCall } from "./own-srt-call.ts"
import { callerStats } from "./srt-sending.ts"
import type { StackChoice } from "./stack-choice.ts"

export class OwnSrtCaller implements OutputSession {
  readonly spec: OutputSpec
  readonly channel: number
  readonly carriesCues = true
  readonly srtStack: StackChoice = { stack: "own", needsLibsrt: [] }
  readonly immediate = false
  readonly spread = true
  readonly waiting = false
  readonly #context: SessionContext
  readonly #call: OwnSrtCall

  constructor(context: SessionContext, stack: OwnSrt, spec: OutputSpec, channel: number, target: SrtTarget) {
    this.#context = context
    this.spec = spec
    this.channel = channel
    this.#call = new OwnSrtCall(context, stack, this, target)
  }

  get capturePoints(): ReadonlyArray<CapturePoint> {
    return this.#call.capturePoints
  }

  get state(): SessionState {
    return this.#call.life.state
  }

  get reason(): Reason | null {
    return this.#call.life.reason
  }

  get maxBurstUs(): number {
    return this.#call.connection?.maxBurstUs ?? Number.POSITIVE_INFINITY
  }

  poll(nowUs: number): void {
    this.#call.poll(nowUs)
  }

  flush(nowUs: number): void {
    this.#call.connection?.flush(nowUs)
  }

  fateOf(position: number): SlotFate {
    return this.#call.connection?.reader.fateOf(position) ?? "waiting"
  }

  followSlot(position: number, receivedUs: number): (nowUs: number) => SlotReceipt {
    return (nowUs) => this.#call.connection?.receiptOf(position, receivedUs, nowUs) ?? "unknown"
  }

  stats(): OutputStats {
    return callerStats(this.#context, this, this.#call.life, this.#call.connection)
  }

  close(): void {
    this.#call.life.close()
  }

  cut(reason: Reason): void {
    this.#call.life.end(reason)
  }

  /** Ends it: something was thrown in it. */
  fault(reason: Reason): void {
    this.#call.life.fault(reason)
  }
}
