/** Child processes of a benchmark: everything started here is ended here, however the benchmark ends. */
import { type ChildProcess, spawn } from "node:child_process"
import { createSocket } from "node:dgram"
import { createServer } from "node:net"
import { setPriority } from "node:os"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { SinkReport } from "../sink.ts"

export const root = fileURLToPath(new URL("../..", import.meta.url))

const children = new Set<ChildProcess>()
const cleanups = new Set<() => void>()

/** Runs `cleanup` when the benchmark ends early; the returned function forgets it. */
export const onAbort = (cleanup: () => void): (() => void) => {
  cleanups.add(cleanup)
  return () => cleanups.delete(cleanup)
}

/** Ends everything at once; for signals and crashes. */
export const abortAll = (): void => {
  for (const child of children) child.kill("SIGKILL")
  for (const cleanup of cleanups) cleanup()
}

export interface Started {
  readonly pid: number
  readonly child: ChildProcess
  /** What it wrote to stderr, the last 4 kB. */
  readonly errors: () => string
  readonly output: () => string
  readonly exited: Promise<void>
  /** SIGTERM, then SIGKILL after `graceMs`. */
  readonly stop: (graceMs?: number) => Promise<void>
}

/**
 * The engine takes this priority by itself where it may; sender, sink and peers get the same, before they start
 * threads.
 */
const NICE = -10

const raise = (pid: number | undefined) => {
  if (pid === undefined) return
  try {
    setPriority(pid, NICE)
  } catch {
    // Without CAP_SYS_NICE the engine stays at the normal priority, too.
  }
}

/**
 * Starts a program; what it writes is kept, not shown. `env` set means the product, which chooses its priority itself.
 */
export const start = (
  command: string,
  args: ReadonlyArray<string>,
  env?: Readonly<Record<string, string>>,
): Started => {
  const child = spawn(command, args, { cwd: root, stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } })
  if (env === undefined) raise(child.pid)
  children.add(child)
  let errors = ""
  let output = ""
  child.stderr.on("data", (chunk) => {
    errors = (errors + String(chunk)).slice(-4096)
  })
  child.stdout.on("data", (chunk) => {
    output = (output + String(chunk)).slice(-65536)
  })
  // Writing to a child that has just died is told by its exit.
  child.stdin.on("error", () => {})
  const exited = new Promise<void>((resolve) => {
    const done = () => {
      children.delete(child)
      resolve()
    }
    child.on("close", done)
    child.on("error", (cause) => {
      errors += cause.message
      done()
    })
  })
  const stop = async (graceMs = 3000) => {
    if (!children.has(child)) return
    child.kill("SIGTERM")
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs)
    await exited
    clearTimeout(timer)
  }
  return { pid: child.pid ?? -1, child, errors: () => errors, output: () => output, exited, stop }
}

/** A load tool, run by the runtime that runs this. */
export const startTool = (tool: "rtp-sender" | "sink" | "api-load", args: ReadonlyArray<string | number>): Started =>
  start(process.execPath, [`${root}load-tests/${tool}.ts`, ...args.map(String)])

export interface ControlledSink {
  readonly started: Started
  reset(): Promise<void>
  report(): Promise<SinkReport>
}

/** Starts sink.ts with `--control` and waits until it listens. */
export const startSink = async (args: ReadonlyArray<string | number>): Promise<ControlledSink> => {
  const started = startTool("sink", [...args, "--control"])
  const waiting: Array<(line: string) => void> = []
  const { stdin, stdout } = started.child
  if (stdin === null || stdout === null) throw new Error("the sink has no pipes")
  createInterface({ input: stdout }).on("line", (line) => waiting.shift()?.(line))
  const answer = () =>
    new Promise<string>((resolve, reject) => {
      waiting.push(resolve)
      void started.exited.then(() => reject(new Error(`the sink ended: ${started.errors()}`)))
    })
  const ask = (word: string) => {
    const reply = answer()
    stdin.write(`${word}\n`)
    return reply
  }
  await answer()
  return {
    started,
    reset: async () => {
      await ask("reset")
    },
    report: async () => JSON.parse(await ask("report")) as SinkReport,
  }
}

export const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

const bindable = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket("udp4")
    socket.once("error", () => resolve(false))
    socket.bind({ port, address: "0.0.0.0", exclusive: true }, () => socket.close(() => resolve(true)))
  })

/** First port of `count` free UDP ports in a row, below the range of ephemeral ports. */
export const freeUdpPorts = async (count: number): Promise<number> => {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = 12000 + Math.floor(Math.random() * ((20000 - count) / 100)) * 100
    const free = await Promise.all(Array.from({ length: count }, (_, i) => bindable(first + i)))
    if (free.every((isFree) => isFree)) return first
  }
  throw new Error(`no ${count} free UDP ports in a row`)
}

/** A free TCP port on loopback. */
export const freeTcpPort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })
