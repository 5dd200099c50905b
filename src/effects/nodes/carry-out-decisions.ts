/** What the node's brain decides is carried out: statements are sent, channels closed, engines told how long to send. */
import { Effect, type Scope } from "effect"
import type { NodeBrain } from "../../core/placement/node-brain.ts"
import type { Outcome, Statement } from "../../core/placement/statements.ts"
import type { Timing } from "../../core/placement/timing.ts"
import type { EngineFences } from "./engine-fences.ts"
import type { Answer, NodeDatabase } from "./NodeDatabase.ts"
import { type Self, type StoredPlacement, type StoredSnapshot, statementText } from "./node-statements.ts"

/** What the parts of an agent work with. */
export interface Acting {
  readonly self: Self
  readonly timing: Timing
  readonly brain: NodeBrain
  readonly database: NodeDatabase
  readonly fences: EngineFences
  /** Ms of the fences' clock. */
  readonly clockMs: () => number
  /** Runs after everything that may have changed something. */
  readonly changed: Effect.Effect<void>
  /** Ends what goes on in the background. */
  readonly scope: Scope.Scope
  /** Attempts to close a channel that are under way. */
  readonly closing: Set<string>
  /** As PostgreSQL told it last, with the rows that this node has changed since. */
  snapshot: StoredSnapshot
}

/** Waits for no longer than a beat and a half. */
export const ask = ({ database, timing }: Acting, text: string): Effect.Effect<Answer> =>
  Effect.promise(() => database.ask(text, timing.beatMs * 1.5))

const runStatement = (acting: Acting, statement: Statement): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { brain, clockMs, self, timing } = acting
    const answer = yield* ask(acting, statementText(self, statement, timing.deadMs))
    const outcome: Outcome =
      answer.kind === "done" ? { kind: "done", rows: answer.answers as ReadonlyArray<StoredPlacement> } : answer
    brain.onOutcome(statement, outcome, clockMs())
    if (answer.kind === "done") {
      const rows = new Map((answer.answers as ReadonlyArray<StoredPlacement>).map((row) => [row.channel, row]))
      const { snapshot } = acting
      acting.snapshot = { ...snapshot, rows: snapshot.rows.map((row) => rows.get(row.channel) ?? row) }
    }
    yield* carryOut(acting)
  })

const closeOne = (acting: Acting, channel: string, attempt: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { brain, clockMs, closing, fences } = acting
    const key = `${channel} ${attempt}`
    if (closing.has(key)) return
    closing.add(key)
    // An engine that does not answer is waited for until the lease would have run out.
    const isClosed = yield* fences.close(channel)
    closing.delete(key)
    if (!isClosed) return
    brain.onClosed(channel, attempt, clockMs())
    yield* carryOut(acting)
  })

/** Tells the engines, and begins whatever else is to be done. Nothing of it waits for an answer. */
export const carryOut = (acting: Acting): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { brain, changed, clockMs, fences, scope } = acting
    const inBackground = (effect: Effect.Effect<unknown>) => Effect.forkIn(effect, scope)
    const statements = brain.statements(clockMs())
    return fences.tell(brain).pipe(
      Effect.zipRight(Effect.forEach(statements, (one) => inBackground(runStatement(acting, one)), { discard: true })),
      Effect.zipRight(
        Effect.forEach(brain.toClose(), ([channel, attempt]) => inBackground(closeOne(acting, channel, attempt)), {
          discard: true,
        }),
      ),
      Effect.zipRight(changed),
    )
  })
