/** The rules, each left out in turn: with which faults two nodes come to send one channel then. */
import { RULES, type Rules } from "../rules.ts"
import type { Fault } from "./faults.ts"
import { GUARDS, type Guards } from "./memory-database.ts"
import type { RunOptions } from "./run-world.ts"

/** Long before any world. */
const LONG_AGO = { startedMs: Number.NEGATIVE_INFINITY, lastGrantMs: undefined }

interface Mutant {
  readonly faults: ReadonlyArray<Fault>
  readonly rules?: Partial<Rules>
  readonly guards?: Partial<Guards>
  readonly engineChecks?: boolean
  /** A world in which it was seen, which is tried first. */
  readonly seed: number
}

const MUTANTS: Readonly<Record<string, Mutant>> = {
  "a lease counts from the answer": {
    faults: ["badNetwork", "freezeProcess", "cutOne"],
    rules: { leaseUntil: (_sentMs, nowMs, { leaseMs }) => nowMs + leaseMs },
    seed: 6,
  },
  "a lease is as long as the dead time": {
    faults: ["cutOne", "partition"],
    rules: { leaseUntil: (sentMs, _nowMs, { deadMs }) => sentMs + deadMs },
    seed: 8,
  },
  "an owner that took over does not wait for what it has granted": {
    faults: ["partition", "sever"],
    rules: { mayOpen: () => true },
    seed: 36,
  },
  "who has just started grants": {
    faults: ["killProcess", "cutOne", "partition", "databaseDown"],
    rules: { mayGrant: (known, ...rest) => known === undefined || RULES.mayGrant(known, ...rest) },
    seed: 1035,
  },
  "a partner grants whatever it knows": {
    faults: ["cutOne", "partition"],
    rules: { mayGrant: () => true },
    seed: 2,
  },
  "an owner asks its partner while it may have another one": {
    faults: ["sever"],
    rules: { mayAskPartner: () => true },
    seed: 3,
  },
  "a step of PostgreSQL's clock makes nodes dead": {
    faults: ["stepClock"],
    rules: {
      mayTakeOver: (row, self, silence, ...rest) =>
        RULES.mayTakeOver(row, self, { ...silence, watchedMs: Number.POSITIVE_INFINITY }, ...rest),
    },
    seed: 1,
  },
  "anybody takes over": {
    faults: ["cutOne", "partition"],
    rules: { mayTakeOver: (row, ...rest) => RULES.mayTakeOver({ ...row, partner: null }, ...rest) },
    guards: { partner: false },
    seed: 1,
  },
  "a channel is taken from an owner that waits": {
    faults: ["partition", "sever"],
    rules: { mayTakeOver: (row, ...rest) => RULES.mayTakeOver({ ...row, openEpoch: row.epoch }, ...rest) },
    guards: { opened: false },
    seed: 1083,
  },
  "a partner forgets what it granted": {
    faults: ["cutOne", "partition"],
    rules: {
      mayTakeOver: (row, self, silence, _given, ...rest) => RULES.mayTakeOver(row, self, silence, LONG_AGO, ...rest),
      mayOpen: () => true,
    },
    seed: 2,
  },
  "an owner that waits gives the channel away": {
    faults: ["partition", "sever", "move"],
    rules: { mayLeave: () => true },
    seed: 432,
  },
  "a channel is given away before its outputs are closed": {
    faults: ["move", "slowEngine"],
    rules: { mayRelease: () => true },
    seed: 6,
  },
  "a channel that is being given away is opened again": {
    faults: ["sever", "badNetwork", "move"],
    rules: { mayReopen: () => true },
    seed: 5,
  },
  "an engine that wakes sends before it looks": { faults: ["freezeMachine"], engineChecks: false, seed: 2 },
  "statements do not look at the epoch": {
    faults: ["badNetwork", "move"],
    guards: { epoch: false },
    seed: 373,
  },
  "a takeover does not look at the owner's beat": {
    faults: ["badNetwork", "partition"],
    guards: { silence: false },
    seed: 1700,
  },
  "what a process before has sent counts": { faults: ["leave", "killProcess"], guards: { boot: false }, seed: 11 },
  "another machine takes over at once what the one before stood by for": {
    faults: ["replace", "cutDatabase"],
    guards: { grants: false },
    seed: 819,
  },
  "another machine owns what the one before owned": { faults: ["replace"], guards: { instance: false }, seed: 29 },
}

/** Options of a world for each, and a seed. */
export const mutants = (): ReadonlyArray<readonly [string, number, RunOptions]> =>
  Object.entries(MUTANTS).map(([name, { engineChecks = true, faults, guards, rules, seed }]) => [
    name,
    seed,
    { faults, everyMs: 2500, engineChecks, rules: { ...RULES, ...rules }, guards: { ...GUARDS, ...guards } },
  ])
