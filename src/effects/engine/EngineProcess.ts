/**
 * The engine as an operating-system process: starts it in a session of its own, finds it again, ends it, reads its log.
 */
import { spawn } from "node:child_process"
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Context, Deferred, Effect, FiberId, Layer, Option } from "effect"
import { engineSocketPath } from "../../engine/protocol/socket-path.ts"
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

export interface EngineProcessService {
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
  /** Cuts the log to its last megabyte when it is longer than 5 MB. */
  readonly trimLog: Effect.Effect<void>
}

export class EngineProcess extends Context.Tag("distributor/EngineProcess")<EngineProcess, EngineProcessService>() {
  static readonly Live = Layer.unwrapEffect(Effect.map(AppConfig, ({ dataDir }) => layer({ dataDir })))
}

export interface EngineProcessOptions {
  readonly dataDir: string
  /** Script to run, replaced in tests; the data directory is appended. */
  readonly script?: string
}

const MAX_LOG_BYTES = 5_000_000
const KEPT_LOG_BYTES = 1_000_000
const TAIL_LINES = 5
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

const start = (script: string, dataDir: string, logFile: string): EngineChild => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  trim(logFile)
  const ended = Deferred.unsafeMake<string>(FiberId.none)
  const log = openSync(logFile, "a", 0o600)
  try {
    // detached: a session of its own, so that neither a Ctrl-C in the terminal nor the end of this process reaches it.
    const child = spawn(process.execPath, [...runtimeArguments, script, "--data-dir", dataDir], {
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

export const make = ({ dataDir, script = engineScript }: EngineProcessOptions): EngineProcessService => {
  const logFile = join(dataDir, "engine.log")
  const pidFile = join(dataDir, "engine.pid")
  return {
    socketPath: engineSocketPath(dataDir),
    spawn: Effect.try({
      try: () => start(script, dataDir, logFile),
      catch: (cause) => new EngineUnavailable({ reason: cause instanceof Error ? cause.message : String(cause) }),
    }),
    isAlive,
    kill: (pid) => Effect.ignore(Effect.try(() => process.kill(pid, "SIGKILL"))),
    remember: (pid) => Effect.ignore(Effect.try(() => writeFileSync(pidFile, `${pid}\n`, { mode: 0o600 }))),
    remembered: Effect.sync(() => {
      const pid = Number(readFileSync(pidFile, "utf8"))
      // Pids are reused after a while: only a process that was started as our engine may be ended.
      const ours =
        Number.isInteger(pid) && pid > 0 && isAlive(pid) && commandLine(pid).includes(`--data-dir ${dataDir}`)
      return ours ? Option.some(pid) : Option.none()
    }).pipe(Effect.catchAllDefect(() => Effect.succeedNone)),
    logTail: Effect.try(() =>
      readTail(logFile, 4096).toString("utf8").trim().split("\n").slice(-TAIL_LINES).join("\n"),
    ).pipe(Effect.orElseSucceed(() => "")),
    trimLog: Effect.ignore(Effect.try(() => trim(logFile))),
  }
}

export const layer = (options: EngineProcessOptions): Layer.Layer<EngineProcess> =>
  Layer.sync(EngineProcess, () => make(options))
