/**
 * Carries out what the node's brain decides: beats, asks other nodes while PostgreSQL does not answer, tells the engine
 * how long it may send, and sends what is to be changed.
 *
 *   beats       four in a lease, and at once when another node tells of a change
 *   isolation   looks twice a beat whether PostgreSQL still answers; asks the partners for leases when it does not
 */
import { Effect, Queue, type Scope } from "effect"
import { firstPlacement } from "../../core/placement/choose-node.ts"
import { NodeBrain } from "../../core/placement/node-brain.ts"
import { type Acting, ask, carryOut } from "./carry-out-decisions.ts"
import type { NodeDatabase } from "./NodeDatabase.ts"
import { beatText, placeText, type StoredPlacement, type StoredSnapshot } from "./node-statements.ts"
import { grantedOf } from "./peer-leases.ts"

/** Between two beats that are sent since something was told, in ms. */
export const SHORTEST_GAP_MS = 20
/** PostgreSQL counts as away once its last answer is to a beat this many beats ago. */
const LATE_BEATS = 1.4

export interface AgentOptions extends Pick<Acting, "self" | "timing" | "database" | "fences" | "clockMs"> {
  /** A connection for beats, which must not wait for what is changed over `database`. */
  readonly beats: NodeDatabase
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

/** An agent at work. */
interface Working extends Acting, Pick<AgentOptions, "askPeer" | "beats"> {
  /** Why the last beat was not answered; null when it was. */
  problem: string | null
  /** Number of the connection over which the last answer to a beat came. */
  connection: number
}

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

/** Gives the channels that nobody has placed yet their nodes. */
const placeNew = (agent: Working) =>
  Effect.gen(function* () {
    const { brain, snapshot } = agent
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
    agent.snapshot = { ...snapshot, unplaced: [] }
    if (placed.length > 0) yield* ask(agent, placeText(placed))
  })

const beat = (agent: Working) =>
  Effect.gen(function* () {
    const { beats, brain, clockMs, self, timing } = agent
    const sentMs = clockMs()
    const answer = yield* Effect.promise(() => beats.ask(beatText(self), timing.beatMs * 1.5))
    if (answer.kind === "done") {
      const snapshot = answer.answers[0] as StoredSnapshot
      agent.snapshot = snapshot
      agent.problem = null
      brain.onSnapshot(snapshot, sentMs, clockMs(), answer.connection !== agent.connection)
      agent.connection = answer.connection
      yield* placeNew(agent)
    } else agent.problem = answer.why
    yield* carryOut(agent)
  })

/** True while PostgreSQL does not answer. */
const isAway = ({ brain, clockMs, timing }: Working) => clockMs() - brain.watch.sentMs > timing.beatMs * LATE_BEATS

/** Asks the partners of this node's channels for the leases that PostgreSQL does not give. */
const askPartners = (agent: Working) =>
  Effect.gen(function* () {
    const { askPeer, brain, clockMs, fences, timing } = agent
    const sentMs = clockMs()
    const answered = new Set<string>()
    yield* Effect.forEach(
      brain.questions(sentMs),
      ([partner, asked]) =>
        Effect.gen(function* () {
          const address = agent.snapshot.nodes.find(({ name }) => name === partner)?.address
          if (address === undefined) return
          const granted = yield* askPeer(partner, address, asked, timing.beatMs)
          if (granted === null) return
          answered.add(partner)
          brain.onGranted(partner, grantedOf(asked, granted), sentMs, clockMs())
          yield* fences.tell(brain)
        }),
      { concurrency: "unbounded", discard: true },
    )
    if (isAway(agent)) brain.keepGoing(clockMs(), answered)
    yield* carryOut(agent)
  })

/** Runs until the scope ends; the first beat has been answered, or has failed, when this returns. */
export const startAgent = (options: AgentOptions): Effect.Effect<NodeAgent, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { clockMs, self, timing, told } = options
    const brain = new NodeBrain({ self: self.name, boot: self.boot, timing, startedMs: clockMs() })
    const exclusive = (yield* Effect.makeSemaphore(1)).withPermits(1)
    const working: Working = {
      ...options,
      brain,
      changed: Effect.suspend(() => options.changed(agent)),
      scope: yield* Effect.scope,
      closing: new Set(),
      snapshot: NOTHING,
      problem: null,
      connection: 0,
    }
    const beatNow = exclusive(beat(working))
    const agent: NodeAgent = { brain, snapshot: () => working.snapshot, problem: () => working.problem, beatNow }

    const beatInTime = Effect.gen(function* () {
      const sentMs = clockMs()
      yield* beatNow
      const restMs = Math.max(SHORTEST_GAP_MS, brain.nextBeatMs(sentMs) - clockMs())
      const woken = Effect.zipRight(Queue.take(told), Effect.sleep(SHORTEST_GAP_MS))
      yield* Effect.raceFirst(Effect.sleep(restMs), woken)
    })
    const lookForIsolation = Effect.gen(function* () {
      yield* Effect.sleep(timing.beatMs / 2)
      if (isAway(working)) yield* askPartners(working)
    })
    /** A defect must not silence the node: it is told, and the next beat comes in its time. */
    const lasting = (loop: Effect.Effect<void>) =>
      loop.pipe(
        Effect.catchAllCause((cause) =>
          Effect.zipRight(Effect.logError("the node's beat failed", cause), Effect.sleep(timing.beatMs / 2)),
        ),
        Effect.forever,
        Effect.forkScoped,
      )

    yield* beatNow
    // What has just been placed is known at once.
    yield* beatNow
    yield* lasting(beatInTime)
    yield* lasting(lookForIsolation)
    return agent
  })
