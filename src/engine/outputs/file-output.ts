/** File output: the TS as it is, in files of bounded length, with what is too old or too much removed. */
import { mkdir, readdir, stat, statfs, unlink } from "node:fs/promises"
import { join } from "node:path"
import { SLOT_LENGTH, SLOT_PAYLOAD } from "../../core/assembly/memory/layout.ts"
import { OUTPUT_SETTINGS } from "../../core/output/setting-table.ts"
import { startOfRecording } from "../../core/recording/file-names.ts"
import { expiredRecordings, type RecordedFile, type RetentionPolicy } from "../../core/recording/retention.ts"
import type { OutputSpec, OutputStats, Reason, SessionState } from "../protocol/messages.ts"
import { reasonOf, SetupFailure } from "../protocol/setup-failure.ts"
import { RingReader, type SlotFate } from "../ring/ring-reader.ts"
import { FileWriter } from "./file-writer.ts"
import { type OutputSession, type SessionContext, statsOf } from "./output-session.ts"
import { SessionLife } from "./session-life.ts"
import { claimDirectory, type DirectoryClaim } from "./uploads/directory-claim.ts"
import { diskFailure } from "./uploads/disk-failure.ts"

export const SEGMENT_S = OUTPUT_SETTINGS.segment_s.defaultIn.file
const RETENTION_EVERY_US = 10e6
/** Bytes: what is written at a time. */
const LEAST_SPACE = 128 * 1024

export class FileOutput implements OutputSession {
  readonly spec: OutputSpec
  readonly channel: number
  readonly carriesCues = true
  readonly immediate = false
  readonly maxBurstUs = Number.POSITIVE_INFINITY
  readonly waiting = false
  /** Resolves when the last file is closed, after `close` or a failure. */
  readonly settled: Promise<void>
  readonly #opening: Promise<void>
  readonly #context: SessionContext
  readonly #life = new SessionLife((reason) => this.#letGo(reason))
  readonly #figures = this.#life.figures
  readonly #retention: RetentionPolicy
  #reader: RingReader
  #claim: DirectoryClaim | null = null
  #writer: FileWriter | null = null
  /** The first slot that is not written yet, since the reader began. */
  #writtenTo = 0
  #current: string | null = null
  /** Time of the last turn, CLOCK_MONOTONIC in microseconds. */
  #turnUs = 0
  #nextRetentionUs = 0
  #isTidying = false
  #warnings: string[] = []
  #resolveSettled: () => void = () => {}

  constructor(context: SessionContext, spec: OutputSpec, channel: number) {
    const { keep_gb, keep_hours } = spec.settings ?? {}
    this.#context = context
    this.spec = spec
    this.channel = channel
    this.#retention = { keepHours: keep_hours ?? null, keepBytes: keep_gb === undefined ? null : keep_gb * 1e9 }
    this.#reader = new RingReader(context.core.ringHead(channel))
    this.settled = new Promise((resolve) => {
      this.#resolveSettled = resolve
    })
    this.#opening = this.#open()
  }

  get state(): SessionState {
    return this.#life.state
  }

  get reason(): Reason | null {
    return this.#life.reason
  }

  async #open(): Promise<void> {
    try {
      const { directory, label, settings } = this.spec
      if (directory == null)
        throw new SetupFailure({
          code: "directory",
          message: "the output has no directory to write to",
          transient: false,
        })
      this.#figures.address = directory
      this.#claim = await claimDirectory(directory, label)
      await mkdir(directory, { recursive: true }).catch((cause) => {
        throw diskFailure(cause, `preparing ${directory}`)
      })
      // On a full disk nothing is ever connected, so what is due has to go here: that may be what makes the room.
      await this.#tidy()
      await checkSpace(directory)
      if (this.#life.ended) return
      const { segment_mb, segment_s = SEGMENT_S } = settings ?? {}
      this.#writer = new FileWriter(
        directory,
        { segmentS: segment_s, segmentBytes: segment_mb === undefined ? null : segment_mb * 1e6 },
        {
          mayWrite: () => this.#context.fences.isOpen(this.channel),
          written: (mark, bytes) => {
            this.#writtenTo = this.#reader.sinceStart(mark) + 1
            this.#figures.bytesSent += bytes
            this.#figures.packetsSent += 1
          },
          current: (name) => {
            this.#current = name
          },
          failed: (reason) => this.#life.end(reason),
        },
      )
      this.#reader = new RingReader(this.#context.core.ringHead(this.channel))
      this.#writtenTo = 0
      this.#life.connect()
    } catch (cause) {
      this.#life.end(reasonOf(cause))
    }
  }

  flush(nowUs: number): void {
    const writer = this.#writer
    if (!this.#life.connected || writer === null) return
    this.#turnUs = nowUs
    const { core } = this.#context
    const reader = this.#reader
    const waiting = reader.backlog(core.ringHead(this.channel))
    const unixMs = Date.now()
    for (let i = 0; i < waiting; i++) {
      const slot = core.slotAddress(this.channel, reader.cursor)
      const from = slot + SLOT_PAYLOAD
      const packets = core.u8.subarray(from, from + (core.u32[(slot + SLOT_LENGTH) >> 2] ?? 0))
      if (!writer.push(packets, reader.cursor, nowUs, unixMs)) break
      reader.next()
    }
    writer.poll(nowUs)
  }

  poll(nowUs: number): void {
    if (!this.#life.connected || this.#isTidying || nowUs < this.#nextRetentionUs) return
    this.#nextRetentionUs = nowUs + RETENTION_EVERY_US
    this.#isTidying = true
    void this.#tidy().finally(() => {
      this.#isTidying = false
    })
  }

  /** Removes what is too old or too much, and looks whether the file being written is still there. */
  async #tidy(): Promise<void> {
    const directory = this.spec.directory ?? ""
    const current = this.#current
    try {
      const files: RecordedFile[] = []
      for (const name of await readdir(directory)) {
        if (startOfRecording(name) === null) continue
        const facts = await stat(join(directory, name)).catch(() => null)
        if (facts?.isFile() === true) files.push({ name, bytes: facts.size, endMs: facts.mtimeMs })
      }
      if (current !== null && current === this.#current && !files.some(({ name }) => name === current)) {
        this.#life.end({
          code: "file_gone",
          message: `the file ${join(directory, current)} was removed while it was written`,
          transient: true,
        })
        return
      }
      for (const name of expiredRecordings(files, this.#retention, Date.now(), this.#current))
        await unlink(join(directory, name))
      this.#warnings = []
    } catch (cause) {
      this.#warnings = [
        `old recordings could not be removed: ${diskFailure(cause, `looking through ${directory}`).message}`,
      ]
    }
  }

  fateOf(position: number): SlotFate {
    const fate = this.#reader.fateOf(position)
    return fate === "sent" && this.#reader.sinceStart(position) >= this.#writtenTo ? "waiting" : fate
  }

  stats(): OutputStats {
    return statsOf(this, { ...this.#figures, packetsDropped: this.#reader.dropped }, { warnings: this.#warnings })
  }

  close(): void {
    if (this.#life.ended) return
    // What has arrived since the last turn belongs to the recording that somebody ends; one that failed has nowhere to
    // put it. Writing it may fail, too, and be the end.
    this.flush(this.#turnUs)
    this.#life.close()
  }

  cut(reason: Reason): void {
    this.#writer?.abandon()
    this.#life.end(reason)
  }

  fault(reason: Reason): void {
    this.#life.fault(reason)
  }

  #letGo(reason: Reason | null): void {
    if (reason !== null) this.#life.noteError(reason)
    this.#claim?.leaving()
    void this.#settle()
  }

  async #settle(): Promise<void> {
    // What is being opened has the directory to itself until it is done.
    await this.#opening
    try {
      await this.#writer?.finish()
    } finally {
      this.#claim?.release()
      this.#resolveSettled()
    }
  }
}

/** On a full disk a file is not even begun, so that an attempt which must fail does not count as connected. */
const checkSpace = async (directory: string): Promise<void> => {
  const { bavail, bsize } = await statfs(directory).catch((cause) => {
    throw diskFailure(cause, `looking at ${directory}`)
  })
  if (bavail * bsize < LEAST_SPACE) throw diskFailure({ code: "ENOSPC" }, `preparing to write to ${directory}`)
}
