/** One world from its seed: trouble, then rest; what must never happen, and what must not happen without a reason. */
import type { NodeBrain } from "../node-brain.ts"
import { timingOf } from "../timing.ts"
import { startControlPlane } from "./control-plane.ts"
import { ALL_FAULTS, type Fault, heal, plan } from "./faults.ts"
import { DATABASE, World, type WorldOptions } from "./world.ts"

const NODES = ["a", "b", "c"]
const CHANNELS = 5
/** For so long everything has worked before the first fault, and works after the last. */
const SETTLED_MS = 12_000
const TROUBLE_MS = 60_000
const SAMPLE_MS = 400

export interface RunOptions extends Partial<Omit<WorldOptions, "seed" | "names">> {
  readonly faults?: ReadonlyArray<Fault>
  readonly everyMs?: number
}

export interface Verdict {
  /** Two senders of one channel, or null. */
  readonly violation: string | null
  /** Channels that were dark although the rules do not say so, or null. */
  readonly dark: string | null
  /** Moments at which a channel was looked at, and at which nobody sent it. */
  readonly looked: number
  readonly unsent: number
  /** Faults that struck. */
  readonly faults: number
  /** How long it ran, in ms of its own time. */
  readonly worldMs: number
}

const linkOf = (a: string, b: string) => (a < b ? `${a} ${b}` : `${b} ${a}`)

/**
 * Whether the rules say that a channel may be dark: its owner is in trouble, or cannot reach PostgreSQL while its
 * partner cannot be asked either; not longer than a takeover takes after that.
 */
const isExcused = (world: World, channel: string, since: ReadonlyMap<string, number>): boolean => {
  const row = world.database.rows.get(channel)
  if (row === undefined) return true
  const { beatMs, deadMs } = world.timing
  const window = deadMs * 1.05 + 4 * beatMs
  const recent = (name: string) => (world.troubled.get(name) ?? Number.NEGATIVE_INFINITY) > world.now - window
  const { owner, partner } = row
  // Another owner or partner since: what is true of them now does not say what was then.
  if ((since.get(channel) ?? 0) > world.now - window) return true
  // Its owner waits until a lease has run out that it may have granted.
  if (row.openEpoch !== row.epoch || recent(owner)) return true
  if (!recent(DATABASE) && !recent(linkOf(owner, DATABASE))) return false
  // Nobody has told it yet, and now PostgreSQL cannot.
  const owners = world.machines.flatMap(({ brain, name }) => (name === owner && brain !== null ? [brain] : []))
  const isTold = (brain: NodeBrain) =>
    brain.rows().some((known) => known.channel === channel && known.owner === owner && known.epoch === row.epoch)
  if (!owners.some(isTold)) return true
  // PostgreSQL went away in the midst of a change.
  if (owners.some((brain) => brain.isInDoubt(channel))) return true
  return partner === null || recent(partner) || recent(linkOf(owner, partner)) || row.target !== null
}

/** Runs it for about two minutes of its time. */
export const runWorld = (seed: number, options: RunOptions = {}): Verdict => {
  const { everyMs = 4000, faults = ALL_FAULTS, timing = timingOf(6, 8), ...rest } = options
  const world = new World({ seed, timing, names: NODES, ...rest })
  for (let n = 0; n < CHANNELS; n++) {
    const home = NODES[n % NODES.length] ?? ""
    world.database.place(
      `channel-${n}`,
      home,
      NODES[(n + 1 + (n % 2)) % NODES.length] ?? null,
      n === 4 ? "keep" : "stop",
    )
  }
  for (const machine of world.machines) startControlPlane(world, machine)
  world.runUntil(SETTLED_MS)
  plan(world, faults, everyMs, SETTLED_MS + TROUBLE_MS)

  let dark: string | null = null
  let looked = 0
  let unsent = 0
  const epochs = new Map([...world.database.rows.values()].map(({ channel, epoch }) => [channel, epoch]))
  const changed = new Map<string, number>()
  const darkBefore = new Set<string>()
  const sample = () => {
    for (const link of world.cut) world.troubled.set(link, world.now)
    if (world.databaseIsDown) world.troubled.set(DATABASE, world.now)
    if (world.lossy > 0 || world.engineDelayMs > 5)
      for (const name of [...NODES, DATABASE]) world.troubled.set(name, world.now)
    // A node that PostgreSQL has not taken yet since it was started is as good as down, and so is one of two machines
    // under one name.
    for (const { brain, isOff, name, standsStill } of world.machines)
      if (!isOff && (brain?.isKnown !== true || standsStill)) world.troubled.set(name, world.now)
    for (const name of NODES)
      if (world.machines.every((one) => one.isOff || one.name !== name)) world.troubled.set(name, world.now)
    for (const { channel, epoch } of world.database.rows.values()) {
      if (epochs.get(channel) !== epoch) {
        changed.set(channel, world.now)
        epochs.set(channel, epoch)
      }
      looked++
      if (world.senders(channel).length > 0) {
        darkBefore.delete(channel)
        continue
      }
      unsent++
      // A channel that is handed over is dark for an answer of PostgreSQL, and one whose reason has gone until its engine
      // is told: twice in a row without a reason is more than that.
      if (isExcused(world, channel, changed)) darkBefore.delete(channel)
      else if (darkBefore.has(channel)) dark ??= `${channel} is dark at ${Math.round(world.now)}`
      else darkBefore.add(channel)
    }
  }
  const sampleUntil = (end: number) => {
    while (world.now < end && world.violation === null) {
      world.runUntil(world.now + SAMPLE_MS)
      sample()
    }
  }
  sampleUntil(SETTLED_MS + TROUBLE_MS)
  heal(world)
  sampleUntil(world.now + timing.deadMs * 3 + SETTLED_MS)
  if (world.violation === null)
    for (const { channel } of world.database.rows.values())
      if (world.senders(channel).length === 0 && !isExcused(world, channel, changed))
        dark ??= `${channel} is dark after all has worked for long`
  return { violation: world.violation, dark, looked, unsent, faults: world.faults, worldMs: world.now }
}
