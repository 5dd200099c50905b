/** The far sides of outputs: srt-live-transmit, ffmpeg and plain UDP sockets, which collect what they get. */
import { type ChildProcess, spawn } from "node:child_process"
import { createSocket, type Socket } from "node:dgram"
import { readFileSync } from "node:fs"
import { encodeSockaddr } from "../../src/engine/ffi/sockaddr.ts"
import { forceReceiveBuffer } from "../../src/engine/inputs/srt-receive-buffer.ts"
import { eventually } from "./product.ts"

/** How long a program may take to end, in ms. */
const FORCE_AFTER_MS = 10_000

/** Ends a program, by force when it does not end by itself: ffmpeg and srt-live-transmit hang in libsrt now and then. */
export const endProgram = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once("exit", resolve))
  child.kill(signal)
  // ffmpeg goes on writing what it was given until its input ends.
  child.stdin?.destroy()
  const force = setTimeout(() => child.kill("SIGKILL"), FORCE_AFTER_MS)
  await ended
  clearTimeout(force)
}

/** A program whose stdout is the TS it received. */
export class ProgramReceiver {
  readonly child: ChildProcess
  errors = ""
  readonly #chunks: Buffer[] = []
  size = 0

  constructor(command: string, args: ReadonlyArray<string>) {
    this.child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] })
    this.child.stdout?.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.size += chunk.length
    })
    this.child.stderr?.on("data", (chunk) => (this.errors += String(chunk)))
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  /** Waits for at least `size` bytes. */
  atLeast(size: number, ms = 45_000): Promise<true> {
    return eventually(
      () => `${size} bytes received (have ${this.size})`,
      () => (this.size >= size ? true : null),
      ms,
    )
  }

  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    return endProgram(this.child, signal)
  }
}

/** Buffer in bytes for what arrives while the tests' process stands still; net.core.rmem_max is often a twentieth. */
const RECEIVE_BUFFER = 4 << 20

/** Collects datagrams on a UDP port; `header` bytes are cut off each (12 for RTP). */
export class UdpReceiver {
  readonly port: number
  readonly #socket: Socket
  #open = true
  readonly datagrams: Array<{ at: number; data: Buffer }> = []
  size = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    this.port = socket.address().port
    socket.on("message", (data) => {
      this.datagrams.push({ at: performance.now(), data })
      this.size += data.length
    })
  }

  static open(port = 0, host = "127.0.0.1"): Promise<UdpReceiver> {
    const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4", recvBufferSize: RECEIVE_BUFFER })
    return new Promise((resolve, reject) => {
      socket.once("error", reject)
      socket.bind(port, host, () => {
        forceReceiveBuffer(encodeSockaddr(host, socket.address().port), RECEIVE_BUFFER)
        resolve(new UdpReceiver(socket))
      })
    })
  }

  bytes(header = 0): Buffer {
    return Buffer.concat(this.datagrams.map(({ data }) => data.subarray(header)))
  }

  atLeast(datagrams: number, ms = 45_000): Promise<true> {
    return eventually(
      () => `${datagrams} datagrams received (have ${this.datagrams.length})`,
      () => (this.datagrams.length >= datagrams ? true : null),
      ms,
    )
  }

  /** Waits for at least `size` bytes behind the headers. */
  atLeastBytes(size: number, header = 0, ms = 45_000): Promise<true> {
    const have = () => this.size - this.datagrams.length * header
    return eventually(
      () => `${size} bytes received (have ${have()})`,
      () => (have() >= size ? true : null),
      ms,
    )
  }

  close(): void {
    if (this.#open) this.#socket.close()
    this.#open = false
  }
}

/** Whether a socket of this network namespace has the UDP port, as the kernel lists it (proc(5), /proc/net/udp). */
export const isBound = (port: number): boolean => {
  const local = new RegExp(`^ *\\d+: [0-9A-F]+:${port.toString(16).toUpperCase().padStart(4, "0")} `, "m")
  return ["/proc/net/udp", "/proc/net/udp6"].some((table) => local.test(readFileSync(table, "utf8")))
}

/** The port of an SRT URL that listens; null for a URL that calls. */
const listenPortOf = (url: string): number | null =>
  url.includes("mode=listener") ? Number(/:(\d+)(?=[?/]|$)/.exec(url)?.[1]) : null

/**
 * Latency in ms that a receiver asks for where its URL names none; the larger one of both sides counts. A program that
 * stands still for longer drops packets, which is its own doing and no fault of what is tested.
 */
const PATIENT_LATENCY_MS = 1000

const patient = (url: string): string =>
  /[?&](?:latency|rcvlatency|tsbpd)=/.test(url)
    ? url
    : `${url}${url.includes("?") ? "&" : "?"}latency=${PATIENT_LATENCY_MS}`

/**
 * Runs srt-live-transmit with `url` as its source (`srt://127.0.0.1:9000`, `srt://:9000?mode=listener`). Its target is
 * a UDP port of ours, because its stdout would keep the last kilobytes in a buffer.
 */
export class SrtReceiver {
  readonly program: ProgramReceiver
  readonly #udp: UdpReceiver

  private constructor(program: ProgramReceiver, udp: UdpReceiver) {
    this.program = program
    this.#udp = udp
  }

  /**
   * Starts the program. A listener has its port when this resolves: on a busy machine that may take longer than a call
   * waits.
   */
  static async open(url: string): Promise<SrtReceiver> {
    const udp = await UdpReceiver.open()
    const args = ["-loglevel:error", "-buffering:1", "-chunk:1456", patient(url), `udp://127.0.0.1:${udp.port}`]
    const program = new ProgramReceiver("srt-live-transmit", args)
    const port = listenPortOf(url)
    if (port !== null)
      await eventually(`srt-live-transmit listens on ${port}`, () =>
        isBound(port) || program.child.exitCode !== null ? true : null,
      )
    return new SrtReceiver(program, udp)
  }

  get size(): number {
    return this.#udp.size
  }

  bytes(): Buffer {
    return this.#udp.bytes()
  }

  atLeast(size: number, ms = 45_000): Promise<true> {
    return eventually(
      () => `${size} bytes received (have ${this.size}; ${this.program.errors.slice(-300)})`,
      () => (this.size >= size ? true : null),
      ms,
    )
  }

  /** Waits until what came is `enough`. */
  until(what: string, enough: (bytes: Buffer) => boolean, ms = 10_000): Promise<true> {
    return eventually(what, () => (enough(this.bytes()) ? true : null), ms)
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await this.program.stop(signal)
    this.#udp.close()
  }
}
