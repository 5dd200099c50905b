/** What a node has of one channel beside its row: until when it may be sent, and what is under way with PostgreSQL. */
import type { PlacementRow } from "./model.ts"
import type { Outcome, Statement } from "./statements.ts"

const NEVER = Number.NEGATIVE_INFINITY

/** A channel that is being given away: its outputs are closed first. */
interface Leaving {
  /** Number of this attempt: an engine may answer late what it was told for the one before. */
  readonly attempt: number
  readonly to: string
  /** When its lease would have run out. */
  readonly fenceMs: number
  closedMs: number | null
}

/** A statement that may have had an effect, or may have one yet, on the row as it was in an epoch. */
interface Doubt {
  readonly epoch: number
  /** It may have given the channel to another owner. */
  readonly released: boolean
  /** When its answer said that it did nothing, which a snapshot asked for later explains; null without an answer. */
  readonly answeredMs: number | null
}

/** Statements after which the channel may have another owner or partner. */
const isMajor = (kind: Statement["kind"]) => kind === "pair" || kind === "release"

export class HeldChannel {
  row: PlacementRow
  /** Until when it may be sent; minus infinity for not at all. */
  fenceMs = NEVER
  leaving: Leaving | null = null
  /** Since when this node has known of the target of the move. */
  targetSinceMs: number | null
  #attempts = 0
  #inFlight: Statement["kind"] | null = null
  #doubt: Doubt | null = null
  /** True from a statement that has not changed the row until the next snapshot: the row is not as it was thought. */
  #rests = false

  constructor(row: PlacementRow, nowMs: number) {
    this.row = row
    this.targetSinceMs = row.target === null ? null : nowMs
  }

  /** Takes the row as it is now; an older one says nothing. */
  learn(row: PlacementRow, self: string, nowMs: number): void {
    if (row.epoch < this.row.epoch) return
    if (this.#doubt !== null && row.epoch > this.#doubt.epoch) this.#doubt = null
    if (row.epoch > this.row.epoch) this.leaving = null
    if (row.target === null) this.targetSinceMs = null
    else if (row.target !== this.row.target) this.targetSinceMs = nowMs
    this.row = row
    if (row.owner !== self) this.fenceMs = NEVER
  }

  /** A snapshot that was asked for at `sentMs` has shown the row: what was answered before is explained by it. */
  explain(sentMs: number): void {
    this.#rests = false
    if (this.#doubt?.answeredMs != null && sentMs > this.#doubt.answeredMs) this.#doubt = null
  }

  /** Begins to give the channel away: nothing is sent from now on. */
  leave(to: string): void {
    this.#attempts++
    this.leaving = { attempt: this.#attempts, to, fenceMs: this.fenceMs, closedMs: null }
    this.fenceMs = NEVER
  }

  /** True while nothing is to be asked of PostgreSQL for it. */
  get isBusy(): boolean {
    return this.#inFlight !== null || this.#rests
  }

  get isInDoubt(): boolean {
    return this.#doubt !== null
  }

  /** True while the channel may have another partner than the row says. */
  get mayHaveOtherPartner(): boolean {
    return this.#doubt !== null || (this.#inFlight !== null && isMajor(this.#inFlight))
  }

  /** True while the channel may have another owner than the row says, who would send at once. */
  get mayBeReleased(): boolean {
    return this.#doubt?.released === true || this.#inFlight === "release"
  }

  begin(kind: Statement["kind"]): void {
    this.#inFlight = kind
  }

  /** A statement that was made for `epoch` has ended; a row that it has changed has been learnt before. */
  end(kind: Statement["kind"], epoch: number, outcome: Outcome, nowMs: number): void {
    this.#inFlight = null
    this.#rests = outcome.kind !== "done" || outcome.rows.every(({ channel }) => channel !== this.row.channel)
    if (!isMajor(kind) || this.row.epoch > epoch) return
    if (outcome.kind === "refused") {
      if (this.#doubt?.released !== true) this.leaving = null
      return
    }
    const before = this.#doubt
    this.#doubt = {
      epoch,
      released: kind === "release" || before?.released === true,
      answeredMs: outcome.kind === "done" && (before === null || before.answeredMs !== null) ? nowMs : null,
    }
    if (outcome.kind === "done") this.leaving = null
  }
}
