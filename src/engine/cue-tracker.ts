/**
 * Proof that each SCTE-35 section went out: which outputs were connected when it came, when its slot left by each, and
 * when the far side acknowledged it, where it does.
 */
import type { PacketCore } from "../core/packet-core/packet-core.ts"
import type { SlotReceipt } from "../core/srt/protocol/send-window.ts"
import type { OutputSession } from "./outputs/output-session.ts"
import type { SlotFate } from "./ring/ring-reader.ts"

export interface CueFate {
  readonly cue: number
  readonly output_id: string
  readonly sent: boolean
  readonly delay_ms: number
  /** Why it was not sent. */
  readonly reason: string | null
}

/** The receivers of an output have acknowledged a section that was told as sent. */
export interface CueReceipt {
  readonly cue: number
  readonly output_id: string
  readonly delay_ms: number
}

/** A section that was sent and may be acknowledged. */
interface Followed {
  readonly cue: number
  readonly arrivedUs: number
  readonly session: OutputSession
  readonly receipt: (nowUs: number) => SlotReceipt
}

interface Pending {
  readonly cue: number
  /** Slot of the ring that completes the section. */
  readonly position: number
  readonly arrivedUs: number
  readonly waiting: Set<OutputSession>
}

/** Sections followed at a time; a storm of them loses the proof of the oldest, never a packet. */
const PENDING_MAX = 1000
/** Sections of one output or another whose acknowledgement is waited for at a time. */
const FOLLOWED_MAX = 10_000
/** A section that has not left by then will not: pacing and blocked receivers included. */
const GIVE_UP_US = 10e6
const NOTHING: ReadonlyArray<never> = []

export class CueTracker {
  readonly #core: PacketCore
  readonly #channel: number
  readonly #fault: (session: OutputSession, cause: unknown) => void
  #pending: Pending[] = []
  #followed: Followed[] = []

  /** `fault` ends a session that has thrown when it was asked. */
  constructor(core: PacketCore, channel: number, fault: (session: OutputSession, cause: unknown) => void) {
    this.#core = core
    this.#channel = channel
    this.#fault = fault
  }

  /** A section was completed by the slot at `position`; `sessions` are the outputs of that moment. */
  add(cue: number, position: number, arrivedUs: number, sessions: Iterable<OutputSession>): void {
    const waiting = new Set<OutputSession>()
    for (const session of sessions) {
      const takes = session.state === "connected" || (session.state === "connecting" && session.takesCuesEarly === true)
      if (takes && session.carriesCues) waiting.add(session)
    }
    if (waiting.size === 0) return
    this.#pending.push({ cue, position, arrivedUs, waiting })
    if (this.#pending.length > PENDING_MAX) this.#pending.shift()
  }

  /** What was decided since the last call. To be called after the outputs had their turn. */
  poll(nowUs: number): ReadonlyArray<CueFate> {
    if (this.#pending.length === 0) return NOTHING
    const fates: CueFate[] = []
    for (const pending of this.#pending)
      for (const session of pending.waiting) this.#settle(pending, session, nowUs, fates)
    this.#pending = this.#pending.filter(({ waiting }) => waiting.size > 0)
    return fates
  }

  /** What was acknowledged since the last call, of sections that `poll` called sent. To be called after it. */
  acknowledged(nowUs: number): ReadonlyArray<CueReceipt> {
    if (this.#followed.length === 0) return NOTHING
    const receipts: CueReceipt[] = []
    this.#followed = this.#followed.filter((followed) => {
      const { arrivedUs, cue, session } = followed
      const receipt = this.#receiptOf(followed, nowUs)
      if (receipt === "acknowledged")
        receipts.push({ cue, output_id: session.spec.id, delay_ms: (nowUs - arrivedUs) / 1000 })
      return receipt === "waiting"
    })
    return receipts
  }

  #receiptOf({ arrivedUs, receipt, session }: Followed, nowUs: number): SlotReceipt {
    if (session.state === "ended" || nowUs - arrivedUs > GIVE_UP_US) return "unknown"
    try {
      return receipt(nowUs)
    } catch (cause) {
      this.#fault(session, cause)
      return "unknown"
    }
  }

  #follow({ arrivedUs, cue, position }: Pending, session: OutputSession): void {
    try {
      const receipt = session.followSlot?.(position, arrivedUs)
      if (receipt === undefined) return
      this.#followed.push({ cue, arrivedUs, session, receipt })
      if (this.#followed.length > FOLLOWED_MAX) this.#followed.shift()
    } catch (cause) {
      this.#fault(session, cause)
    }
  }

  #settle(pending: Pending, session: OutputSession, nowUs: number, fates: CueFate[]): void {
    const fate = this.#fateOf(session, pending.position)
    const limitUs = session.cueWithinUs ?? GIVE_UP_US
    const late = nowUs - pending.arrivedUs > limitUs
    if (fate === "waiting" && session.state !== "ended" && !late) return
    pending.waiting.delete(session)
    const sent = fate === "sent"
    if (sent) this.#follow(pending, session)
    const reason = sent
      ? null
      : fate === "dropped"
        ? "the output's queue was full: its packets were given up"
        : late
          ? `it was not sent within ${limitUs / 1e6} s`
          : `the connection ended before it was sent${session.reason === null ? "" : `: ${session.reason.message}`}`
    fates.push({
      cue: pending.cue,
      output_id: session.spec.id,
      sent,
      delay_ms: (nowUs - pending.arrivedUs) / 1000,
      reason,
    })
  }

  #fateOf(session: OutputSession, position: number): SlotFate {
    try {
      return session.fateOf(position)
    } catch (cause) {
      this.#fault(session, cause)
      return "waiting"
    }
  }

  /** Receive time of the slot at `position` of the channel's ring, in monotonic us. */
  timeOf(position: number): number {
    return this.#core.slotTimeUs(this.#channel, position)
  }
}
