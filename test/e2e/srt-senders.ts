/** The near sides of SRT inputs: srt-live-transmit and ffmpeg, which send what they are given, byte for byte. */
import { type ChildProcess, spawn } from "node:child_process"
import { eventually } from "./product.ts"
import { endProgram, isBound } from "./receivers.ts"

/** Bytes of a message: seven TS packets. */
const MESSAGE = 1316

/** A message of null packets. */
const NULLS = Buffer.concat(
  Array.from({ length: 7 }, () => Buffer.from([0x47, 0x1f, 0xff, 0x10, ...Array(184).fill(0xff)])),
)

/**
 * Messages behind what is sent. ffmpeg keeps the last message until there is another. srt-live-transmit reads 4096
 * bytes at a time and takes one message when there is something to read: after it has read everything it keeps up to
 * three messages, most of them when it finds many at once.
 */
const BEHIND = 4

export type SrtProgram = "srt-live-transmit" | "ffmpeg"

/** Both copy their standard input to the URL; ffmpeg's data muxer writes packets as its data demuxer has read them. */
const COMMANDS: Readonly<Record<SrtProgram, (url: string) => ReadonlyArray<string>>> = {
  "srt-live-transmit": (url) => ["-loglevel:error", "-buffering:1", `-chunk:${MESSAGE}`, "file://con", url],
  ffmpeg: (url) => [
    ...["-v", "error", "-probesize", "32", "-analyzeduration", "0", "-f", "data", "-i", "pipe:0"],
    ...["-map", "0", "-c", "copy", "-flush_packets", "1", "-f", "data", url],
  ],
}

export class SrtSender {
  readonly child: ChildProcess
  errors = ""

  private constructor(child: ChildProcess) {
    this.child = child
    const note = (chunk: unknown) => (this.errors += String(chunk))
    child.stderr?.on("data", note)
    child.stdout?.on("data", note)
    child.stdin?.on("error", note)
  }

  /**
   * Starts a program that sends to `url`; one that listens (`listenPort`) has its port when this resolves. `first` is
   * sent as soon as somebody is there: ffmpeg opens its output when it has input.
   */
  static async open(
    program: SrtProgram,
    url: string,
    {
      first = new Uint8Array(),
      listenPort = null,
    }: { readonly first?: Uint8Array; readonly listenPort?: number | null } = {},
  ): Promise<SrtSender> {
    const sender = new SrtSender(spawn(program, COMMANDS[program](url), { stdio: ["pipe", "pipe", "pipe"] }))
    if (first.length > 0) sender.child.stdin?.write(first)
    if (listenPort !== null)
      await eventually(`${program} listens on ${listenPort}`, () =>
        isBound(listenPort) || sender.child.exitCode !== null ? true : null,
      )
    return sender
  }

  /**
   * Gives it TS, evenly at `bitrate`, and null packets behind it, which push out what programs keep. Resolves when all of
   * it is written, or `signal` says stop.
   */
  async send(ts: Uint8Array, bitrate = 8_000_000, signal?: AbortSignal): Promise<void> {
    const startedAt = performance.now()
    for (let at = 0; at < ts.length && signal?.aborted !== true; at += MESSAGE) {
      this.child.stdin?.write(ts.subarray(at, at + MESSAGE))
      const aheadMs = ((at + MESSAGE) * 8000) / bitrate - (performance.now() - startedAt)
      if (aheadMs > 2) await new Promise((resolve) => setTimeout(resolve, aheadMs))
    }
    for (let left = BEHIND; left > 0; left--) this.child.stdin?.write(NULLS)
  }

  /**
   * Gives it null packets until `heard` says that some have come out. A program that calls drops what it is given before
   * it has noticed itself that it is connected, which may be after the other side has.
   */
  async warmUp(heard: () => boolean): Promise<void> {
    await eventually("null packets come out", () => {
      this.child.stdin?.write(NULLS)
      return heard() ? true : null
    })
  }

  /** Gives it null packets, 50 messages a second, until it ends: without input a program does not connect again. */
  trickle(): void {
    const timer = setInterval(() => this.child.stdin?.write(NULLS), 20)
    this.child.once("exit", () => clearInterval(timer))
  }

  /** Ends it: with SIGKILL it says no goodbye. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    return endProgram(this.child, signal)
  }
}
