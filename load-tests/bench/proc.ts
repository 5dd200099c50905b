/** What Linux tells about processes: CPU time, memory, environment, and how much the hypervisor took away. */
import { readdirSync, readFileSync } from "node:fs"

/** USER_HZ, the unit of /proc/<pid>/stat; 100 on every Linux this runs on. */
const TICKS_PER_SECOND = 100

const read = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return null
  }
}

/** utime + stime of all threads, and of children already waited for, in seconds; null when the process is gone. */
export const cpuSeconds = (pid: number): number | null => {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === null) return null
  // The command name may hold spaces and brackets; the fields after it are counted from the last bracket.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0) / TICKS_PER_SECOND
}

/** Resident set in bytes; 0 when the process is gone. */
export const rssBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? "")?.[1] ?? 0) * 1024

/**
 * Proportional set size in bytes: resident memory with shared pages divided among those that share them, so that the
 * sum over processes counts each page once (two processes of one 44 MiB executable have it in memory once). 0 when the
 * process is gone.
 */
export const pssBytes = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? "")?.[1] ?? 0) * 1024

export const commandLine = (pid: number): string => (read(`/proc/${pid}/cmdline`) ?? "").replaceAll("\0", " ")

/** Processes with `name=value` in their environment or `value` as an argument: a service and everything it started. */
export const pidsMarked = (name: string, value: string): ReadonlyArray<number> =>
  readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter(
      (pid) =>
        (read(`/proc/${pid}/environ`) ?? "").split("\0").includes(`${name}=${value}`) ||
        (read(`/proc/${pid}/cmdline`) ?? "").split("\0").includes(value),
    )

/** Seconds of CPU the hypervisor gave to others, summed over all CPUs, since boot. */
export const stealSeconds = (): number => {
  const fields = (read("/proc/stat")?.split("\n")[0] ?? "").split(/\s+/)
  return Number(fields[8] ?? 0) / TICKS_PER_SECOND
}
