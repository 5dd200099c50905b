/**
 * Processor time for what must not wait: what the engine and the control plane ask of the scheduler, so that other work
 * on the machine does not delay packets, nor silence the API.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { getPriority, setPriority } from "node:os"

/** Nice values, -20 to 19; below 0 needs CAP_SYS_NICE or RLIMIT_NICE. */
export const ENGINE_NICE = -10
/** Behind the engine: the API may wait for packets, packets not for the API. */
export const CONTROL_PLANE_NICE = -5
/** What this process was started with, which is for its children too. */
const GIVEN_NICE = getPriority()
/** Where Linux keeps the nice value of a session's autogroup (sched(7)); missing in kernels without them. */
const AUTOGROUP = "/proc/self/autogroup"
/** Threads of this process, by their numbers. */
const THREADS = "/proc/self/task"
/** "(comm) state ppid pgrp session ...", see proc(5). */
const SESSION_FIELD = 3

const isSessionLeader = (): boolean => {
  const stat = readFileSync("/proc/self/stat", "utf8")
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[SESSION_FIELD] === String(process.pid)
}

const isMissing = (cause: unknown): boolean => cause instanceof Error && "code" in cause && cause.code === "ENOENT"

/**
 * Raises the priority of the calling thread, of all threads that it starts later, and of the session that this process
 * leads.
 *
 * A detached process leads a session of its own, and where autogroups are on (the default of most distributions) a
 * session competes with all others as one: its threads' nice values count among themselves only. Measured on two cores
 * with 2 busy loops and 20 other sessions: without this the engine waited up to 3.5 s for the processor, with it never
 * 0.3 s.
 *
 * Returns what could not be had, as a sentence for the log; null when all was.
 */
export const raisePriority = (nice: number): string | null => {
  try {
    setPriority(nice)
    // A session that somebody else leads has other work in it.
    if (isSessionLeader()) writeFileSync(AUTOGROUP, String(nice))
    return null
  } catch (cause) {
    if (isMissing(cause)) return null
    const why = cause instanceof Error ? cause.message : String(cause)
    return `cannot raise the priority to ${nice} (${why}); give it CAP_SYS_NICE or LimitNICE=${ENGINE_NICE}`
  }
}

/**
 * Raises the priority of the session that a process leads which this one has just started detached. The process does so
 * itself (`raisePriority`), but only once its program is loaded, for which it would have to compete with all others:
 * with 40 processes ready to run, 0.4 s instead of 0.15 s until the engine listened. A refusal is left to the process to
 * report.
 */
export const raiseSession = (leader: number, nice: number): void => {
  try {
    writeFileSync(`/proc/${leader}/autogroup`, String(nice))
  } catch {
    // It has ended already, may not be raised, or there are no autogroups.
  }
}

/**
 * Raises the priority of the threads that exist already: a garbage collector that waits for the processor holds up the
 * thread that waits for it. To be called after `raisePriority`, with the nice value that it could get.
 */
export const raiseThreads = (nice: number): void => {
  try {
    for (const thread of readdirSync(THREADS)) setPriority(Number(thread), nice)
  } catch {
    // A thread has ended meanwhile, or there is no /proc: nothing depends on it.
  }
}

/**
 * Runs `start`, which starts a process, with the priority that this process was given: children inherit what the
 * calling thread has at that moment, and other programs (ffmpeg) are not to compete with the engine.
 */
export const withGivenPriority = <A>(start: () => A): A => {
  const raised = getPriority()
  if (raised >= GIVEN_NICE) return start()
  setPriority(GIVEN_NICE)
  try {
    return start()
  } finally {
    setPriority(raised)
  }
}
