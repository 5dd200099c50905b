/**
 * Engines as operating-system processes: starts one in a session of its own, finds it again, ends it, reads its log.
 */
import { spawn } from "node:child_process"
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Context, Deferred, Effect, FiberId, Layer, Option } from "effect"
import { engineSocketPath, engineSuffix } from "../../engine/protocol/socket-path.ts"
import { ENGINE_NICE, raiseSession } from "../../engine/system/priority.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { EngineUnavailable } from "../model/Errors.ts"
import { childEnvironment } from "./child-environment.ts"
import { commandLine, isAlive } from "./os-process.ts"

export interface EngineChild {
  readonly pid: number
  /** Completes with a sentence when the process has ended. */
  readonly ended: Deferred.Deferred<string>
}

/** One of the engines of a data directory, by its number. */
export interface EngineProcessOf {
  readonly number: number
  /** How sentences name it: `the engine`, or `engine 2` where there may be several. */
  readonly name: string
  readonly socketPath: string
  readonly spawn: Effect.Effect<EngineChild, EngineUnavailable>
  readonly isAlive: (pid: number) => boolean
  /** Sends SIGKILL; does nothing when the process is gone. */
  readonly kill: (pid: number) => Effect.Effect<void>
  /** Remembers the pid of the engine of this data directory, for a control plane that finds it hung. */
  readonly remember: (pid: number) => Effect.Effect<void>
  /** The pid last remembered, if that process is alive and is an engine of this data directory. */
  readonly remembered: Effect.Effect<Option.Option<number>>
  /** Last lines of the engine's log, newest last. */
  readonly logTail: Effect.Effect<string>
  /** The end of the engine's log, from the beginning of a line, 64 kB at most. */
  readonly logEnd: Effect.Effect<string>
  /** Cuts the log to its last megabyte when it is longer than 5 MB. */
  readonly trimLog: Effect.Effect<void>
}

export interface EngineProcessService {
  /** Engine 1 has the names of files that the only engine always had. */
  readonly of: (number: number) => EngineProcessOf
  /** Numbers of the engines above 1 of which a process seems to be there, lowest first. */
  readonly found: Effect.Effect<ReadonlyArray<number>>
}

export class EngineProcess extends Context.Tag("distributor/EngineProcess")<EngineProcess, EngineProcessService>() {
  static readonly Live = Layer.unwrapEffect(
    Effect.map(AppConfig, ({ dataDir, engines }) => layer({ dataDir, several: engines > 1 })),
  )
}

export interface EngineProcessOptions {
  readonly dataDir: string
  /** True where sentences have to tell engines apart. */
  readonly several?: boolean
  /** Script to run, replaced in tests; the data directory is appended. */
  readonly script?: string
}

const MAX_LOG_BYTES = 5_000_000
const KEPT_LOG_BYTES = 1_000_000
const TAIL_LINES = 5
const LOG_END_BYTES = 65_536
/**
 * Prefix of runtime settings that suit the control plane (scripts/service-environment.mjs) but would slow the packet
 * loop down.
 */
const COMPILER_SETTINGS = "BUN_JSC_"

const engineScript = fileURLToPath(new URL("../../engine/main.ts", import.meta.url))
const runtimeArguments = "Deno" in globalThis ? ["run", "-A"] : []

const readTail = (file: string, bytes: number): Buffer => {
  const fd = openSync(file, "r")
  try {
    const size = statSync(file).size
    const tail = Buffer.alloc(Math.min(size, bytes))
    return tail.subarray(0, readSync(fd, tail, 0, tail.length, size - tail.length))
  } finally {
    closeSync(fd)
  }
}

/** Trims the log in place, since a running engine appends to this very file. */
const trim = (file: string): void => {
  if (statSync(file, { throwIfNoEntry: false }) === undefined || statSync(file).size <= MAX_LOG_BYTES) return
  const tail = readTail(file, KEPT_LOG_BYTES)
  const fd = openSync(file, "r+")
  try {
    ftruncateSync(fd, 0)
    writeSync(fd, tail.subarray(tail.indexOf(10) + 1), 0, undefined, 0)
  } finally {
    closeSync(fd)
  }
}

/** Arguments by which a process is known as this engine. */
const argumentsOf = (dataDir: string, number: number): ReadonlyArray<string> => [
  "--data-dir",
  dataDir,
  ...(number === 1 ? [] : ["--number", String(number)]),
]

const isOurs = (command: string, dataDir: string, number: number): boolean =>
  `${command.trim()} `.includes(`${argumentsOf(dataDir, number).join(" ")} `) &&
  (number !== 1 || !command.includes(" --number "))

const start = (script: string, dataDir: string, number: number, logFile: string): EngineChild => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  trim(logFile)
  const ended = Deferred.unsafeMake<string>(FiberId.none)
  const log = openSync(logFile, "a", 0o600)
  try {
    // detached: a session of its own, so that neither a Ctrl-C in the terminal nor the end of this process reaches it.
    const child = spawn(process.execPath, [...runtimeArguments, script, ...argumentsOf(dataDir, number)], {
      detached: true,
      stdio: ["ignore", log, log],
      env: childEnvironment(COMPILER_SETTINGS),
    })
    const end = (sentence: string) => Deferred.unsafeDone(ended, Effect.succeed(sentence))
    child.once("error", (cause) => end(`could not be started: ${cause.message}`))
    child.once("exit", (code, signal) =>
      end(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`),
    )
    child.unref()
    if (child.pid === undefined) throw new Error(`${process.execPath} could not be started`)
    raiseSession(child.pid, ENGINE_NICE)
    return { pid: child.pid, ended }
  } finally {
    closeSync(log)
  }
}

const processOf = (
  { dataDir, script = engineScript, several = false }: EngineProcessOptions,
  number: number,
): EngineProcessOf => {
  const logFile = join(dataDir, `engine${engineSuffix(number)}.log`)
  const pidFile = join(dataDir, `engine${engineSuffix(number)}.pid`)
  return {
    number,
    name: several || number > 1 ? `engine ${number}` : "the engine",
    socketPath: engineSocketPath(dataDir, number),
    spawn: Effect.try({
      try: () => start(script, dataDir, number, logFile),
      catch: (cause) => new EngineUnavailable({ reason: cause instanceof Error ? cause.message : String(cause) }),
    }),
    isAlive,
    kill: (pid) => Effect.ignore(Effect.try(() => process.kill(pid, "SIGKILL"))),
    remember: (pid) => Effect.ignore(Effect.try(() => writeFileSync(pidFile, `${pid}\n`, { mode: 0o600 }))),
    remembered: Effect.sync(() => {
      const pid = Number(readFileSync(pidFile, "utf8"))
      // Pids are reused after a while: only a process that was started as this engine may be ended.
      const ours = Number.isInteger(pid) && pid > 0 && isAlive(pid) && isOurs(commandLine(pid), dataDir, number)
      return ours ? Option.some(pid) : Option.none()
    }).pipe(Effect.catchAllDefect(() => Effect.succeedNone)),
    logTail: Effect.try(() =>
      readTail(logFile, 4096).toString("utf8").trim().split("\n").slice(-TAIL_LINES).join("\n"),
    ).pipe(Effect.orElseSucceed(() => "")),
    logEnd: Effect.try(() => {
      const tail = readTail(logFile, LOG_END_BYTES)
      return tail.subarray(tail.length < LOG_END_BYTES ? 0 : tail.indexOf(10) + 1).toString("utf8")
    }).pipe(Effect.orElseSucceed(() => "")),
    trimLog: Effect.ignore(Effect.try(() => trim(logFile))),
  }
}

/** Files that an engine above 1 leaves while it runs; the number is what the name says. */
const FILE_OF_ENGINE = /^engine-([1-9]\d{0,3})\.(?:pid|sock)$/

const numbersIn = (dataDir: string): ReadonlyArray<number> => {
  try {
    const numbers = readdirSync(dataDir).flatMap((name) => Number(FILE_OF_ENGINE.exec(name)?.[1] ?? 1))
    return [...new Set(numbers)].filter((number) => number > 1).sort((a, b) => a - b)
  } catch {
    return []
  }
}

export const make = (options: EngineProcessOptions): EngineProcessService => {
  const known = new Map<number, EngineProcessOf>()
  const of = (number: number) => {
    const one = known.get(number) ?? processOf(options, number)
    known.set(number, one)
    return one
  }
  return {
    of,
    // A socket file without a process is what a killed machine leaves; connecting to it would start an engine.
    found: Effect.suspend(() =>
      Effect.filter(numbersIn(options.dataDir), (number) => Effect.map(of(number).remembered, Option.isSome)),
    ),
  }
}

export const layer = (options: EngineProcessOptions): Layer.Layer<EngineProcess> =>
  Layer.sync(EngineProcess, () => make(options))
