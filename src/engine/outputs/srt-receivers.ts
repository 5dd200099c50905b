/** The receivers of an SRT listener output, whichever stack it runs on: who is there, and what those got that left. */
import { type OutputStats, type ReceiverStats, SRT_COUNTERS, type SrtStats } from "../protocol/messages.ts"
import type { SlotFate } from "../ring/ring-reader.ts"
import { type OutputSession, type SessionContext, statsOf } from "./output-session.ts"
import { queuedBytes } from "./queued-bytes.ts"
import type { SessionLife } from "./session-life.ts"
import type { SrtSending } from "./srt-sending.ts"

export interface Receiver<C extends SrtSending> {
  readonly connection: C
  /** `ip:port`, as formatSockaddr writes it. */
  readonly peer: string
  readonly streamId: string
}

export type SrtCounters = Record<(typeof SRT_COUNTERS)[number], number>

export const noCounters = (): SrtCounters => Object.fromEntries(SRT_COUNTERS.map((name) => [name, 0])) as SrtCounters

/** Adds the counters of a connection, if there is a sample of them, to `sums`. */
export const addCounters = (sums: SrtCounters, stats: SrtStats | null): void => {
  if (stats !== null) for (const name of SRT_COUNTERS) sums[name] += stats[name]
}

export class SrtReceivers<R extends Receiver<SrtSending>> {
  /** The shortest of the receivers' bursts; see OutputSession.maxBurstUs. */
  maxBurstUs = Number.POSITIVE_INFINITY
  readonly #context: SessionContext
  readonly #session: OutputSession
  readonly #life: SessionLife
  #all: ReadonlyArray<R> = []
  /** What receivers that have left were sent. */
  #past = { bytes: 0, packets: 0, dropped: 0 }
  readonly #pastCounters = noCounters()

  constructor(context: SessionContext, session: OutputSession, life: SessionLife) {
    this.#context = context
    this.#session = session
    this.#life = life
  }

  /** Those connected now. A receiver that leaves makes a new array: the old one may be walked meanwhile. */
  get all(): ReadonlyArray<R> {
    return this.#all
  }

  join(receiver: R): void {
    const { connection, peer, streamId } = receiver
    this.#all = [...this.#all, receiver]
    this.maxBurstUs = Math.min(this.maxBurstUs, connection.maxBurstUs)
    this.#life.connect(this.#life.figures.connectedAt ?? connection.connectedAt)
    this.#context.receiver(this.#session, { peer, stream_id: streamId }, "joined", null)
  }

  /** The receiver's connection is over: it has left, or was lost for the reason given. */
  leave(receiver: R, reason: string | null): void {
    const { connection, peer, streamId } = receiver
    addCounters(this.#pastCounters, connection.stats())
    this.#past.bytes += connection.bytesSent
    this.#past.packets += connection.packetsSent
    this.#past.dropped += connection.dropped
    this.#all = this.#all.filter((one) => one !== receiver)
    this.maxBurstUs = Math.min(Number.POSITIVE_INFINITY, ...this.#all.map((one) => one.connection.maxBurstUs))
    if (this.#all.length === 0) this.#life.listen()
    const change = reason === null ? "left" : "lost"
    this.#context.receiver(this.#session, { peer, stream_id: streamId }, change, reason)
  }

  /** A caller was not let in, for this reason. */
  turnedAway(peer: string, streamId: string, reason: string): void {
    this.#context.receiver(this.#session, { peer, stream_id: streamId }, "refused", reason)
  }

  /** Takes all of them out without a word: the output is over. */
  clear(): void {
    this.#all = []
  }

  fateOf(position: number): SlotFate {
    // A receiver that joined since has nothing to do with it.
    const fates = this.#all
      .map(({ connection }) => connection.reader)
      .filter((reader) => reader.covers(position))
      .map((reader) => reader.fateOf(position))
    return fates.includes("dropped") ? "dropped" : fates.length === 0 || fates.includes("waiting") ? "waiting" : "sent"
  }

  stats(warnings: ReadonlyArray<string>): OutputStats {
    const receivers: ReceiverStats[] = this.#all.map(({ connection, peer, streamId }) => ({
      peer,
      stream_id: streamId,
      connected_at: connection.connectedAt,
      bytes_sent: connection.bytesSent,
      packets_sent: connection.packetsSent,
      srt: connection.stats(),
      packets_dropped: connection.dropped,
    }))
    const total = (key: "bytes_sent" | "packets_sent" | "packets_dropped") =>
      receivers.reduce((sum, r) => sum + r[key], 0)
    const { figures } = this.#life
    figures.bytesSent = this.#past.bytes + total("bytes_sent")
    figures.packetsSent = this.#past.packets + total("packets_sent")
    figures.packetsDropped = this.#past.dropped + total("packets_dropped")
    const { core } = this.#context
    const queueBytes = this.#all.reduce(
      (most, r) => Math.max(most, queuedBytes(core, this.#session.channel, r.connection.reader)),
      0,
    )
    const srt = receivers.length === 1 ? (receivers[0]?.srt ?? null) : null
    const srt_sums = { ...this.#pastCounters }
    for (const receiver of receivers) addCounters(srt_sums, receiver.srt)
    return { ...statsOf(this.#session, figures, { receivers, warnings, queueBytes, srt }), srt_sums }
  }
}
