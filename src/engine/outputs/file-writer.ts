/**
 * Writes a recording: files of whole TS packets, one after the other, in the background.
 *
 * What is pushed is gathered for up to a quarter of a second and written in turn, one write at a time; beyond
 * `PENDING_MAX` nothing more is taken. Each file is synced (fdatasync) when it is closed, and not before: a power cut
 * may take what the kernel had not written yet, about half a minute, never a file that was finished.
 */
import { open, unlink } from "node:fs/promises"
import { join } from "node:path"
import { recordingName } from "../../core/recording/file-names.ts"
import { patOffset, type RotationPolicy, rotation } from "../../core/recording/rotation.ts"
import { TS_PACKET_SIZE } from "../../core/ts/packet.ts"
import type { Reason } from "../protocol/messages.ts"
import { writeWhole } from "./uploads/directory-sink.ts"
import { diskFailure, errorCode } from "./uploads/disk-failure.ts"

/** Whole packets, and not much memory. */
const CHUNK_BYTES = 680 * TS_PACKET_SIZE
const PENDING_MAX = 64
const GATHER_US = 250_000
/** Names of two files that begin in one ms; more is a fault. */
const NAME_TRIES = 100

type File = Awaited<ReturnType<typeof open>>

interface Chunk {
  readonly bytes: Uint8Array
  used: number
  /** Mark of the last packets in the chunk. */
  mark: number
  /** Unix time in ms; null: it goes on in the same file. */
  readonly fileMs: number | null
  sinceUs: number
}

export interface FileWriterHooks {
  /** False when nothing may be written any more: the session is about to be ended. */
  readonly mayWrite: () => boolean
  /** Everything up to and with this mark is written. */
  readonly written: (mark: number, bytes: number) => void
  /** A file was begun, or the last one ended (null). */
  readonly current: (name: string | null) => void
  readonly failed: (reason: Reason) => void
}

export class FileWriter {
  readonly #directory: string
  readonly #policy: RotationPolicy
  readonly #hooks: FileWriterHooks
  #pending: Chunk[] = []
  readonly #spare: Uint8Array[] = []
  #running: Promise<void> | null = null
  #isOver = false
  #file: File | null = null
  #name = ""
  /** Bytes written to the file. */
  #size = 0
  /** Start of the file that pushed packets belong to, CLOCK_MONOTONIC in microseconds; null before the first. */
  #startUs: number | null = null
  #pushed = 0

  constructor(directory: string, policy: RotationPolicy, hooks: FileWriterHooks) {
    this.#directory = directory
    this.#policy = policy
    this.#hooks = hooks
  }

  /** Copies whole TS packets; false, and nothing is taken, while the disk does not keep up. `nowUs` does not fall. */
  push(packets: Uint8Array, mark: number, nowUs: number, unixMs: number): boolean {
    if (this.#isOver || this.#pending.length >= PENDING_MAX) return false
    const offset = this.#newFileAt(packets, nowUs)
    if (offset > 0) this.#gather(packets.subarray(0, offset), mark - 1, nowUs, null)
    if (offset >= 0) {
      this.#startUs = nowUs
      this.#pushed = 0
      this.#gather(packets.subarray(offset), mark, nowUs, unixMs)
    } else this.#gather(packets, mark, nowUs, null)
    return true
  }

  /** Where a new file begins; -1: not in these packets. */
  #newFileAt(packets: Uint8Array, nowUs: number): number {
    if (this.#startUs === null) return 0
    const when = rotation(this.#policy, { elapsedMs: (nowUs - this.#startUs) / 1000, bytes: this.#pushed })
    return when === "now" ? 0 : when === "no" ? -1 : patOffset(packets)
  }

  #gather(packets: Uint8Array, mark: number, nowUs: number, fileMs: number | null): void {
    let chunk = this.#pending.at(-1)
    if (fileMs !== null || chunk === undefined || chunk.used + packets.length > CHUNK_BYTES) {
      chunk = { bytes: this.#spare.pop() ?? new Uint8Array(CHUNK_BYTES), used: 0, mark, fileMs, sinceUs: nowUs }
      this.#pending.push(chunk)
    }
    chunk.bytes.set(packets, chunk.used)
    chunk.used += packets.length
    chunk.mark = mark
    this.#pushed += packets.length
  }

  /** Begins to write what was gathered for long enough. */
  poll(nowUs: number): void {
    const [first] = this.#pending
    if (this.#running !== null || this.#isOver || first === undefined) return
    if (this.#pending.length > 1 || nowUs - first.sinceUs >= GATHER_US) this.#running = this.#run(false)
  }

  /** Nothing more is written: what was pushed and not written yet is lost. The file is closed by `finish`. */
  abandon(): void {
    this.#isOver = true
    this.#pending = []
  }

  /** Writes what is left and closes the file. Never rejects. */
  async finish(): Promise<void> {
    await this.#running
    if (!this.#isOver) await this.#run(true)
    this.#isOver = true
    await this.#closeFile(false)
  }

  async #run(isLast: boolean): Promise<void> {
    try {
      for (let chunk = this.#pending[0]; chunk !== undefined; chunk = this.#pending[0]) {
        // Taken off first: nothing is added to a chunk that is being written.
        this.#pending.shift()
        if (!this.#hooks.mayWrite()) this.abandon()
        if (this.#isOver) break
        await this.#write(chunk)
        if (this.#spare.length < 2) this.#spare.push(chunk.bytes)
        if (!isLast && this.#pending.length < 2) break
      }
    } catch (cause) {
      this.#isOver = true
      this.#pending = []
      await this.#closeFile(true)
      this.#hooks.failed(diskFailure(cause, `writing ${join(this.#directory, this.#name)}`).reason)
    }
    this.#running = null
  }

  async #write({ bytes, fileMs, mark, used }: Chunk): Promise<void> {
    if (fileMs !== null) {
      await this.#closeFile(false)
      await this.#openFile(fileMs)
    }
    if (this.#file === null) return
    await writeWhole(this.#file, bytes.subarray(0, used))
    this.#size += used
    this.#hooks.written(mark, used)
  }

  async #openFile(unixMs: number): Promise<void> {
    for (let n = 0; ; n++) {
      const name = recordingName(unixMs + n)
      this.#name = name
      try {
        this.#file = await open(join(this.#directory, name), "wx")
        this.#size = 0
        this.#hooks.current(name)
        return
      } catch (cause) {
        if (errorCode(cause) !== "EEXIST" || n >= NAME_TRIES) throw cause
      }
    }
  }

  /** After a failure the file may end in half a packet, or be empty. */
  async #closeFile(isCut: boolean): Promise<void> {
    const file = this.#file
    if (file === null) return
    this.#file = null
    try {
      if (isCut) await file.truncate(this.#size)
      await file.datasync()
    } catch (cause) {
      if (!isCut) this.#hooks.failed(diskFailure(cause, `finishing ${join(this.#directory, this.#name)}`).reason)
    } finally {
      await file.close().catch(() => {})
      if (this.#size === 0) await unlink(join(this.#directory, this.#name)).catch(() => {})
      this.#hooks.current(null)
    }
  }
}
