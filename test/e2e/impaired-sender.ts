/**
 * Sends the schedules of several legs to the ports of one or many channels at once, in real time, from a process of its
 * own.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { TimedDatagram } from "../impairments.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

export interface ImpairedLeg {
  readonly port: number
  /** Address to send to; default 127.0.0.1. */
  readonly host?: string
  readonly datagrams: ReadonlyArray<Pick<TimedDatagram, "bytes" | "us">>
}

/** Header of the file that the process reads: when each datagram is due, to which target, and how long it is. */
export interface ScheduleHeader {
  readonly targets: ReadonlyArray<{ readonly host: string; readonly port: number }>
  readonly us: ReadonlyArray<number>
  readonly leg: ReadonlyArray<number>
  readonly length: ReadonlyArray<number>
}

export interface SendReport {
  /** Numbers of datagrams handed to the kernel, by leg. */
  readonly sent: ReadonlyArray<number>
  /** Microseconds after its time at which each datagram left, by leg and in the order of its list. */
  readonly late_us: ReadonlyArray<ReadonlyArray<number>>
  /**
   * Median of these times over all datagrams in microseconds; the next two are their 99th percentile and their maximum.
   */
  readonly late_p50_us: number
  readonly late_p99_us: number
  readonly late_max_us: number
}

const scheduleFile = (legs: ReadonlyArray<ImpairedLeg>): Buffer => {
  const all = legs
    .flatMap(({ datagrams }, leg) => datagrams.map(({ bytes, us }) => ({ bytes, us, leg })))
    .sort((a, b) => a.us - b.us)
  const header: ScheduleHeader = {
    targets: legs.map(({ host = "127.0.0.1", port }) => ({ host, port })),
    us: all.map(({ us }) => us),
    leg: all.map(({ leg }) => leg),
    length: all.map(({ bytes }) => bytes.length),
  }
  const text = Buffer.from(JSON.stringify(header))
  const size = Buffer.alloc(4)
  size.writeUInt32LE(text.length)
  return Buffer.concat([size, text, ...all.map(({ bytes }) => bytes)])
}

/**
 * Sends the schedules. Resolves with a report when all was sent, or soon after `signal` is aborted. `onStart` is called
 * with the first datagram. Each leg has a source port of its own, and keeps the order of its list for equal times.
 * Rejects when the process fails.
 */
export const sendSchedules = async (
  legs: ReadonlyArray<ImpairedLeg>,
  { signal, onStart }: { readonly signal?: AbortSignal; readonly onStart?: () => void } = {},
): Promise<SendReport> => {
  const directory = mkdtempSync(join(tmpdir(), "impaired-"))
  try {
    const path = join(directory, "schedule")
    writeFileSync(path, scheduleFile(legs))
    const bun = join(root, "node_modules", ".bin", "bun")
    const child = spawn(bun, [join(root, "test/e2e/impaired-sender-process.ts"), path], {
      stdio: ["ignore", "pipe", "pipe"],
    })
    let [text, errors] = ["", ""]
    child.stdout.on("data", (chunk) => {
      if (text === "") onStart?.()
      text += String(chunk)
    })
    child.stderr.on("data", (chunk) => (errors += String(chunk)))
    const stop = () => child.kill("SIGTERM")
    signal?.addEventListener("abort", stop, { once: true })
    if (signal?.aborted === true) stop()
    const code = await new Promise<number | null>((resolve, reject) =>
      child.once("error", reject).once("close", resolve),
    )
    signal?.removeEventListener("abort", stop)
    const [, report = ""] = text.split("\n")
    if (report === "") {
      if (signal?.aborted === true)
        return { sent: legs.map(() => 0), late_us: legs.map(() => []), late_p50_us: 0, late_p99_us: 0, late_max_us: 0 }
      throw new Error(`the sender ended with ${code}: ${errors}`)
    }
    return JSON.parse(report) as SendReport
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
