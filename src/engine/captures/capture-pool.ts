/** The captures that run, which the packet loop comes by every few milliseconds. */
import type { CaptureOutcome, Reason } from "../protocol/messages.ts"
import { type CapturePoint, DatagramCapture } from "./datagram-capture.ts"

const MAX_CAPTURES = 2

export interface CaptureOrder {
  readonly channel: string
  /** Names the leg or output among those of all channels. */
  readonly object: string
  readonly seconds: number
  readonly path: string
  readonly token: string
  /** Where its datagrams pass now: asked again and again, as connections come and go. */
  readonly points: () => Iterable<CapturePoint>
}

interface Running {
  readonly order: CaptureOrder
  readonly capture: DatagramCapture
  points: ReadonlyArray<CapturePoint>
}

const refused = (code: string, message: string): Reason => ({ code, message, transient: true })

export class CapturePool {
  readonly #running = new Set<Running>()
  readonly #fault: (cause: unknown) => void

  /** `fault` is told what a capture has thrown, which is ended then. */
  constructor(fault: (cause: unknown) => void) {
    this.#fault = fault
  }

  get size(): number {
    return this.#running.size
  }

  /** What comes of the capture once it is over, or why it does not begin. */
  open(order: CaptureOrder): Promise<CaptureOutcome> | Reason {
    for (const { order: other } of this.#running)
      if (other.object === order.object)
        return refused("capturing", "a capture of it runs already: wait until that one has ended")
    if (this.#running.size >= MAX_CAPTURES)
      return refused(
        "too_many_captures",
        `the engine runs ${MAX_CAPTURES} captures at a time: wait until one has ended`,
      )
    const capture = new DatagramCapture(order.path, order.token, { untilMs: Date.now() + order.seconds * 1000 })
    const running: Running = { order, capture, points: [] }
    this.#running.add(running)
    this.#follow(running)
    return capture.outcome
  }

  /** Puts the capture where datagrams pass now, and takes it away from where they passed before. */
  #follow(running: Running): void {
    const { capture, order } = running
    const points = capture.ended ? [] : [...order.points()]
    for (const point of running.points) if (point.capture === capture) point.capture = null
    for (const point of points) point.capture = capture
    running.points = points
  }

  tick(nowMs = Date.now()): void {
    for (const running of this.#running) {
      try {
        running.capture.tick(nowMs)
        this.#follow(running)
      } catch (cause) {
        this.#fault(cause)
        running.capture.end("fault")
        this.#release(running)
      }
      if (running.capture.ended) this.#running.delete(running)
    }
  }

  #release({ capture, points }: Running): void {
    for (const point of points) if (point.capture === capture) point.capture = null
  }

  closeChannel(channel: string): void {
    for (const running of this.#running) {
      if (running.order.channel !== channel) continue
      running.capture.end("channel")
      this.#release(running)
      this.#running.delete(running)
    }
  }

  close(): void {
    for (const running of this.#running) {
      running.capture.end("channel")
      this.#release(running)
    }
    this.#running.clear()
  }
}
