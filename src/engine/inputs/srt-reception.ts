/** What both kinds of SRT legs share: the connection there is, what came of those before, and what is told of them. */
import { shownStreamId } from "../../core/srt/stream-id.ts"
import { monotonicUs } from "../ffi/clock.ts"
import type { LibSrt } from "../ffi/libsrt.ts"
import { type Reason, SRT_INPUT_COUNTERS, type SrtInputFigures, type SrtInputStats } from "../protocol/messages.ts"
import type { ReceiverHost } from "./leg-receiver.ts"
import { SrtIncoming } from "./srt-incoming.ts"

/** A sender that is refused again and again is told of once in so long, and anybody else no sooner than that. */
const SAME_REFUSAL_US = 60e6
const OTHER_REFUSAL_US = 5e6

/** ` (stream id "live/one")`, or nothing. */
const withStreamId = (streamId: string): string => (streamId === "" ? "" : ` (stream id "${shownStreamId(streamId)}")`)
const withoutPort = (peer: string): string => peer.slice(0, peer.lastIndexOf(":"))

export class SrtReception {
  readonly #srt: LibSrt
  readonly #host: ReceiverHost
  readonly #mode: SrtInputStats["mode"]
  #connection: SrtIncoming | null = null
  /**
   * Connections that are over, until all that came by them has had its time: libsrt keeps it, and a sender that says
   * goodbye has sent it whole.
   */
  #draining: ReadonlyArray<{ readonly connection: SrtIncoming; readonly untilUs: number }> = []
  /** Sums over the connections that are over. */
  readonly #past = Object.fromEntries(SRT_INPUT_COUNTERS.map((name) => [name, 0])) as Record<
    (typeof SRT_INPUT_COUNTERS)[number],
    number
  >
  /** Figures of the last connection that is over. */
  #lastFigures: SrtInputFigures | null = null
  #connections = 0
  #lastError: Reason | null = null
  #refused = 0
  #lastRefused: string | null = null
  #toldRefusal = ""
  #toldRefusalUs = Number.NEGATIVE_INFINITY

  constructor(srt: LibSrt, host: ReceiverHost, mode: SrtInputStats["mode"]) {
    this.#srt = srt
    this.#host = host
    this.#mode = mode
  }

  get connection(): SrtIncoming | null {
    return this.#connection
  }

  /** Socket to be watched; -1 when none is connected. */
  get socket(): number {
    return this.#connection?.socket ?? -1
  }

  /** Packets can come: from a sender that is connected, or from one that was. */
  get open(): boolean {
    return this.#connection !== null || this.#draining.length > 0
  }

  get lastError(): Reason | null {
    return this.#lastError
  }

  /** Takes over a socket that is connected to `peer`. */
  connected(socket: number, peer: string, streamId: string, nowUs: number): void {
    this.#connection = new SrtIncoming(this.#srt, this.#host, socket, peer, streamId, nowUs)
    this.#connections += 1
    this.#lastRefused = null
    this.#host.say(
      "connected",
      this.#mode === "caller"
        ? `connected to the SRT sender ${peer}`
        : `the SRT sender ${peer}${withStreamId(streamId)} is connected`,
    )
  }

  /** Reads what is due of connections that are over: every few milliseconds. */
  drain(nowUs: number): void {
    if (this.#draining.length === 0) return
    for (const { connection, untilUs } of this.#draining) {
      connection.receive()
      if (nowUs > untilUs) connection.close()
    }
    this.#draining = this.#draining.filter(({ untilUs }) => nowUs <= untilUs)
  }

  /** The connection is over, and told so. What came by it still has its time, unless it is `cut`. */
  lost(reason: Reason, nowUs: number, cut = false): void {
    const connection = this.#connection
    if (connection === null) return
    const figures = connection.stats()
    if (figures !== null) {
      for (const name of SRT_INPUT_COUNTERS) this.#past[name] += figures[name]
      this.#lastFigures = figures
    }
    this.#connection = null
    if (cut) connection.close()
    else this.#draining = [...this.#draining, { connection, untilUs: connection.drainedUs(nowUs) }]
    this.#lastError = reason
    this.#host.say("lost", `the SRT sender ${connection.peer} is gone: ${reason.message}`)
  }

  /** A connection could not be made. Told when the reason is another than before. */
  failed(reason: Reason): void {
    if (this.#lastError?.message !== reason.message) this.#host.say("failed", reason.message)
    this.#lastError = reason
  }

  /** A sender was turned away, for this reason. */
  refused(peer: string, streamId: string, why: string, nowUs: number = monotonicUs()): void {
    this.#refused += 1
    this.#lastRefused = `the SRT sender ${peer}${withStreamId(streamId)} was refused: ${why}`
    const refusal = `${withoutPort(peer)} ${streamId} ${why}`
    const pauseUs = refusal === this.#toldRefusal ? SAME_REFUSAL_US : OTHER_REFUSAL_US
    if (nowUs - this.#toldRefusalUs < pauseUs) return
    this.#toldRefusal = refusal
    this.#toldRefusalUs = nowUs
    this.#host.say("refused", this.#lastRefused)
  }

  /** `waiting` is the state while no sender is connected. */
  stats(waiting: "connecting" | "listening"): SrtInputStats {
    const connection = this.#connection
    return {
      mode: this.#mode,
      state: connection === null ? waiting : "connected",
      peer: connection?.peer ?? null,
      stream_id: connection === null || connection.streamId === "" ? null : shownStreamId(connection.streamId),
      connected_at: connection?.connectedAt ?? null,
      connections: this.#connections,
      last_error: this.#lastError,
      refused: this.#refused,
      last_refused: this.#lastRefused,
      figures: this.#figures(connection?.stats() ?? null),
    }
  }

  #figures(now: SrtInputFigures | null): SrtInputFigures | null {
    const last = now ?? this.#lastFigures
    if (last === null) return null
    const sums = Object.fromEntries(SRT_INPUT_COUNTERS.map((name) => [name, this.#past[name] + (now?.[name] ?? 0)]))
    const gone = now === null ? { receive_buffer_packets: 0, receive_buffer_ms: 0, bandwidth_mbps: 0 } : {}
    return { ...last, ...sums, ...gone }
  }

  close(): void {
    for (const { connection } of this.#draining) connection.close()
    this.#draining = []
    this.#connection?.close()
    this.#connection = null
  }
}
