/**
 * What a machine is like, judged as a place for this service: each check says what is there, what it costs and what to
 * do. Pure: whoever has read the facts calls `machineChecks`.
 */

/** What was read of the machine; null where it cannot be told, as in containers without `/sys`. */
export interface MachineFacts {
  /** Largest receive buffer of a socket that the kernel grants to anybody, in bytes (net.core.rmem_max). */
  readonly rmemMax: number | null
  /** True when the engine may go beyond `rmemMax` (CAP_NET_ADMIN). */
  readonly mayForceBuffers: boolean | null
  /** Files and sockets that the engine may have open; infinite without a limit. */
  readonly openFiles: number | null
  /** Sockets and files that the outputs and legs of the configuration need at most. */
  readonly neededFiles: number
  /** Nice value of the engine's packet loop, -20 to 19. */
  readonly engineNice: number | null
  /** Nice value that the engine asks for. */
  readonly wantedNice: number
  /** How the frequency of each processor is chosen; empty where the kernel does not choose it. */
  readonly governors: ReadonlyArray<string>
  /** Processors that the kernel shows. */
  readonly cores: number
  /** Processors that the control group may use at most; null without a limit. */
  readonly coreQuota: number | null
  /** Share of its time, 0 to 1, in which the control group was held back although it had work. */
  readonly throttledShare: number | null
  /** Share of processor time, 0 to 1, that the hypervisor gave to others. */
  readonly stolenShare: number | null
  /** Bytes that can be had without swapping, and below, the limit of the control group; null without one. */
  readonly memoryAvailable: number | null
  readonly memoryLimit: number | null
  /** Bytes of the engine that were swapped out. */
  readonly swapped: number | null
  /** What the kernel knows of the clock; `maxErrorMs` is its own bound on how far off it is. */
  readonly clock: { readonly synchronized: boolean; readonly maxErrorMs: number } | null
  readonly disks: ReadonlyArray<DiskFact>
}

export interface DiskFact {
  /** Setting that names the directory. */
  readonly setting: string
  readonly path: string
  /** Bytes that may still be written; null where unknown. */
  readonly free: number | null
}

export type CheckState = "ok" | "warning" | "unknown"

export interface MachineCheck {
  /** Short and stable, for automation. */
  readonly id: string
  readonly state: CheckState
  /** What is there, as a sentence. */
  readonly found: string
  /** What a warning costs, and what to do about it; empty when all is well. */
  readonly cost: string
  readonly remedy: string
}

/** A receive buffer that takes in half a second of 50 Mbit/s, which is what a leg asks for unless told otherwise. */
const BUFFER_BYTES = 4_194_304
/** What the process needs beside its legs and outputs: libraries, sockets of the control plane, logs, the store. */
const OWN_FILES = 256
const LEAST_FREE_BYTES = 1_000_000_000
const LEAST_MEMORY_BYTES = 512_000_000
/** Above this share others have taken so much that packets wait. */
const STOLEN_MAX = 0.02
const THROTTLED_MAX = 0.005
/** Cue times and as-run reports are told in milliseconds; a splice is a frame, 20 to 40 ms. */
const CLOCK_ERROR_MAX_MS = 100

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

const fine = (id: string, found: string): MachineCheck => ({ id, state: "ok", found, cost: "", remedy: "" })
const unknown = (id: string, found: string): MachineCheck => ({ id, state: "unknown", found, cost: "", remedy: "" })
const warning = (id: string, found: string, cost: string, remedy: string): MachineCheck => ({
  id,
  state: "warning",
  found,
  cost,
  remedy,
})

const buffers = ({ mayForceBuffers, rmemMax }: MachineFacts): MachineCheck => {
  const id = "receive_buffers"
  if (mayForceBuffers === true)
    return fine(id, "The engine may ask for any receive buffer (CAP_NET_ADMIN), whatever net.core.rmem_max says.")
  if (rmemMax === null) return unknown(id, "net.core.rmem_max cannot be read.")
  if (rmemMax >= BUFFER_BYTES) return fine(id, `net.core.rmem_max is ${rmemMax} bytes.`)
  const stallMs = Math.round((rmemMax / 2 / (20e6 / 8)) * 1000)
  return warning(
    id,
    `net.core.rmem_max is ${rmemMax} bytes, and the engine has no CAP_NET_ADMIN to go beyond it.`,
    `A stall of the machine longer than about ${stallMs} ms loses packets of a leg of 20 Mbit/s.`,
    `sysctl -w net.core.rmem_max=${BUFFER_BYTES} and the same line in /etc/sysctl.d, or give the engine CAP_NET_ADMIN.`,
  )
}

const openFiles = ({ neededFiles, openFiles: limit }: MachineFacts): MachineCheck => {
  const id = "open_files"
  if (limit === null) return unknown(id, "The limit on open files cannot be read.")
  const needed = neededFiles + OWN_FILES
  if (limit >= needed)
    return fine(id, `The engine may open ${Number.isFinite(limit) ? limit : "any number of"} files and sockets.`)
  return warning(
    id,
    `The engine may open ${limit} files and sockets; the channels that are configured need up to ${needed}.`,
    "Outputs beyond the limit cannot be opened, nor can receivers connect to listeners.",
    "LimitNOFILE=65536 in the systemd unit, or --ulimit nofile=65536 for a container.",
  )
}

const priority = ({ engineNice, wantedNice }: MachineFacts): MachineCheck => {
  const id = "priority"
  if (engineNice === null) return unknown(id, "The priority of the engine cannot be read.")
  if (engineNice <= wantedNice) return fine(id, `The engine runs with nice ${engineNice}, ahead of other work.`)
  return warning(
    id,
    `The engine runs with nice ${engineNice} instead of ${wantedNice}.`,
    "Packets wait for the processor whenever other programs keep it busy.",
    `CAP_SYS_NICE or LimitNICE=${wantedNice} in the systemd unit, --cap-add SYS_NICE for a container.`,
  )
}

const governor = ({ governors }: MachineFacts): MachineCheck => {
  const id = "cpu_governor"
  const slow = [...new Set(governors)].filter((name) => name !== "performance")
  if (governors.length === 0)
    return fine(id, "The kernel does not choose the frequency of the processors (virtual machine or firmware).")
  if (slow.length === 0) return fine(id, "All processors run with the governor performance.")
  return warning(
    id,
    `Processors run with the governor ${slow.join(", ")}.`,
    "A processor that clocks down between packets wakes later and takes longer: more jitter at UDP and RTP outputs.",
    "cpupower frequency-set -g performance, or a tuned profile such as network-latency.",
  )
}

const processors = ({ coreQuota, cores, throttledShare }: MachineFacts): MachineCheck => {
  const id = "cpu_limit"
  if (throttledShare !== null && throttledShare > THROTTLED_MAX)
    return warning(
      id,
      `The control group was held back for ${percent(throttledShare)} of the time by its limit of ${
        coreQuota === null ? "processors" : `${coreQuota} processors`
      }.`,
      "While it is held back no packet is received or sent, up to a tenth of a second at a time.",
      "Raise or remove the limit (cpus in compose, CPUQuota in systemd, resources.limits.cpu in Kubernetes).",
    )
  if (coreQuota !== null && coreQuota < Math.min(2, cores))
    return warning(
      id,
      `The control group may use ${coreQuota} of ${cores} processors.`,
      "The engine and the control plane take turns on it, and the kernel holds both back when the share is used up.",
      "Give it two processors at least, or shares (CPUWeight) instead of a limit.",
    )
  return fine(id, `${coreQuota ?? cores} of ${cores} processors may be used.`)
}

const stolen = ({ stolenShare }: MachineFacts): MachineCheck => {
  const id = "cpu_stolen"
  if (stolenShare === null) return unknown(id, "The time that a hypervisor takes cannot be read.")
  if (stolenShare <= STOLEN_MAX) return fine(id, `A hypervisor took ${percent(stolenShare)} of the processor time.`)
  return warning(
    id,
    `A hypervisor gave ${percent(stolenShare)} of the processor time to others.`,
    "The whole machine stands still for moments that nothing on it can see; packets are late or lost in them.",
    "An instance type without credits (not T3, T4g), dedicated processors, or fewer neighbours on the host.",
  )
}

const memory = ({ memoryAvailable, memoryLimit, swapped }: MachineFacts): MachineCheck => {
  const id = "memory"
  if (swapped !== null && swapped > 0)
    return warning(
      id,
      `${megabytes(swapped)} of the engine were swapped out.`,
      "A packet whose memory has to come back from the disk is late by milliseconds to seconds.",
      "More memory, MemorySwapMax=0 for the service, or vm.swappiness=1.",
    )
  if (memoryAvailable === null) return unknown(id, "The available memory cannot be read.")
  const limit = memoryLimit === null ? "" : ` of the ${megabytes(memoryLimit)} that the control group may use`
  if (memoryAvailable >= LEAST_MEMORY_BYTES) return fine(id, `${megabytes(memoryAvailable)}${limit} are available.`)
  return warning(
    id,
    `Only ${megabytes(memoryAvailable)}${limit} are available.`,
    "The kernel ends the process that uses most of it, which may be the engine.",
    "More memory or a higher limit; docs/sizing.md says what a channel and an output take.",
  )
}

const clock = ({ clock: known }: MachineFacts): MachineCheck => {
  const id = "time"
  if (known === null) return unknown(id, "Whether the clock is synchronized is known when the engine has told.")
  const { maxErrorMs, synchronized } = known
  if (synchronized && maxErrorMs <= CLOCK_ERROR_MAX_MS)
    return fine(id, `The clock is synchronized, to ${maxErrorMs.toFixed(1)} ms or better.`)
  return warning(
    id,
    synchronized
      ? `The clock is synchronized, but only to ${Math.round(maxErrorMs)} ms.`
      : "The clock of this machine is not synchronized.",
    "Times of cues, of the as-run record and of schedules are wrong by as much as the clock; streams are not affected.",
    "Install chrony, or set NTP=yes for systemd-timesyncd; on AWS use 169.254.169.123.",
  )
}

const disk = ({ free, path, setting }: DiskFact): MachineCheck => {
  const id = `disk_${setting.toLowerCase()}`
  if (free === null) return unknown(id, `The free space for ${path} (${setting}) cannot be read.`)
  if (free >= LEAST_FREE_BYTES) return fine(id, `${megabytes(free)} are free for ${path} (${setting}).`)
  return warning(
    id,
    `Only ${megabytes(free)} are free for ${path} (${setting}).`,
    "When it is full, events, cues and changes of the configuration cannot be kept, and recordings end.",
    `Make room, or let ${setting} name a larger disk.`,
  )
}

const CHECKS = [buffers, openFiles, priority, governor, processors, stolen, memory, clock]

/** All checks of a machine, in a fixed order: what loses packets first. Directories on one path are told once. */
export const machineChecks = (facts: MachineFacts): ReadonlyArray<MachineCheck> => {
  const disks = facts.disks.filter(({ path }, index) => facts.disks.findIndex((one) => one.path === path) === index)
  return [...CHECKS.map((check) => check(facts)), ...disks.map(disk)]
}
