/**
 * Reads what `machineChecks` judges, from `/proc` and `/sys`. What cannot be read is null: nothing here fails, on any
 * system.
 */
import { readdirSync, readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import type { DiskFact, MachineFacts } from "../../core/machine/machine-checks.ts"
import type { EngineStats } from "../../engine/protocol/messages.ts"
import { ENGINE_NICE } from "../../engine/system/priority.ts"

const CAP_NET_ADMIN = 12n
/** A limit that is none, as cgroups write it. */
const NO_LIMIT = "max"
/** Control groups, version 2, as a process in one sees its own. */
const CGROUP = "/sys/fs/cgroup"
const PROCESSORS = "/sys/devices/system/cpu"

const text = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8").trim()
  } catch {
    return null
  }
}

const number = (value: string | null | undefined): number | null => {
  const read = value == null || value === "" ? Number.NaN : Number(value)
  return Number.isFinite(read) ? read : null
}

/** The value behind a name in lines of `name value`, with or without a colon. */
const lineOf = (lines: string | null, name: string): string | null =>
  lines === null ? null : (new RegExp(`^${name}:?\\s+(.+)$`, "m").exec(lines)?.[1] ?? null)

const kilobytes = (lines: string | null, name: string): number | null => {
  const value = number(lineOf(lines, name)?.replace(/ kB$/, ""))
  return value === null ? null : value * 1024
}

const capabilities = (status: string | null): bigint | null => {
  const mask = lineOf(status, "CapEff")
  return mask === null ? null : BigInt(`0x${mask}`)
}

/** The soft limit is what counts: a process that wants more has raised it to its hard limit by itself. */
const openFilesOf = (limits: string | null): number | null => {
  const soft = limits === null ? undefined : /^Max open files\s+(\S+)/m.exec(limits)?.[1]
  return soft === "unlimited" ? Number.POSITIVE_INFINITY : number(soft)
}

/** The nice value is the 19th field of stat; the name before it, in brackets, may hold anything. */
const niceOf = (stat: string | null): number | null =>
  stat === null ? null : number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16])

const governors = (): ReadonlyArray<string> => {
  try {
    return readdirSync(PROCESSORS)
      .filter((name) => /^cpu\d+$/.test(name))
      .flatMap((name) => text(`${PROCESSORS}/${name}/cpufreq/scaling_governor`) ?? [])
  } catch {
    return []
  }
}

/** Running sums of processor time. */
interface Sums {
  /** Jiffies of all processors, and those of them that the hypervisor took. */
  readonly all: number
  readonly stolen: number
  /** Microseconds in which the control group was held back, and when that was read, in ms; null without a limit. */
  readonly throttledUs: number | null
  readonly atMs: number
}

const readSums = (): Sums | null => {
  const line = text("/proc/stat")?.split("\n")[0]
  const [name, ...values] = line?.split(/\s+/) ?? []
  // user nice system idle iowait irq softirq steal; what guests take is counted in user already.
  const jiffies = values.slice(0, 8).map(Number)
  if (name !== "cpu" || jiffies.length < 8) return null
  return {
    all: jiffies.reduce((sum, value) => sum + value, 0),
    stolen: jiffies[7] ?? 0,
    throttledUs: number(lineOf(text(`${CGROUP}/cpu.stat`), "throttled_usec")),
    atMs: performance.now(),
  }
}

const share = (part: number, whole: number): number | null =>
  whole <= 0 ? null : Math.min(1, Math.max(0, part / whole))

const coreQuota = (): number | null => {
  const [quota, period] = text(`${CGROUP}/cpu.max`)?.split(" ") ?? []
  if (quota === undefined || quota === NO_LIMIT) return null
  const [microseconds, every] = [number(quota), number(period)]
  return microseconds === null || every === null ? null : Math.round((microseconds / every) * 100) / 100
}

const memory = (): Pick<MachineFacts, "memoryAvailable" | "memoryLimit"> => {
  const available = kilobytes(text("/proc/meminfo"), "MemAvailable")
  const limit = number(text(`${CGROUP}/memory.max`))
  const used = number(text(`${CGROUP}/memory.current`))
  // What files have cached counts as used, and is given up when it is needed.
  const cached = number(lineOf(text(`${CGROUP}/memory.stat`), "inactive_file")) ?? 0
  if (limit === null || used === null) return { memoryAvailable: available, memoryLimit: limit }
  const left = Math.max(0, limit - used + cached)
  return { memoryAvailable: available === null ? left : Math.min(left, available), memoryLimit: limit }
}

export interface MachineQuestion {
  /** Process id of the engine; null while it is away. */
  readonly enginePid: number | null
  readonly clock: EngineStats["clock"] | null
  readonly neededFiles: number
  readonly disks: ReadonlyArray<DiskFact>
}

/** Shares are taken over this long at least, in ms, so that they show the machine and not a moment. */
const INTERVAL_MS = 10_000

/** Makes the reader, which measures the machine between one question and an earlier one. */
export const makeMachineFacts = () => {
  let before = readSums()
  let last = before
  return ({ clock, disks, enginePid, neededFiles }: MachineQuestion): MachineFacts => {
    const now = readSums()
    if (now !== null && last !== null && now.atMs - last.atMs >= INTERVAL_MS) {
      before = last
      last = now
    }
    const throttled =
      now?.throttledUs == null || before?.throttledUs == null ? null : now.throttledUs - before.throttledUs
    const ofEngine = (file: string) => (enginePid === null ? null : text(`/proc/${enginePid}/${file}`))
    const status = ofEngine("status")
    const mask = capabilities(status)
    return {
      rmemMax: number(text("/proc/sys/net/core/rmem_max")),
      mayForceBuffers: mask === null ? null : ((mask >> CAP_NET_ADMIN) & 1n) === 1n,
      openFiles: openFilesOf(ofEngine("limits")),
      neededFiles,
      engineNice: niceOf(ofEngine("stat")),
      wantedNice: ENGINE_NICE,
      governors: governors(),
      cores: availableParallelism(),
      coreQuota: coreQuota(),
      throttledShare:
        now === null || throttled === null ? null : share(throttled / 1000, now.atMs - (before?.atMs ?? 0)),
      stolenShare: now === null || before === null ? null : share(now.stolen - before.stolen, now.all - before.all),
      ...memory(),
      swapped: kilobytes(status, "VmSwap"),
      clock: clock == null ? null : { synchronized: clock.synchronized, maxErrorMs: clock.max_error_us / 1000 },
      disks,
    }
  }
}
