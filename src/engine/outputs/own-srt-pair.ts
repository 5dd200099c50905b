/**
 * SRT caller output with a backup receiver (`backup_url`), on our own stack: both receivers are kept connected, one of
 * them carries. The session is there as long as one of both is; the one that is missing is called again meanwhile.
 */
import { BackupChoice, type Carrier, type CarrierChange } from "../../core/srt/backup-choice.ts"
import type { SlotReceipt } from "../../core/srt/protocol/send-window.ts"
import type { CapturePoint } from "../captures/datagram-capture.ts"
import type { OutputSpec, OutputStats, Reason, SessionState } from "../protocol/messages.ts"
import type { SlotFate } from "../ring/ring-reader.ts"
import type { OwnConnection } from "../srt/own/connection.ts"
import type { PayloadRing } from "../srt/own/payload-ring.ts"
import type { Lease, OwnSrt } from "../srt/own/stack.ts"
import { connectionOptions } from "../srt/own/target-options.ts"
import type { SrtTarget } from "../srt/srt-socket.ts"
import { CarrierTerms } from "./carrier-terms.ts"
import { type OutputSession, type SessionContext, statsOf } from "./output-session.ts"
import { OwnSrtAttempts } from "./own-srt-attempts.ts"
import { OwnSrtCall } from "./own-srt-call.ts"
import { queuedBytes } from "./queued-bytes.ts"
import { SessionLife } from "./session-life.ts"
import { addCounters, noCounters } from "./srt-receivers.ts"
import type { StackChoice } from "./stack-choice.ts"

/** Time in ms for which packets are kept beyond the latency: until a carrier that stopped answering has been left. */
const KEPT_LONGER_MS = 2000

export class OwnSrtPair implements OutputSession {
  readonly spec: OutputSpec
  readonly channel: number
  readonly carriesCues = true
  readonly srtStack: StackChoice = { stack: "own", needsLibsrt: [] }
  readonly immediate = false
  readonly spread = true
  readonly waiting = false
  readonly #context: SessionContext
  readonly #stack: OwnSrt
  readonly #life = new SessionLife(() => this.#letGo())
  readonly #choice = new BackupChoice()
  readonly #terms = new CarrierTerms()
  readonly #attempts: Readonly<Record<Carrier, OwnSrtAttempts>>
  readonly #pastCounters = noCounters()
  /** Held from the first connection to the end, so that the one that takes over finds what was sent. */
  #ring: Lease<PayloadRing> | null = null

  constructor(
    context: SessionContext,
    stack: OwnSrt,
    spec: OutputSpec,
    channel: number,
    targets: Readonly<Record<Carrier, SrtTarget>>,
  ) {
    this.#context = context
    this.#stack = stack
    this.spec = spec
    this.channel = channel
    const attempts = (target: SrtTarget) => {
      const { dropDelayMs = 0 } = connectionOptions(target)
      const more = dropDelayMs < 0 ? {} : { dropDelayMs: dropDelayMs + KEPT_LONGER_MS }
      return new OwnSrtAttempts(
        () => new OwnSrtCall(context, stack, this, target, more),
        (connection) => addCounters(this.#pastCounters, connection.stats()),
      )
    }
    this.#attempts = { main: attempts(targets.main), backup: attempts(targets.backup) }
  }

  /** Those of both receivers. */
  get capturePoints(): ReadonlyArray<CapturePoint> {
    return [...this.#attempts.main.capturePoints, ...this.#attempts.backup.capturePoints]
  }

  get state(): SessionState {
    return this.#life.state
  }

  get reason(): Reason | null {
    return this.#life.reason
  }

  get #connections(): ReadonlyArray<OwnConnection> {
    const { backup, main } = this.#attempts
    return [main.connection, backup.connection].filter((connection) => connection !== null)
  }

  /** The connection that carries; null while there is none. */
  get #carrying(): OwnConnection | null {
    const { carrier } = this.#choice
    const connection = carrier === null ? null : this.#attempts[carrier].connection
    return connection !== null && connection === this.#terms.connection ? connection : null
  }

  get maxBurstUs(): number {
    return this.#carrying?.maxBurstUs ?? Number.POSITIVE_INFINITY
  }

  poll(nowUs: number): void {
    if (this.#life.ended) return
    const { backup, main } = this.#attempts
    main.poll(nowUs)
    backup.poll(nowUs)
    if (this.#ring === null && this.#connections.length > 0) this.#ring = this.#stack.ring(this.channel)
    const signs = (attempts: OwnSrtAttempts) => attempts.connection?.signs(nowUs) ?? null
    const change = this.#choice.decide(signs(main), signs(backup), nowUs, main.reason !== null)
    const { carrier } = this.#choice
    const connection = carrier === null ? null : this.#attempts[carrier].connection
    // Its receiver may have come back before the other one was there to take over.
    if (connection !== null && connection !== this.#terms.connection) this.#begin(connection, nowUs)
    if (change !== null) this.#tell(change)
    if (main.connection === null && backup.connection === null) this.#endWithout(carrier)
  }

  /** Neither receiver is there: over, once both have been tried. */
  #endWithout(carrier: Carrier | null): void {
    const { backup, main } = this.#attempts
    const reason = carrier === "backup" ? (backup.reason ?? main.reason) : (main.reason ?? backup.reason)
    if (reason !== null && (carrier !== null || (main.reason !== null && backup.reason !== null)))
      this.#life.end(reason)
  }

  #begin(connection: OwnConnection, nowUs: number): void {
    const before = this.#terms.connection
    if (before === null) this.#life.connect(connection.connectedAt)
    // The first one sends from the moment at which it was connected.
    connection.carryFrom(before?.undelivered ?? connection.reader.cursor, nowUs)
    before?.rest()
    this.#terms.begin(connection)
  }

  #tell({ to, why }: CarrierChange): void {
    const { backup, main } = this.#attempts
    this.#life.figures.address = this.#attempts[to].address
    if (to === "main" && this.#terms.count === 1) return
    const left = to === "main" ? backup : main
    const gone = left.connection === null && left.reason !== null ? `is gone: ${left.reason.message}` : why
    const message =
      to === "backup"
        ? `the main receiver ${main.address ?? ""} ${gone}; the backup receiver ${backup.address ?? ""} carries`
        : gone === null
          ? `the main receiver ${main.address ?? ""} is stable again and carries`
          : `the backup receiver ${backup.address ?? ""} ${gone}; the main receiver ${main.address ?? ""} carries`
    this.#context.carrier(this, to, message.replaceAll("  ", " "))
  }

  flush(nowUs: number): void {
    this.#carrying?.flush(nowUs)
  }

  fateOf(position: number): SlotFate {
    return this.#terms.fateOf(position)
  }

  followSlot(position: number, receivedUs: number): (nowUs: number) => SlotReceipt {
    return (nowUs) => this.#terms.receiptOf(position, receivedUs, nowUs)
  }

  stats(): OutputStats {
    const { figures } = this.#life
    const carrying = this.#carrying
    const srt = carrying?.stats() ?? null
    Object.assign(figures, this.#terms.sums)
    const srt_sums = { ...this.#pastCounters }
    for (const connection of this.#connections) addCounters(srt_sums, connection.stats())
    const queueBytes = carrying === null ? 0 : queuedBytes(this.#context.core, this.channel, carrying.reader)
    return {
      ...statsOf(this, figures, { srt, queueBytes, warnings: this.#missing }),
      srt_sums,
      backup: { carrier: this.#choice.carrier, main: this.#standing("main"), backup: this.#standing("backup") },
    }
  }

  /** Who of both is missing, and why. */
  get #missing(): ReadonlyArray<string> {
    return (["main", "backup"] as const).flatMap((which) => {
      const { address, reason } = this.#attempts[which]
      const where = address === null ? "" : ` ${address}`
      return reason === null ? [] : [`the ${which} receiver${where} is missing: ${reason.message}`]
    })
  }

  #standing(which: Carrier): NonNullable<OutputStats["backup"]>["main"] {
    const { address, connection, reason, state } = this.#attempts[which]
    return { state, address, rtt_ms: connection?.stats().rtt_ms ?? null, error: reason?.message ?? null }
  }

  close(): void {
    this.#life.close()
  }

  cut(reason: Reason): void {
    this.#life.end(reason)
  }

  /** Ends it: something was thrown in it. */
  fault(reason: Reason): void {
    this.#life.fault(reason)
  }

  #letGo(): void {
    this.#attempts.main.close()
    this.#attempts.backup.close()
    this.#ring?.release()
  }
}
