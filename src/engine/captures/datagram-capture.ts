/**
 * A capture of one leg or output: its datagrams as records of a capture file, handed to the control plane by a unix
 * socket. It never holds the packet loop up: what the socket does not take in time is left out and counted.
 */
import { createConnection, type Socket } from "node:net"
import {
  type DatagramEnd,
  pcapFileHeader,
  pcapRecordLength,
  putPcapChecksum,
  putPcapRecord,
} from "../../core/net/pcap.ts"
import type { CaptureEnd, CaptureOutcome } from "../protocol/messages.ts"

/** Bytes of a whole file. */
const MAX_BYTES = 32 * 1024 * 1024
/** Bytes that the control plane has not read yet: beyond that datagrams are left out. */
const MAX_UNREAD = 8 * 1024 * 1024
/** Bytes that are written at once; a larger datagram gets a piece of its own size. */
const PIECE = 256 * 1024

/** Memory that the kernel is shown: `base` is the native address of its first byte. */
export interface NativeMemory {
  readonly bytes: Uint8Array
  readonly u32: Uint32Array
  readonly base: number
}

/** A place that datagrams pass; it costs one look at `capture` while none runs. */
export interface CapturePoint {
  capture: DatagramCapture | null
}

export interface CaptureBounds {
  /** Unix time in ms. */
  readonly untilMs: number
  readonly maxBytes?: number
  readonly maxUnread?: number
}

export class DatagramCapture {
  /** Resolves when it is over, whatever ended it. */
  readonly outcome: Promise<CaptureOutcome>
  readonly #bounds: Required<CaptureBounds>
  readonly #socket: Socket
  #settle: (outcome: CaptureOutcome) => void = () => undefined
  #piece = new Uint8Array(0)
  #used = 0
  /** Pieces that are full and wait for `tick`. */
  #full: Uint8Array[] = []
  #waiting = 0
  #bytes = 0
  #datagrams = 0
  #leftOut = 0
  ended = false

  /** Connects to `path` and says `token` and a line feed, then what is captured from now on. */
  constructor(path: string, token: string, bounds: CaptureBounds) {
    this.#bounds = { maxBytes: MAX_BYTES, maxUnread: MAX_UNREAD, ...bounds }
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.#socket = createConnection(path)
    this.#socket.on("error", () => this.end("reader"))
    this.#socket.on("close", () => this.end("reader"))
    // Nothing is expected; unread it would hide that the other side has gone.
    this.#socket.resume()
    this.#socket.write(`${token}\n`)
    const header = pcapFileHeader()
    this.#bytes = header.length
    this.#socket.write(header)
  }

  /** Takes the `length` bytes at `at`, which passed at `us` (Unix time in µs). */
  take(bytes: Uint8Array, at: number, length: number, us: number, from: DatagramEnd, to: DatagramEnd): void {
    const start = this.#room(to, length)
    if (start < 0) return
    const payload = putPcapRecord(this.#piece, start, us, from, to, length)
    this.#piece.set(bytes.subarray(at, at + length), payload)
    putPcapChecksum(this.#piece, start, to, length)
  }

  /** Takes a datagram that is gathered from `count` iovecs at `iovecs` of the memory. */
  gather(memory: NativeMemory, iovecs: number, count: number, us: number, from: DatagramEnd, to: DatagramEnd): void {
    const { base, bytes, u32 } = memory
    let length = 0
    for (let i = 0; i < count; i++) length += u32[((iovecs + i * 16) >> 2) + 2] ?? 0
    const start = this.#room(to, length)
    if (start < 0) return
    let payload = putPcapRecord(this.#piece, start, us, from, to, length)
    for (let i = 0; i < count; i++) {
      const word = (iovecs + i * 16) >> 2
      const offset = (u32[word] ?? 0) + (u32[word + 1] ?? 0) * 2 ** 32 - base
      const size = u32[word + 2] ?? 0
      this.#piece.set(bytes.subarray(offset, offset + size), payload)
      payload += size
    }
    putPcapChecksum(this.#piece, start, to, length)
  }

  /** Where the next record begins in `#piece`; -1 when there is no room for it. */
  #room(to: DatagramEnd, length: number): number {
    if (this.ended) return -1
    const size = pcapRecordLength(to, length)
    if (this.#bytes + size > this.#bounds.maxBytes) {
      this.end("size")
      return -1
    }
    if (this.#waiting + this.#used + this.#socket.writableLength + size > this.#bounds.maxUnread) {
      this.#leftOut += 1
      return -1
    }
    if (this.#piece.length - this.#used < size) {
      this.#setAside()
      this.#piece = new Uint8Array(Math.max(PIECE, size))
    }
    const start = this.#used
    this.#used += size
    this.#bytes += size
    this.#datagrams += 1
    return start
  }

  #setAside(): void {
    if (this.#used > 0) this.#full.push(this.#piece.subarray(0, this.#used))
    this.#waiting += this.#used
    this.#piece = new Uint8Array(0)
    this.#used = 0
  }

  #write(): void {
    this.#setAside()
    for (const piece of this.#full) this.#socket.write(piece)
    this.#full = []
    this.#waiting = 0
  }

  /** Every few milliseconds: hands on what there is, and ends when its time is up. */
  tick(nowMs: number): void {
    if (this.ended) return
    if (nowMs >= this.#bounds.untilMs) this.end("time")
    else this.#write()
  }

  /** Ends it, and lets the control plane have what was captured until then. */
  end(why: CaptureEnd): void {
    if (this.ended) return
    this.ended = true
    if (why === "reader") this.#socket.destroy()
    else {
      this.#write()
      this.#socket.end()
    }
    this.#settle({ datagrams: this.#datagrams, left_out: this.#leftOut, ended_by: why })
  }
}
