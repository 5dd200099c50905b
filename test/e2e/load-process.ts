/**
 * Runs the sender and the sink of load-tests/ as processes of their own, so that neither shares a thread with what is
 * tested.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { crowding } from "../../load-tests/lib/patience.ts"
import type { SenderReport } from "../../load-tests/lib/rtp-source-options.ts"
import type { Totals } from "../../load-tests/lib/stream-check.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const runtime = fileURLToPath(new URL("../../node_modules/.bin/bun", import.meta.url))

export interface SinkReport {
  readonly totals: Totals
  readonly connected: number
  readonly kernel_drops: number
}

const start = (tool: string, args: ReadonlyArray<string>, within: ReadonlyArray<string>): ChildProcess => {
  const [command = runtime, ...rest] = [...within, runtime, `${root}load-tests/${tool}.ts`, ...args]
  return spawn(command, rest, { cwd: root, stdio: ["pipe", "pipe", "inherit"] })
}

const within = <T>(what: string, ms: number, promise: Promise<T>): Promise<T> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms * crowding())
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

const ended = (child: ChildProcess): Promise<unknown> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once("exit", resolve))

/** Runs load-tests/sink.ts, which is controlled by its stdin. */
export class SinkProcess {
  readonly child: ChildProcess
  readonly #answers: Array<(line: string) => void> = []

  private constructor(child: ChildProcess) {
    this.child = child
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on("line", (line) => this.#answers.shift()?.(line))
  }

  static async start(args: ReadonlyArray<string>): Promise<SinkProcess> {
    const sink = new SinkProcess(start("sink", [...args, "--control", "--summary"], []))
    await sink.#answer("ready")
    return sink
  }

  #answer(what: string): Promise<string> {
    return within(`the sink's ${what}`, 10_000, new Promise((resolve) => this.#answers.push(resolve)))
  }

  async report(): Promise<SinkReport> {
    const answer = this.#answer("report")
    this.child.stdin?.write("report\n")
    return JSON.parse(await answer) as SinkReport
  }

  async stop(): Promise<void> {
    this.child.kill("SIGKILL")
    await ended(this.child)
  }
}

/**
 * Runs load-tests/rtp-sender.ts and resolves with its report. `prefix` are words before the command, e.g. `ip netns
 * exec NAME`.
 */
export const runSender = (
  args: ReadonlyArray<string>,
  prefix: ReadonlyArray<string> = [],
  ms = 20_000,
): Promise<SenderReport> => {
  const child = start("rtp-sender", args, prefix)
  let output = ""
  child.stdout?.on("data", (chunk) => (output += String(chunk)))
  return within("the sender's end", ms, ended(child))
    .then(() => JSON.parse(output) as SenderReport)
    .finally(() => child.kill("SIGKILL"))
}
