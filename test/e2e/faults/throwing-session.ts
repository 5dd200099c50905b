/**
 * Loaded before the engine by a test. The session of an output labelled `thrower` throws when it is to send, in a
 * timer, and in a promise that nobody waits for, as a fault of ours would.
 */
import { DatagramOutput } from "../../../src/engine/outputs/datagram-output.ts"

const TURNS = 20
const flush = DatagramOutput.prototype.flush
const turns = new WeakMap<DatagramOutput, number>()

DatagramOutput.prototype.flush = function (this: DatagramOutput, nowUs: number): void {
  if (this.spec.label === "thrower" && this.state === "connected") {
    const turn = (turns.get(this) ?? 0) + 1
    turns.set(this, turn)
    if (turn === TURNS / 2) {
      setTimeout(() => {
        throw new Error("thrown in a timer")
      })
      void Promise.reject(new Error("rejected, and nobody waits"))
    }
    if (turn === TURNS) throw new Error("thrown in flush")
  }
  flush.call(this, nowUs)
}
