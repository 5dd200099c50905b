import { Effect } from "effect"
import { expect, it } from "vitest"
import { NodeBrain } from "../../core/placement/node-brain.ts"
import { timingOf } from "../../core/placement/timing.ts"
import type { Answer } from "./NodeDatabase.ts"
import { makeNodeAnswers } from "./node-answers.ts"
import { newNode } from "./node-start.ts"
import type { StoredPlacement, StoredSnapshot } from "./node-statements.ts"

const DONE: Answer = { kind: "done", answers: [], connection: 1 }
const AWAY: Answer = { kind: "unknown", why: "no answer within 1500 ms" }

const drained: StoredPlacement = {
  channel: "c1",
  epoch: 5,
  openEpoch: 5,
  owner: "a",
  partner: "b",
  home: "b",
  standby: null,
  isolated: "stop",
  target: null,
  targetReady: false,
  movedFrom: "b",
  movedWhy: "drained",
  movedMs: 0,
  gapMs: null,
}
const snapshotOf = (...rows: ReadonlyArray<StoredPlacement>): StoredSnapshot => {
  return { nowMs: 1000, nodes: [], rows, unplaced: [], counters: {} }
}

/** Node "a", whose last beat was answered with `row`; `known` is what it has learnt, PostgreSQL answers with `answer`. */
const nodeWith = (row: StoredPlacement | null, known: StoredPlacement, answer: Answer) => {
  const asked: string[] = []
  const brain = new NodeBrain({ self: "a", boot: "1", timing: timingOf(8, 16), startedMs: 0 })
  brain.onSnapshot(snapshotOf(known), 10, 20)
  const agent = {
    brain,
    snapshot: () => snapshotOf(...(row === null ? [] : [row])),
    problem: () => null,
    beatNow: Effect.void,
  }
  const database = {
    ask: async (text: string) => {
      asked.push(text)
      return answer
    },
    close: async () => {},
  }
  const self = newNode({ name: "a", address: "http://a", labels: {}, capacity: 10, instance: "i" })
  return { asked, isNoted: Effect.runPromise(makeNodeAnswers(agent, database, self, false).connected("c1")) }
}

it.each<[string, StoredPlacement | null, Answer, boolean, number]>([
  ["is noted", drained, DONE, true, 1],
  ["is noted later where PostgreSQL does not answer in time", drained, AWAY, false, 1],
  ["waits for a beat that has the move", { ...drained, epoch: 4, gapMs: 120 }, DONE, false, 0],
  ["waits for a beat that has the channel", null, DONE, false, 0],
  ["has been noted", { ...drained, gapMs: 120 }, DONE, true, 0],
  ["is no end of a gap where the channel was just placed", { ...drained, movedWhy: "placed" }, DONE, true, 0],
])("a connected output of a channel that came here %s", async (_what, row, answer, noted, statements) => {
  const { asked, isNoted } = nodeWith(row, drained, answer)
  expect(await isNoted).toBe(noted)
  expect(asked).toHaveLength(statements)
})
