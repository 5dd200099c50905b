/** A verifying source in a process of its own, so that the test's work does not disturb its pace. */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { eventually } from "./product.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

export interface BackgroundSource {
  readonly pid: number
  /** Ends the source; resolves with the number of datagrams that it sent. It is safe to call again. */
  stop(): Promise<number>
}

export interface SourceOptions {
  readonly port: number
  readonly channels?: number
  readonly bitrate?: number
  readonly udp?: boolean
  /** Longest time to run in seconds, should its test not end it; default 900, which outlasts every test. */
  readonly seconds?: number
}

/** Starts load-tests/rtp-sender.ts; channel i goes to `port + 2 * i`. */
export const startSource = async (options: SourceOptions): Promise<BackgroundSource> => {
  const args = [
    `${root}load-tests/rtp-sender.ts`,
    "--base-port",
    String(options.port),
    "--channels",
    String(options.channels ?? 1),
    "--bitrate",
    String(options.bitrate ?? 8_000_000),
    "--duration",
    String(options.seconds ?? 900),
    ...(options.udp === true ? ["--udp"] : []),
  ]
  const child = spawn(`${root}node_modules/.bin/bun`, args, { stdio: ["ignore", "pipe", "inherit"] })
  let text = ""
  child.stdout.on("data", (chunk) => (text += String(chunk)))
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  const report = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM")
    await ended
    return (JSON.parse(text) as { sent: number }).sent
  }
  let result: Promise<number> | null = null
  await eventually("the source runs", () => (child.pid === undefined ? null : true))
  return {
    pid: child.pid ?? 0,
    stop: () => {
      result ??= report()
      return result
    },
  }
}
