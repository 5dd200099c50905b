/**
 * What one node decides: which channels it may send and until when, what it answers a node that asks it for a lease,
 * and what it asks PostgreSQL to change. Without clock, sockets and randomness: times are handed in, in ms of this
 * machine's clock, which must go on while the process or the machine stands still.
 */
import { duties } from "./duties.ts"
import { HeldChannel } from "./held-channel.ts"
import type { PlacementRow, Role, Snapshot } from "./model.ts"
import { type GrantsGiven, RULES, type Rules } from "./rules.ts"
import type { Outcome, Statement } from "./statements.ts"
import type { Timing } from "./timing.ts"
import { Watch } from "./watch.ts"

const NEVER = Number.NEGATIVE_INFINITY

/** A channel and the epoch for which its lease is asked. */
export type Asked = readonly [channel: string, epoch: number]

export interface BrainOptions {
  readonly self: string
  /** Name of this process; see `NodeRow.boot`. */
  readonly boot: string
  readonly timing: Timing
  /** When PostgreSQL has taken this process as the node, in ms of our clock. */
  readonly startedMs: number
  readonly rules?: Rules
}

export class NodeBrain {
  readonly self: string
  readonly watch: Watch
  readonly #boot: string
  readonly #timing: Timing
  readonly #rules: Rules
  readonly #startedMs: number
  readonly #held = new Map<string, HeldChannel>()
  readonly #granted = new Map<string, number>()
  readonly #armed = new Set<string>()
  #isLeaving = false

  constructor({ boot, rules = RULES, self, startedMs, timing }: BrainOptions) {
    this.self = self
    this.#boot = boot
    this.#timing = timing
    this.#rules = rules
    this.#startedMs = startedMs
    this.watch = new Watch(timing, startedMs)
  }

  /** The rows as this node knows them. */
  rows(): ReadonlyArray<PlacementRow> {
    return [...this.#held.values()].map(({ row }) => row)
  }

  /** What the node is to do with a channel as it knows the row. */
  roleOf(channel: string): Role {
    const row = this.#held.get(channel)?.row
    if (row === undefined) return "none"
    if (row.owner === this.self) return "owner"
    return row.partner === this.self || row.target === this.self ? "standby" : "none"
  }

  /** Until when a channel may be sent, in ms of our clock; minus infinity for not at all. */
  fenceOf(channel: string): number {
    return this.#held.get(channel)?.fenceMs ?? NEVER
  }

  /** True while a change of a channel's owner or partner is under way whose outcome nobody but PostgreSQL knows. */
  isInDoubt(channel: string): boolean {
    const held = this.#held.get(channel)
    return held !== undefined && (held.leaving !== null || held.mayHaveOtherPartner)
  }

  /** True when the last snapshot was of this process: another one may have taken the node's name since. */
  get isKnown(): boolean {
    return this.watch.node(this.self)?.boot === this.#boot
  }

  /** True while the node hands over what it owns. */
  get isDraining(): boolean {
    const standing = this.watch.node(this.self)?.standing
    return this.#isLeaving || standing === "draining" || standing === "leaving"
  }

  /** The node is about to end: from now on it hands over what it owns, whatever its row says. */
  leave(): void {
    this.#isLeaving = true
  }

  /** Takes what PostgreSQL has said, at `nowMs`, to a beat that was sent at `sentMs`; for `isAnew` see `Watch.take`. */
  onSnapshot(snapshot: Snapshot, sentMs: number, nowMs: number, isAnew = false): void {
    if (!this.watch.take(snapshot, sentMs, nowMs, isAnew)) return
    const { isKnown } = this
    const stored = new Set(snapshot.rows.map(({ channel }) => channel))
    for (const channel of [...this.#held.keys()]) if (!stored.has(channel)) this.#held.delete(channel)
    for (const row of snapshot.rows) {
      const held = this.#learn(row, nowMs)
      held.explain(sentMs)
      // Another process has this name: what is the name's is not ours.
      if (!isKnown) held.fenceMs = NEVER
      // What was learnt by a later statement says more than this snapshot.
      else if (held.row.owner === this.self && held.row.epoch === row.epoch) this.#renew(held, sentMs, nowMs)
    }
  }

  #learn(row: PlacementRow, nowMs: number): HeldChannel {
    const held = this.#held.get(row.channel) ?? new HeldChannel(row, nowMs)
    this.#held.set(row.channel, held)
    held.learn(row, this.self, nowMs)
    return held
  }

  #given(channel: string): GrantsGiven {
    return { startedMs: this.#startedMs, lastGrantMs: this.#granted.get(channel) }
  }

  #mayOpen({ row }: HeldChannel, nowMs: number): boolean {
    return this.#rules.mayOpen(row, this.#given(row.channel), nowMs, this.#timing)
  }

  #renew(held: HeldChannel, sentMs: number, nowMs: number): void {
    if (!this.#rules.mayReopen(held.leaving !== null || held.mayBeReleased) || !this.#mayOpen(held, nowMs)) return
    held.fenceMs = Math.max(held.fenceMs, this.#rules.leaseUntil(sentMs, nowMs, this.#timing))
  }

  /** Whom to ask for leases while PostgreSQL does not answer, with the channels and their epochs. */
  questions(nowMs: number): ReadonlyMap<string, ReadonlyArray<Asked>> {
    const asked = new Map<string, Array<Asked>>()
    // Another process has this name by now.
    if (!this.isKnown) return asked
    for (const held of this.#held.values()) {
      const { channel, epoch, owner, partner } = held.row
      if (owner !== this.self || partner === null || partner === this.self) continue
      if (!this.#rules.mayAskPartner(held.mayHaveOtherPartner) || !this.#mayOpen(held, nowMs)) continue
      const channels = asked.get(partner) ?? []
      asked.set(partner, channels)
      channels.push([channel, epoch])
    }
    return asked
  }

  /** Takes what a partner has granted of a question that was sent at `sentMs`. */
  onGranted(partner: string, granted: ReadonlyArray<Asked>, sentMs: number, nowMs: number): void {
    for (const [channel, epoch] of granted) {
      const held = this.#held.get(channel)
      if (held === undefined || held.row.owner !== this.self || held.row.epoch !== epoch) continue
      if (held.row.partner !== partner || !this.#rules.mayAskPartner(held.mayHaveOtherPartner)) continue
      this.#renew(held, sentMs, nowMs)
    }
  }

  /** Answers another node that asks for leases: the channels for which it gets one. */
  grant(asker: string, channels: ReadonlyArray<Asked>, nowMs: number): ReadonlyArray<Asked> {
    const granted = channels.filter(([channel, epoch]) =>
      this.#rules.mayGrant(this.#held.get(channel)?.row, this.self, asker, epoch),
    )
    for (const [channel] of granted) this.#granted.set(channel, nowMs)
    return granted
  }

  /**
   * Goes on with the channels of which the operator has said `keep` and whose lease has not run out yet: to be called
   * while neither PostgreSQL nor, of `answered`, the channel's partner answers.
   */
  keepGoing(nowMs: number, answered: ReadonlySet<string>): void {
    for (const held of this.#held.values()) {
      const { isolated, owner, partner } = held.row
      if (isolated !== "keep" || owner !== this.self || held.leaving !== null || held.fenceMs < nowMs) continue
      if (partner !== null && answered.has(partner)) continue
      held.fenceMs = nowMs + this.#timing.leaseMs
    }
  }

  /** Channels whose outputs must be closed now, since they are being given away; each with the number of the attempt. */
  toClose(): ReadonlyArray<readonly [channel: string, attempt: number]> {
    return [...this.#held.values()].flatMap(({ leaving, row }) =>
      leaving === null || leaving.closedMs !== null ? [] : [[row.channel, leaving.attempt] as const],
    )
  }

  /** The engine has closed the outputs of a channel, as it was told in this attempt. */
  onClosed(channel: string, attempt: number, nowMs: number): void {
    const leaving = this.#held.get(channel)?.leaving
    if (leaving?.attempt === attempt) leaving.closedMs ??= nowMs
  }

  /** This node receives a channel for which it stands by, or does not any more. */
  onArmed(channel: string, isArmed: boolean): void {
    if (isArmed) this.#armed.add(channel)
    else this.#armed.delete(channel)
  }

  /** What is to be asked of PostgreSQL now. Each is under way from here on, until `onOutcome` says how it ended. */
  statements(nowMs: number): ReadonlyArray<Statement> {
    // While PostgreSQL does not answer nothing is begun: least of all is a channel closed to be given away.
    if (!this.isKnown || nowMs - this.watch.sentMs > this.#timing.beatMs) return []
    const found = duties(
      {
        self: this.self,
        timing: this.#timing,
        rules: this.#rules,
        watch: this.watch,
        held: this.#held.values(),
        given: (channel) => this.#given(channel),
        draining: this.isDraining,
        isArmed: (channel) => this.#armed.has(channel),
      },
      nowMs,
    )
    for (const { items, kind } of found) for (const { channel } of items) this.#held.get(channel)?.begin(kind)
    return found
  }

  /** Takes how a statement has ended. A channel that has become ours by it may be sent as long as the last beat allows. */
  onOutcome(statement: Statement, outcome: Outcome, nowMs: number): void {
    const rows = outcome.kind === "done" ? outcome.rows : []
    for (const row of rows) this.#learn(row, nowMs)
    for (const { channel, epoch } of statement.items)
      this.#held.get(channel)?.end(statement.kind, epoch, outcome, nowMs)
    for (const { channel, epoch } of rows) {
      const held = this.#held.get(channel)
      if (held?.row.owner === this.self && held.row.epoch === epoch) this.#renew(held, this.watch.sentMs, nowMs)
    }
  }

  /**
   * When the beat after the one that was sent at `sentMs` is due: earlier than usual where a silent owner counts as
   * dead by then.
   */
  nextBeatMs(sentMs: number): number {
    const { beatMs, deadMs } = this.#timing
    let next = sentMs + beatMs
    for (const { row } of this.#held.values()) {
      if (row.owner === this.self || (row.partner !== null && row.partner !== this.self)) continue
      const { silentMs } = this.watch.silence(row.owner, sentMs)
      const dueMs = this.watch.sentMs + deadMs - silentMs + 1
      if (silentMs > beatMs && dueMs > sentMs && dueMs < next) next = dueMs
    }
    return next
  }
}
