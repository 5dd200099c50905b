/** What an SRT connection tells of itself, whichever stack it runs on, and what its output reports of it. */
import type { OutputStats, SrtStats } from "../protocol/messages.ts"
import type { RingReader } from "../ring/ring-reader.ts"
import { type OutputSession, type SessionContext, statsOf } from "./output-session.ts"
import { queuedBytes } from "./queued-bytes.ts"
import type { SessionLife } from "./session-life.ts"

export interface SrtSending {
  /** Its place in the channel's ring. */
  readonly reader: RingReader
  /** Unix time in ms. */
  readonly connectedAt: number
  /** Longest time packets may be held back to leave in a burst, in µs. */
  readonly maxBurstUs: number
  /** Payload bytes, and packets, each counted once. */
  readonly bytesSent: number
  readonly packetsSent: number
  /** Packets given up by its queue and by the sender's too-late drop. */
  readonly dropped: number
  /** Null before there is a sample. It may bring `dropped` up to date, so it is asked first. */
  stats(): SrtStats | null
}

/** The figures of an output with one connection, or with none yet. */
export const callerStats = (
  context: SessionContext,
  session: Pick<OutputSession, "spec" | "state" | "channel" | "srtStack">,
  life: SessionLife,
  connection: SrtSending | null,
): OutputStats => {
  if (connection === null) return statsOf(session, life.figures)
  const srt = life.connected ? connection.stats() : null
  life.figures.bytesSent = connection.bytesSent
  life.figures.packetsSent = connection.packetsSent
  life.figures.packetsDropped = connection.dropped
  const queueBytes = srt === null ? 0 : queuedBytes(context.core, session.channel, connection.reader)
  return statsOf(session, life.figures, { srt, queueBytes })
}
