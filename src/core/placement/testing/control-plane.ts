/**
 * A node's control plane in a made-up world: it claims its name, beats, asks its partners while PostgreSQL is silent,
 * and tells its engine the fences.
 */
import { ClaimWatch } from "../claim-watch.ts"
import type { NodeRow, Snapshot } from "../model.ts"
import { NodeBrain } from "../node-brain.ts"
import type { Outcome, Statement } from "../statements.ts"
import type { Machine } from "./machine.ts"
import type { World } from "./world.ts"

/** Starts the control plane of a machine, and its engine when there is none. */
export const startControlPlane = (world: World, machine: Machine): void => {
  if (machine.brain !== null || machine.isOff) return
  if (!machine.hasEngine) {
    machine.hasEngine = true
    machine.fences.clear()
  }
  machine.told.clear()
  const boot = `${machine.instance}/${Math.round(world.now)}`
  machine.boot = boot
  const brain = () => {
    const { rules, timing } = world
    const startedMs = world.localOf(machine)
    machine.brain = new NodeBrain({ self: machine.name, boot, timing, startedMs, ...(rules ? { rules } : {}) })
  }
  brain()
  const later = (ms: number, run: () => void) => world.at(ms, () => world.within(machine, boot, run))
  const claimAfter = (seen: NodeRow | null) =>
    world.ask(
      machine,
      () => world.database.claim(machine.name, machine.instance, boot, seen, world.databaseNow),
      (isClaimed) => {
        if (isClaimed !== true) return later(world.timing.beatMs, () => claim())
        brain()
        beat(world, machine, boot)
        watchIsolation(world, machine, boot)
      },
    )
  const claim = (watch = new ClaimWatch(machine.instance, world.timing)) =>
    world.ask(
      machine,
      () => ({ seen: world.database.read(machine.name) }),
      (answer) => {
        const again = (next?: ClaimWatch) => later(world.timing.beatMs, () => claim(next))
        if (answer === null) return again(watch)
        const { seen } = answer
        const found = watch.look(seen, world.localOf(machine))
        if (found === "claim") claimAfter(seen)
        else again(found === "wait" ? watch : undefined)
      },
    )
  claim()
}

/** One beat, and the next. */
const beat = (world: World, machine: Machine, boot: string): void => {
  const { brain } = machine
  if (brain === null || machine.boot !== boot) return
  const sentMs = world.localOf(machine)
  const again = () => world.within(machine, boot, () => beat(world, machine, boot))
  world.at(Math.max(5, brain.nextBeatMs(sentMs) - sentMs), again)
  world.ask<Snapshot>(
    machine,
    () => world.database.beat(machine.name, boot, world.databaseNow),
    (snapshot) => {
      if (snapshot !== null) brain.onSnapshot(snapshot, sentMs, world.localOf(machine))
      carryOut(world, machine, brain)
    },
  )
}

/** Looks twice a beat whether PostgreSQL still answers. */
const watchIsolation = (world: World, machine: Machine, boot: string): void => {
  const { brain } = machine
  if (brain === null || machine.boot !== boot) return
  if (world.localOf(machine) - brain.watch.sentMs > world.timing.beatMs * 1.4) askPartners(world, machine, brain, boot)
  world.at(world.timing.beatMs / 2, () => world.within(machine, boot, () => watchIsolation(world, machine, boot)))
}

const askPartners = (world: World, machine: Machine, brain: NodeBrain, boot: string): void => {
  const sentMs = world.localOf(machine)
  const answered = new Set<string>()
  for (const [partner, asked] of brain.questions(sentMs)) {
    // By the address that PostgreSQL named last.
    const instance = brain.watch.node(partner)?.instance
    const peer = world.machines.find((one) => one.instance === instance)
    if (peer === undefined || peer.isOff) continue
    world.at(world.delay(), () => {
      if (world.isCut(machine.name, partner) || peer.brain === null) return
      world.within(peer, peer.boot, () => {
        const granted = peer.brain?.grant(machine.name, asked, world.localOf(peer)) ?? []
        world.at(world.delay(), () => {
          if (world.isCut(machine.name, partner)) return
          world.within(machine, boot, () => {
            answered.add(partner)
            brain.onGranted(partner, granted, sentMs, world.localOf(machine))
            carryOut(world, machine, brain)
          })
        })
      })
    })
  }
  world.at(world.timing.beatMs * 0.6, () =>
    world.within(machine, boot, () => {
      if (world.localOf(machine) - brain.watch.sentMs > world.timing.beatMs * 1.4)
        brain.keepGoing(world.localOf(machine), answered)
      carryOut(world, machine, brain)
    }),
  )
}

/** Tells the engine its fences, and sends what is to be asked. */
const carryOut = (world: World, machine: Machine, brain: NodeBrain): void => {
  const { boot } = machine
  for (const row of brain.rows()) {
    if (row.target === machine.name || row.partner === machine.name) brain.onArmed(row.channel, true)
    const fence = Math.max(0, brain.fenceOf(row.channel))
    if (machine.told.get(row.channel) === fence) continue
    machine.told.set(row.channel, fence)
    lease(world, machine, row.channel, fence)
  }
  for (const statement of brain.statements(world.localOf(machine))) send(world, machine, brain, statement)
  for (const [channel, attempt] of brain.toClose()) {
    toEngine(world, machine, () => {
      if (machine.boot !== boot) return
      machine.fences.set(channel, 0)
      world.within(machine, boot, () => {
        brain.onClosed(channel, attempt, world.localOf(machine))
        carryOut(world, machine, brain)
      })
    })
  }
}

const lease = (world: World, machine: Machine, channel: string, fenceMs: number): void => {
  const { boot } = machine
  toEngine(world, machine, () => {
    // A control plane that is gone has no connection any more.
    if (machine.boot !== boot) return
    machine.fences.set(channel, fenceMs)
    world.look()
  })
}

/** Has the engine of a machine do something, in the order in which it is told. */
const toEngine = (world: World, machine: Machine, run: () => void): void => {
  const carriedOut = () => {
    if (!machine.hasEngine || machine.isOff) return
    if (machine.machineFrozen) machine.waiting.push(carriedOut)
    else run()
  }
  machine.engineFreeAt = Math.max(machine.engineFreeAt + 0.01, world.now + world.random() * world.engineDelayMs)
  world.at(machine.engineFreeAt - world.now, carriedOut)
}

const send = (world: World, machine: Machine, brain: NodeBrain, statement: Statement): void => {
  const { boot, name } = machine
  world.ask(
    machine,
    () => {
      if (world.random() < world.severing) world.sever(name)
      return world.database.run(name, boot, statement, world.databaseNow)
    },
    (rows) => {
      const outcome: Outcome = rows === null ? { kind: "unknown" } : { kind: "done", rows }
      brain.onOutcome(statement, outcome, world.localOf(machine))
      carryOut(world, machine, brain)
    },
  )
}
