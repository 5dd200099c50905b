/**
 * The ffmpeg behind one attempt of an RTSP output: a FIFO that the engine fills with the stream, and the process that
 * publishes it. Both live as long as the scope.
 *
 * A process whose control plane was killed goes on until the engine closes its end of the FIFO. The next control plane
 * cannot supervise it and ends it (`endLeftover`) before starting another.
 */
import { closeSync, constants, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Deferred, Effect, type Scope } from "effect"
import { execa } from "execa"
import { maskSecrets } from "../../core/output/output-url.ts"
import { withPlainZone } from "../../core/output/url/rtsp-url.ts"
import { withGivenPriority } from "../../engine/system/priority.ts"
import { toolEnvironment } from "../engine/child-environment.ts"
import { commandLine, isAlive } from "../engine/os-process.ts"
import { OutputEnded } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { failureIn, LineTail, ProgressReader, shownLines } from "./ffmpeg-output.ts"
import { startRtspRelay } from "./rtsp-relay.ts"

export interface FeedOptions {
  /** Directory for FIFOs and process ids; created when missing. */
  readonly runDir: string
  /** Program to run. */
  readonly ffmpeg: string
  readonly outputId: string
  /** Goes into the FIFO's name, so that no attempt gets the FIFO of an earlier one. */
  readonly attempt: string
  readonly url: string
  readonly transport: "tcp" | "udp"
  /**
   * False when packets may only go to the server's own address, whatever address it names (ALLOW_PRIVATE_TARGETS=off).
   */
  readonly elsewhere: boolean
}

export interface Feed {
  readonly pipe: string
  /** Completes when the server has taken the first packets. */
  readonly streaming: Deferred.Deferred<void>
  /** Completes with the reason when the process has ended. */
  readonly ended: Deferred.Deferred<OutputEnded>
  /** Monotonic ms of the last time that something was sent; null before. */
  readonly lastSentMs: () => number | null
}

interface Exited {
  readonly exitCode?: number | null | undefined
  readonly signal?: string | null | undefined
  readonly cause?: unknown
}

const LAST_WORDS_MS = 200
const KILL_AFTER_MS = 3000
const POLL_MS = 20

/**
 * Arguments for ffmpeg: video and audio are copied. AAC in a TS has no global header, which RTSP needs unless it is
 * sent as LATM.
 */
export const feedArguments = (
  { transport, url }: Pick<FeedOptions, "transport" | "url">,
  pipe: string,
): ReadonlyArray<string> => [
  "-hide_banner",
  "-nostdin",
  "-loglevel",
  "warning",
  "-nostats",
  "-progress",
  "pipe:1",
  "-f",
  "mpegts",
  "-i",
  pipe,
  "-map",
  "0:v?",
  "-map",
  "0:a?",
  "-c",
  "copy",
  "-f",
  "rtsp",
  "-rtpflags",
  "latm",
  "-rtsp_transport",
  transport,
  url,
]

const ended = (code: string, reason: string, transient: boolean) => new OutputEnded({ code, reason, transient })
const missing = (program: string, debianPackage: string) =>
  ended(
    "ffmpeg_missing",
    `${program} is not installed and RTSP outputs need it: apt-get install ${debianPackage}`,
    false,
  )

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT"

/** Makes a FIFO with the mkfifo of coreutils, since Node cannot. */
const makeFifo = (path: string) =>
  Effect.tryPromise({
    try: () => execa("mkfifo", ["-m", "600", path], { stdin: "ignore", env: toolEnvironment(), extendEnv: false }),
    catch: (cause) => {
      const why = cause instanceof Error && "stderr" in cause ? String(cause.stderr) : String(cause)
      return isMissing(cause)
        ? missing("mkfifo", "coreutils")
        : ended("pipe", `the FIFO ${path} cannot be made: ${why}`, true)
    },
  })

/**
 * Gives a process that waits for a writer of the FIFO one that leaves at once, so that it sees the end of its input.
 */
const releaseReader = (pipe: string): void => {
  try {
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK))
  } catch {
    // No process is waiting.
  }
}

const pidFileOf = (runDir: string, outputId: string) => join(runDir, `${outputId}.pid`)

const pidOf = (runDir: string, outputId: string): number | null => {
  try {
    const pid = Number(readFileSync(pidFileOf(runDir, outputId), "utf8"))
    // Pids are reused after a while: only a process that reads a FIFO of this output may be ended.
    const ours =
      Number.isInteger(pid) && pid > 1 && isAlive(pid) && commandLine(pid).includes(join(runDir, `${outputId}-`))
    return ours ? pid : null
  } catch {
    return null
  }
}

const filesIn = (runDir: string): ReadonlyArray<string> => {
  try {
    return readdirSync(runDir)
  } catch {
    return []
  }
}

/** True when a control plane that was killed may have left an ffmpeg of this output behind. */
export const hasLeftover = (runDir: string, outputId: string): boolean => filesIn(runDir).includes(`${outputId}.pid`)

/** Ids of outputs that may have left an ffmpeg behind. */
const leftovers = (runDir: string): ReadonlyArray<string> =>
  filesIn(runDir).flatMap((name) => (name.endsWith(".pid") ? [name.slice(0, -".pid".length)] : []))

const signal = (pid: number, name: "SIGTERM" | "SIGKILL") => Effect.ignore(Effect.try(() => process.kill(pid, name)))

/** Ends an ffmpeg of this output that no control plane holds, within 3 s, and removes its files. */
export const endLeftover = (runDir: string, outputId: string): Effect.Effect<void> =>
  Effect.gen(function* () {
    const pid = pidOf(runDir, outputId)
    if (pid !== null) {
      yield* Effect.log(`an ffmpeg (pid ${pid}) of an earlier run is ended`)
      yield* signal(pid, "SIGTERM")
      for (let waited = 0; isAlive(pid) && waited < KILL_AFTER_MS; waited += POLL_MS) yield* Effect.sleep(POLL_MS)
      if (isAlive(pid)) yield* signal(pid, "SIGKILL")
    }
    for (const name of filesIn(runDir)) {
      if (name === `${outputId}.pid` || name.startsWith(`${outputId}-`)) rmSync(join(runDir, name), { force: true })
    }
  })

/** Ends leftovers of outputs that do not run; the others are ended by their writers. */
export const clearLeftovers = (runDir: string, runs: (outputId: string) => boolean): Effect.Effect<void> =>
  Effect.suspend(() =>
    Effect.forEach(
      leftovers(runDir).filter((id) => !runs(id)),
      (id) => endLeftover(runDir, id),
      { discard: true },
    ),
  )

/**
 * Starts ffmpeg.
 * @param shown the URL that ffmpeg is given
 */
const startProcess = (options: FeedOptions, pipe: string, shown: string) =>
  Effect.gen(function* () {
    const { ffmpeg, outputId, runDir, url } = options
    const streaming = yield* Deferred.make<void>()
    const over = yield* Deferred.make<OutputEnded>()
    const child = withGivenPriority(() =>
      execa(ffmpeg, feedArguments({ transport: options.transport, url: shown }, pipe), {
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
        buffer: false,
        reject: false,
        env: toolEnvironment(),
        extendEnv: false,
        forceKillAfterDelay: KILL_AFTER_MS,
      }),
    )
    const progress = new ProgressReader()
    const tail = new LineTail()
    const nowMs = () => Effect.runSync(monotonicMs)
    let lastSentMs: number | null = null
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      if (!progress.push(chunk)) return
      lastSentMs = nowMs()
      Deferred.unsafeDone(streaming, Effect.void)
    })
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => tail.push(chunk))
    if (child.pid !== undefined) writeFileSync(pidFileOf(runDir, outputId), `${child.pid}\n`)
    // The process's exit counts, since others may hold its pipes open; its last words get a moment to arrive.
    const gone = new Promise<Exited>((resolve) => {
      child.nodeChildProcess.once("exit", (code, signal) =>
        setTimeout(() => resolve({ exitCode: code, signal }), LAST_WORDS_MS),
      )
      void child.then(resolve)
    })
    const exited = gone.then((result) => {
      tail.end()
      const how = result.signal == null ? `exit code ${result.exitCode}` : result.signal
      const why = failureIn(tail.lines, url) ?? (result.exitCode === 0 ? "its input ended" : how)
      const end =
        isMissing(result) || isMissing(result.cause)
          ? missing(ffmpeg, "ffmpeg")
          : ended("ffmpeg", `ffmpeg ended: ${why}`, true)
      Deferred.unsafeDone(over, Effect.succeed(end))
      return shownLines(tail.lines, url)
    })
    return { child, exited, feed: { pipe, streaming, ended: over, lastSentMs: () => lastSentMs } satisfies Feed }
  })

/**
 * Makes the FIFO and starts ffmpeg on it. When the scope ends, ffmpeg gets SIGTERM, after 3 s SIGKILL, and its end is
 * waited for.
 */
export const startFeed = (options: FeedOptions): Effect.Effect<Feed, OutputEnded, Scope.Scope> =>
  Effect.gen(function* () {
    const { attempt, outputId, runDir } = options
    const pipe = join(runDir, `${outputId}-${attempt}`)
    yield* Effect.try({
      try: () => mkdirSync(runDir, { recursive: true, mode: 0o700 }),
      catch: (cause) => ended("pipe", `the directory ${runDir} cannot be made: ${String(cause)}`, true),
    })
    yield* Effect.acquireRelease(makeFifo(pipe), () => Effect.sync(() => rmSync(pipe, { force: true })))
    // Every user of this machine can read a process's arguments. And over UDP, the server says where packets go.
    const direct = maskSecrets(options.url) === options.url && (options.elsewhere || options.transport === "tcp")
    const url = direct ? withPlainZone(options.url) : yield* startRtspRelay(options)
    const { feed } = yield* Effect.acquireRelease(startProcess(options, pipe, url), ({ child, exited }) =>
      Effect.gen(function* () {
        child.kill("SIGTERM")
        releaseReader(pipe)
        const lines = yield* Effect.promise(() => exited)
        rmSync(pidFileOf(runDir, outputId), { force: true })
        if (lines !== "") yield* Effect.annotateLogs(Effect.logDebug("ffmpeg has ended"), "ffmpeg", lines)
      }),
    )
    return feed
  })
