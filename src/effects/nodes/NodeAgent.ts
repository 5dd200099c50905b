/**
 * Carries out what the node's brain decides: beats, asks other nodes while PostgreSQL does not answer, tells the engine
 * how long it may send, and sends what is to be changed.
 *
 *   beats       four in a lease, and at once when another node tells of a change
 *   isolation   looks twice a beat whether PostgreSQL still answers; asks the partners for leases when it does not
 */
import { Deferred, Effect, Queue, type Scope } from "effect"
import { firstPlacement } from "../../core/placement/choose-node.ts"
import { NodeBrain } from "../../core/placement/node-brain.ts"
import type { Outcome, Statement } from "../../core/placement/statements.ts"
import type { Timing } from "../../core/placement/timing.ts"
import type { EngineFences } from "./engine-fences.ts"
import type { NodeDatabase } from "./NodeDatabase.ts"
import {
  beatText,
  placeText,
  type Self,
  type StoredPlacement,
  type StoredSnapshot,
  statementText,
} from "./node-statements.ts"
import { grantedOf } from "./peer-leases.ts"

/** Between two beats that are sent since something was told, in ms. */
const SHORTEST_GAP_MS = 20
/** PostgreSQL counts as away once its last answer is to a beat this many beats ago. */
const LATE_BEATS = 1.4

export interface AgentOptions {
  readonly self: Self
  readonly timing: Timing
  /** A connection for what is changed, and one for beats, which must not wait for it. */
  readonly database: NodeDatabase
  readonly beats: NodeDatabase
  readonly fences: EngineFences
  /** Ms of the fences' clock. */
  readonly clockMs: () => number
  /** Asks another node for leases; null when it does not answer. */
  readonly askPeer: (
    node: string,
    address: string,
    channels: ReadonlyArray<readonly [string, number]>,
    withinMs: number,
  ) => Effect.Effect<ReadonlySet<string> | null>
  /** Emits when this node, or another one, has told of a change. */
  readonly told: Queue.Dequeue<void>
  /** Runs after everything that may have changed something. */
  readonly changed: (agent: NodeAgent) => Effect.Effect<void>
}

export interface NodeAgent {
  readonly brain: NodeBrain
  readonly snapshot: () => StoredSnapshot
  /** Why PostgreSQL does not answer; null when it does. */
  readonly problem: () => string | null
  /** Sends a beat now and returns behind its answer, or its failure. */
  readonly beatNow: Effect.Effect<void>
}

const NOTHING: StoredSnapshot = { nowMs: 0, nodes: [], rows: [], unplaced: [], counters: {} }

/** Runs until the scope ends; the first beat has been answered, or has failed, when this returns. */
export const startAgent = (options: AgentOptions): Effect.Effect<NodeAgent, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { askPeer, beats: beatDatabase, changed, clockMs, database, fences, self, timing, told } = options
    const scope = yield* Effect.scope
    const brain = new NodeBrain({ self: self.name, boot: self.boot, timing, startedMs: clockMs() })
    const exclusive = (yield* Effect.makeSemaphore(1)).withPermits(1)
    let snapshot = NOTHING
    let problem: string | null = null
    let connection = 0
    const closing = new Set<string>()
    const inBackground = (effect: Effect.Effect<unknown>) => Effect.forkIn(effect, scope)

    const ask = (text: string) => Effect.promise(() => database.ask(text, timing.beatMs * 1.5))

    const runStatement = (statement: Statement): Effect.Effect<void> =>
      Effect.gen(function* () {
        const answer = yield* ask(statementText(self, statement, timing.deadMs))
        const outcome: Outcome =
          answer.kind === "done" ? { kind: "done", rows: answer.answers as ReadonlyArray<StoredPlacement> } : answer
        brain.onOutcome(statement, outcome, clockMs())
        if (answer.kind === "done") {
          const rows = new Map((answer.answers as ReadonlyArray<StoredPlacement>).map((row) => [row.channel, row]))
          snapshot = { ...snapshot, rows: snapshot.rows.map((row) => rows.get(row.channel) ?? row) }
        }
        yield* carryOut
      })

    const closeOne = (channel: string, attempt: number) =>
      Effect.gen(function* () {
        const key = `${channel} ${attempt}`
        if (closing.has(key)) return
        closing.add(key)
        // An engine that does not answer is waited for until the lease would have run out.
        const isClosed = yield* fences.close(channel)
        closing.delete(key)
        if (!isClosed) return
        brain.onClosed(channel, attempt, clockMs())
        yield* carryOut
      })

    const place = Effect.gen(function* () {
      const up = brain.watch.up()
      if (snapshot.unplaced.length === 0 || up.length === 0 || !brain.isKnown) return
      const rows = [...snapshot.rows]
      const placed = snapshot.unplaced.flatMap((channel) => {
        const found = firstPlacement(up, rows)
        if (found === null) return []
        const { home, partner } = found
        rows.push({ ...EMPTY_ROW, channel, owner: home, home, partner })
        return [{ channel, home, partner }]
      })
      snapshot = { ...snapshot, unplaced: [] }
      if (placed.length > 0) yield* ask(placeText(placed))
    })

    /** Nothing of it waits for an answer. */
    const carryOut: Effect.Effect<void> = Effect.suspend(() => {
      const statements = brain.statements(clockMs())
      return fences.tell(brain).pipe(
        Effect.zipRight(Effect.forEach(statements, (one) => inBackground(runStatement(one)), { discard: true })),
        Effect.zipRight(
          Effect.forEach(brain.toClose(), ([channel, attempt]) => inBackground(closeOne(channel, attempt)), {
            discard: true,
          }),
        ),
        Effect.zipRight(changed(agent)),
      )
    })

    const beatNow = exclusive(
      Effect.gen(function* () {
        const sentMs = clockMs()
        const answer = yield* Effect.promise(() => beatDatabase.ask(beatText(self), timing.beatMs * 1.5))
        if (answer.kind === "done") {
          snapshot = answer.answers[0] as StoredSnapshot
          problem = null
          brain.onSnapshot(snapshot, sentMs, clockMs(), answer.connection !== connection)
          connection = answer.connection
          yield* place
        } else problem = answer.why
        yield* carryOut
      }),
    )

    const askPartners = Effect.gen(function* () {
      const sentMs = clockMs()
      const answered = new Set<string>()
      const withinMs = timing.beatMs
      yield* Effect.forEach(
        brain.questions(sentMs),
        ([partner, asked]) =>
          Effect.gen(function* () {
            const address = snapshot.nodes.find(({ name }) => name === partner)?.address
            if (address === undefined) return
            const granted = yield* askPeer(partner, address, asked, withinMs)
            if (granted === null) return
            answered.add(partner)
            brain.onGranted(partner, grantedOf(asked, granted), sentMs, clockMs())
            yield* fences.tell(brain)
          }),
        { concurrency: "unbounded", discard: true },
      )
      if (isAway()) brain.keepGoing(clockMs(), answered)
      yield* carryOut
    })
    const isAway = () => clockMs() - brain.watch.sentMs > timing.beatMs * LATE_BEATS

    const agent: NodeAgent = { brain, snapshot: () => snapshot, problem: () => problem, beatNow }

    const beats = Effect.gen(function* () {
      const sentMs = clockMs()
      yield* beatNow
      const restMs = Math.max(SHORTEST_GAP_MS, brain.nextBeatMs(sentMs) - clockMs())
      const woken = Effect.zipRight(Queue.take(told), Effect.sleep(SHORTEST_GAP_MS))
      yield* Effect.raceFirst(Effect.sleep(restMs), woken)
    })
    const isolation = Effect.gen(function* () {
      yield* Effect.sleep(timing.beatMs / 2)
      if (isAway()) yield* askPartners
    })

    yield* beatNow
    // What has just been placed is known at once.
    yield* beatNow
    /** A defect must not silence the node: it is told, and the next beat comes in its time. */
    const lasting = (loop: Effect.Effect<void>) =>
      loop.pipe(
        Effect.catchAllCause((cause) =>
          Effect.zipRight(Effect.logError("the node's beat failed", cause), Effect.sleep(timing.beatMs / 2)),
        ),
        Effect.forever,
        Effect.forkScoped,
      )
    yield* lasting(beats)
    yield* lasting(isolation)
    return agent
  })

const EMPTY_ROW: StoredPlacement = {
  channel: "",
  epoch: 1,
  openEpoch: 1,
  owner: "",
  partner: null,
  home: "",
  standby: null,
  isolated: "stop",
  target: null,
  targetReady: false,
  movedFrom: null,
  movedWhy: "placed",
  movedMs: 0,
  gapMs: null,
}

/** Waits until the node owns nothing that it could hand over, or the time is over. */
export const handedOver = (agent: NodeAgent, withinMs: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    const done = yield* Deferred.make<void>()
    const look = Effect.gen(function* () {
      const { brain } = agent
      const others = brain.watch.up().some(({ name }) => name !== brain.self)
      if (!others || brain.rows().every(({ owner }) => owner !== brain.self)) yield* Deferred.succeed(done, undefined)
      else yield* agent.beatNow
    })
    yield* Effect.raceFirst(
      Deferred.await(done),
      Effect.forever(Effect.zipRight(look, Effect.sleep(SHORTEST_GAP_MS))),
    ).pipe(Effect.timeoutOption(withinMs))
  })
