/** What goes wrong in a world, and what its operators do meanwhile: drawn by its seed. */
import { startControlPlane } from "./control-plane.ts"
import type { Machine } from "./machine.ts"
import { DATABASE, type World } from "./world.ts"

const linkOf = (a: string, b: string) => (a < b ? `${a} ${b}` : `${b} ${a}`)

/** How long a fault lasts, in ms: mostly around the dead time, sometimes much longer. */
const lasting = ({ random, timing }: World) => 200 + random() ** 2 * timing.deadMs * (random() < 0.2 ? 6 : 2.5)

const pick = <A>({ random }: World, list: ReadonlyArray<A>): A => list[Math.floor(random() * list.length)] as A

/** Notes that something is in trouble; gives the function that notes it again when that ends. */
const trouble = (world: World, ...names: ReadonlyArray<string>) => {
  for (const name of names) world.troubled.set(name, world.now)
  return () => {
    for (const name of names) world.troubled.set(name, world.now)
  }
}

const running = (world: World) => world.machines.filter((machine) => !machine.isOff && machine.brain !== null)

const kill = (engineToo: boolean) => (world: World) => {
  const machine = pick(world, running(world))
  if (machine === undefined) return
  const over = trouble(world, machine.name)
  world.kill(machine, engineToo)
  world.at(lasting(world), () => {
    startControlPlane(world, machine)
    over()
  })
}

const freeze = (which: "processFrozen" | "machineFrozen") => (world: World) => {
  const machine = pick(world, running(world))
  if (machine === undefined || machine.standsStill) return
  const over = trouble(world, machine.name)
  machine[which] = true
  world.at(lasting(world), () => {
    world.thaw(machine)
    over()
  })
}

const cut = (world: World, links: ReadonlyArray<string>) => {
  const over = trouble(world, ...links)
  for (const link of links) world.cut.add(link)
  world.at(lasting(world), () => {
    for (const link of links) world.cut.delete(link)
    over()
  })
}

const cutOne = (world: World) => {
  const names = [...new Set(world.machines.map(({ name }) => name)), DATABASE]
  const a = pick(world, names)
  const b = pick(
    world,
    names.filter((name) => name !== a),
  )
  cut(world, [linkOf(a, b)])
}

/** One node loses PostgreSQL and nothing else. */
const cutDatabase = (world: World) => cut(world, [linkOf(pick(world, world.machines).name, DATABASE)])

/** Two sides that do not hear each other, PostgreSQL on either. */
const partition = (world: World) => {
  const names = [...new Set(world.machines.map(({ name }) => name)), DATABASE]
  const side = new Set(names.filter(() => world.random() < 0.5))
  cut(
    world,
    names.flatMap((a) => names.filter((b) => a < b && side.has(a) !== side.has(b)).map((b) => linkOf(a, b))),
  )
}

const databaseDown = (world: World) => {
  const over = trouble(world, DATABASE)
  world.databaseIsDown = true
  world.at(lasting(world), () => {
    world.databaseIsDown = false
    over()
  })
}

/** Answers are lost, and statements arrive long after they were given up. */
const badNetwork = (world: World) => {
  const over = trouble(world, DATABASE, ...world.machines.map(({ name }) => name))
  world.lossy = 0.1 + world.random() * 0.4
  world.lateMs = world.timing.deadMs * 2 * world.random()
  world.at(lasting(world), () => {
    world.lossy = 0
    over()
  })
}

/** Whether a machine lives on that was replaced, of another name or cut from PostgreSQL for good. */
const isDoubled = ({ machines }: World, name: string) => {
  const living = machines.filter(({ isOff }) => !isOff)
  return living.some(
    (one) => one.isSevered || living.some((other) => other !== one && other.name === one.name && one.name !== name),
  )
}

/** Another machine starts under the name of one that nobody hears. */
const replace = (world: World) => {
  const old = pick(world, running(world))
  if (old === undefined) return
  const others = [...new Set(world.machines.map(({ name }) => name)), DATABASE].filter((name) => name !== old.name)
  const over = trouble(world, old.name)
  // PostgreSQL does not hear it; now and then its partner does.
  const links = world.random() < 0.6 ? [linkOf(old.name, DATABASE)] : others.map((name) => linkOf(old.name, name))
  for (const link of links) world.cut.add(link)
  world.at(world.timing.deadMs * (1.05 + world.random() * 0.5), () => {
    // Now and then it hears PostgreSQL no more, and lives on for long: one at a time, and while no other name has two
    // living machines, see docs/nodes.md.
    const staysCut = world.random() < 0.5 && !isDoubled(world, old.name)
    old.isSevered = staysCut
    for (const link of links) world.cut.delete(link)
    startControlPlane(world, world.add(old.name))
    world.at(world.timing.deadMs * world.random() * (staysCut ? 5 : 1), () => {
      world.kill(old, true)
      old.isOff = true
      over()
    })
  })
}

const move = (world: World) => {
  const row = pick(world, [...world.database.rows.values()])
  const node = pick(world, [...world.database.nodes.values()])
  if (row === undefined || node === undefined || world.databaseIsDown || node.standing !== "up") return
  row.target = node.name === row.owner ? null : node.name
  row.targetReady = false
}

const rearrange = (world: World) => {
  const row = pick(world, [...world.database.rows.values()])
  if (row === undefined || world.databaseIsDown) return
  const names = [...world.database.nodes.keys()]
  row.home = pick(world, names)
  row.standby =
    world.random() < 0.3
      ? null
      : pick(
          world,
          names.filter((name) => name !== row.home),
        )
}

const drain = (world: World) => {
  const node = pick(world, [...world.database.nodes.values()])
  if (node === undefined || world.databaseIsDown || node.standing === "left") return
  node.standing = "draining"
  world.at(lasting(world) * 2, () => {
    const now = world.database.nodes.get(node.name)
    if (now?.standing === "draining") now.standing = "up"
  })
}

/** A node ends in an orderly way: hands over, leaves, and starts again later. */
const leave = (world: World) => {
  const machine: Machine | undefined = pick(world, running(world))
  if (machine === undefined) return
  const over = trouble(world, machine.name)
  const { boot } = machine
  const reaches = () => !world.databaseIsDown && !world.isCut(machine.name, DATABASE)
  machine.brain?.leave()
  if (reaches()) world.database.leave(machine.name, boot, "leaving")
  const noteEnd = () => {
    if (!world.databaseIsDown) world.database.leave(machine.name, boot, "left")
  }
  const end = () => {
    if (machine.boot !== boot) return over()
    if (machine.standsStill) return world.at(1000, end)
    // The engine ends with the service; what is sent to PostgreSQL then may be lost.
    world.kill(machine, true)
    if (reaches()) world.at(world.random() < 0.5 ? 10 : lasting(world), noteEnd)
    world.at(lasting(world), () => {
      startControlPlane(world, machine)
      over()
    })
  }
  world.at(3000, end)
}

/** PostgreSQL's clock is set forward. */
const stepClock = (world: World) => {
  // Whoever was silent is so from now on.
  for (const [name, at] of world.troubled)
    if (world.now - at < world.timing.deadMs * 1.1) world.troubled.set(name, world.now)
  world.databaseOffset += world.timing.deadMs * (0.5 + world.random() * 2)
}

/** For a while nodes lose PostgreSQL just when they have changed something; their partners are chosen anew meanwhile. */
const sever = (world: World) => {
  world.severing = 0.5
  for (let n = 0; n < 4; n++) world.at(world.random() * 4000, () => (n % 2 === 0 ? rearrange : move)(world))
  world.at(lasting(world), () => {
    world.severing = 0
  })
}

/** Engines that are slow to do what they are told. */
const slowEngine = (world: World) => {
  const over = trouble(world, ...world.machines.map(({ name }) => name))
  world.engineDelayMs = 3000
  world.at(lasting(world), () => {
    world.engineDelayMs = 5
    over()
  })
}

const FAULTS = {
  killProcess: kill(false),
  killMachine: kill(true),
  freezeProcess: freeze("processFrozen"),
  freezeMachine: freeze("machineFrozen"),
  cutOne,
  cutDatabase,
  partition,
  databaseDown,
  badNetwork,
  stepClock,
  sever,
  slowEngine,
  replace,
  move,
  rearrange,
  drain,
  leave,
} as const
export type Fault = keyof typeof FAULTS
export const ALL_FAULTS = Object.keys(FAULTS) as ReadonlyArray<Fault>

/** Faults of the given kinds, one every `everyMs` on average, until a moment. */
export const plan = (world: World, kinds: ReadonlyArray<Fault>, everyMs: number, untilMs: number): void => {
  const next = () => {
    if (world.now > untilMs) return
    FAULTS[pick(world, kinds)](world)
    world.faults++
    world.at(world.random() * 2 * everyMs, next)
  }
  world.at(world.random() * everyMs, next)
}

/** Everything works again: what is cut, down, frozen or ended, and nodes that were being drained. */
export const heal = (world: World): void => {
  world.cut.clear()
  world.databaseIsDown = false
  world.lossy = 0
  world.severing = 0
  world.engineDelayMs = 5
  for (const machine of world.machines) {
    if (machine.isOff) continue
    if (machine.standsStill) world.thaw(machine)
    startControlPlane(world, machine)
  }
  for (const node of world.database.nodes.values()) if (node.standing === "draining") node.standing = "up"
}
