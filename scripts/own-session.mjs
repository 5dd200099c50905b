// A session of its own for a program that other work on the machine must not disturb more than it has to.
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"

/** True for a process that began its session; also where nothing tells. */
const hasOwnSession = () => {
  try {
    // Fields behind the name in brackets (proc_pid_stat(5)): state, parent, process group, session.
    const fields = readFileSync("/proc/self/stat", "utf8").replace(/^.*\) /s, "")
    return Number(fields.split(" ")[3]) === process.pid
  } catch {
    return true
  }
}

/**
 * Returns in a process that has a session of its own: this one, or a second one with the same arguments, which this
 * one waits for, passes signals on to, and ends with the exit code of. Linux shares processors between sessions first
 * (autogroup, sched(7)): busy loops in the same terminal would each count as much as one of the program's processes.
 */
export const inOwnSession = () =>
  new Promise((resolve) => {
    if (hasOwnSession()) return resolve()
    const child = spawn(process.execPath, process.argv.slice(1), {
      detached: true,
      stdio: ["ignore", "inherit", "inherit"],
    })
    const tell = (signal) => {
      try {
        // The whole group, as a terminal does it.
        process.kill(-child.pid, signal)
      } catch {
        // It has just ended.
      }
    }
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, tell)
    child.on("error", (cause) => {
      process.stderr.write(`cannot run ${process.execPath}: ${cause.message}\n`)
      process.exit(1)
    })
    child.on("exit", (code) => process.exit(code ?? 1))
  })
