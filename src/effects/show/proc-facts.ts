/** What Linux tells of the machine and of the service's processes, as it stands below /proc. Nothing of it is secret. */
import { readdir, readFile } from "node:fs/promises"

export interface TextFile {
  /** Path in the bundle. */
  readonly name: string
  readonly text: string
}

/** Never `environ` and `cmdline`: they may hold secrets. */
const OF_MACHINE = [
  "version",
  "loadavg",
  "meminfo",
  "stat",
  "uptime",
  "interrupts",
  "softirqs",
  "net/dev",
  "net/snmp",
  "net/snmp6",
  "net/netstat",
  "net/softnet_stat",
  "net/udp",
  "net/udp6",
  "net/sockstat",
  "pressure/cpu",
  "pressure/memory",
  "pressure/io",
  "sys/net/core/rmem_max",
  "sys/net/core/rmem_default",
  "sys/net/core/wmem_max",
  "sys/net/core/netdev_max_backlog",
  "sys/net/ipv4/udp_mem",
  "sys/kernel/osrelease",
]
const OF_PROCESS = ["status", "stat", "limits", "sched", "io", "cgroup", "oom_score"]
/** Longest text of a file, in characters. */
const MOST = 200_000

const readText = async (path: string): Promise<string | null> => {
  try {
    return (await readFile(path, "utf8")).slice(0, MOST)
  } catch {
    return null
  }
}

const filesAt = async (paths: ReadonlyArray<string>): Promise<ReadonlyArray<TextFile>> => {
  const texts = await Promise.all(paths.map((path) => readText(`/proc/${path}`)))
  return paths.flatMap((path, i) => {
    const text = texts[i]
    return text === null || text === undefined ? [] : [{ name: `proc/${path}`, text }]
  })
}

/** Threads of a process with the CPU time of each. */
const threadsOf = async (pid: number): Promise<ReadonlyArray<TextFile>> => {
  const ids = await readdir(`/proc/${pid}/task`).catch(() => [])
  const stats = await Promise.all(ids.slice(0, 200).map((id) => readText(`/proc/${pid}/task/${id}/stat`)))
  return [{ name: `proc/${pid}/threads`, text: stats.filter((one) => one !== null).join("") }]
}

/** What can be read of the machine and the processes; what is not there is left out. */
export const procFacts = async (pids: ReadonlyArray<number>): Promise<ReadonlyArray<TextFile>> => {
  const machine = await filesAt(OF_MACHINE)
  const processes = await Promise.all(
    pids.map(async (pid) => [
      ...(await filesAt(OF_PROCESS.map((name) => `${pid}/${name}`))),
      ...(await threadsOf(pid)),
    ]),
  )
  return [...machine, ...processes.flat()]
}
