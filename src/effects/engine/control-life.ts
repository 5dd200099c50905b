/**
 * What a control plane leaves of itself while it lives: a file with its last figures, which it takes away when it ends
 * as it should, and a copy of its log. A control plane that finds the file of another one knows that it died.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Schema } from "effect"
import type { LogCopy } from "../config/log-copy.ts"
import type { Crash } from "./Crashes.ts"

const Figures = Schema.Struct({
  rss_bytes: Schema.Number,
  heap_used_bytes: Schema.Number,
  cpu_seconds: Schema.Number,
  /** Engines that answer, and channels that they carry. */
  engines: Schema.Number,
  channels: Schema.Number,
})

const Life = Schema.Struct({
  pid: Schema.Number,
  /** Names the start of the machine; null where the system does not tell. */
  boot: Schema.NullOr(Schema.String),
  /** Processes that the kernel ended for lack of memory since then; null where the system does not tell. */
  oom_kills: Schema.NullOr(Schema.Number),
  /** Epoch ms. */
  seen_at: Schema.Number,
  uptime: Schema.Number,
  channels: Schema.Array(Schema.String),
  figures: Figures,
  /** Signal by which it was told to end; null when it was not. */
  told: Schema.NullOr(Schema.String),
  /** Why it ends, in its own words; null when it did not know. */
  why: Schema.NullOr(Schema.String),
})
type Life = typeof Life.Type

/** What the machine tells about deaths. */
export type Machine = Pick<Life, "boot" | "oom_kills">

/** What a control plane carries. */
export interface Carried {
  readonly engines: number
  readonly channels: ReadonlyArray<string>
}

/** The death of an earlier control plane, as it is kept. */
export type ControlDeath = Omit<Crash, "id" | "process" | "engine" | "handled">

export interface ControlLife {
  /** The control plane before this one, when it did not end as it should; null when it did, or there was none. */
  readonly before: () => ControlDeath | null
  /** From now on the end of this one is noticed; what is known of the one before is overwritten. */
  readonly begin: () => void
  /** Tells that it lives, and with what. */
  readonly look: (carried: Carried) => void
  /** Notes that it was told to end. */
  readonly told: (signal: string) => void
  /** Notes why it is about to die. */
  readonly dies: (why: string) => void
  /** It ends as it should. */
  readonly end: () => void
}

const text = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return null
  }
}

const thisMachine = (): Machine => {
  const count = /^oom_kill (\d+)$/m.exec(text("/proc/vmstat") ?? "")?.[1]
  return {
    boot: text("/proc/sys/kernel/random/boot_id")?.trim() ?? null,
    oom_kills: count === undefined ? null : Number(count),
  }
}

/** How a control plane ended that left `life`, as a sentence. */
const howOf = ({ boot, oom_kills, pid, told, why }: Life, now: Machine): string => {
  const who = `the control plane (pid ${pid})`
  if (why !== null) return `${who} ended by an error that nobody caught: ${why}`
  if (boot !== now.boot) return `${who} ended with the machine, which was started anew`
  const kills = oom_kills === null || now.oom_kills === null ? null : now.oom_kills - oom_kills
  if (kills !== null && kills > 0)
    return `${who} was killed, most likely for lack of memory: the kernel ended ${kills} processes for it at that time`
  if (told !== null) return `${who} was told to end by ${told}, and was killed or gave up before it was done`
  return kills === null
    ? `${who} was killed and left no reason: out of memory, or kill -9`
    : `${who} was killed and left no reason: kill -9, or a fault of the runtime; not for lack of memory of the machine`
}

const LOG_BYTES = 65_536

/** End of a text from the beginning of a line, 64 kB at most. */
const endOf = (whole: string): string => {
  const bytes = Buffer.from(whole)
  if (bytes.length <= LOG_BYTES) return whole
  const end = bytes.subarray(-LOG_BYTES)
  return end.subarray(end.indexOf(10) + 1).toString("utf8")
}

/** The life of a control plane of `dataDir`. A full disk loses what is left of it and nothing else. */
export const makeControlLife = (dataDir: string, copy: LogCopy, machine: () => Machine = thisMachine): ControlLife => {
  const file = join(dataDir, "control.json")
  const log = join(dataDir, "control.log")
  let begun = false
  let carried: Carried = { engines: 0, channels: [] }
  let [told, why]: [string | null, string | null] = [null, null]

  const write = (): void => {
    if (!begun) return
    const { heapUsed, rss } = process.memoryUsage()
    const { system, user } = process.cpuUsage()
    const { channels, engines } = carried
    const life: Life = {
      ...machine(),
      pid: process.pid,
      seen_at: Date.now(),
      uptime: process.uptime(),
      channels,
      figures: {
        rss_bytes: rss,
        heap_used_bytes: heapUsed,
        cpu_seconds: (user + system) / 1e6,
        engines,
        channels: channels.length,
      },
      told,
      why,
    }
    const partial = `${file}.part`
    try {
      writeFileSync(partial, JSON.stringify(life), { mode: 0o600 })
      renameSync(partial, file)
    } catch {
      rmSync(partial, { force: true })
    }
  }

  return {
    before: () => {
      try {
        const life = Schema.decodeUnknownSync(Schema.parseJson(Life))(readFileSync(file, "utf8"))
        const { channels, figures, pid, seen_at, uptime } = life
        const at = new Date(seen_at).toISOString()
        return { at, pid, why: howOf(life, machine()), uptime, channels, figures, log: endOf(text(log) ?? "") }
      } catch {
        return null
      }
    },
    begin: () => {
      begun = true
      copy.keepIn(log)
      write()
    },
    look: (now) => {
      carried = now
      write()
    },
    told: (signal) => {
      told = signal
      write()
    },
    dies: (reason) => {
      why = reason
      write()
    },
    end: () => {
      if (!begun) return
      begun = false
      rmSync(file, { force: true })
    },
  }
}
