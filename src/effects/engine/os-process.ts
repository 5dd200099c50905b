/** Looks at operating-system processes that need not be children of this one. */
import { readFileSync } from "node:fs"

/** True for a live process; a zombie counts as dead, since in a container nobody may reap an adopted engine. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return stat.charAt(stat.lastIndexOf(")") + 2) !== "Z"
  } catch {
    return process.platform !== "linux"
  }
}

/** Program and arguments with spaces between; empty when the process is gone or there is no /proc. */
export const commandLine = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
  } catch {
    return ""
  }
}
