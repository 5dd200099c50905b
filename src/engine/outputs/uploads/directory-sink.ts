/** HLS in a directory of this machine: whole files only, the playlist behind its segments. */
import { mkdir, open, readdir, readFile, rename, rm, unlink } from "node:fs/promises"
import { join } from "node:path"
import { readPlaylist } from "../../../core/hls/playlist.ts"
import { PLAYLIST_NAME, runOfSegment } from "../../../core/hls/segment-names.ts"
import { claimDirectory, type DirectoryClaim } from "./directory-claim.ts"
import { diskFailure } from "./disk-failure.ts"
import type { EarlierRun, SegmentSink } from "./segment-sink.ts"

/** Hidden, so that nothing takes it for a segment while it is written. */
const temporary = (name: string): string => `.${name}.tmp`
const TEMPORARY = /^\.(?:\d{13}-\d{6,12}\.ts|index\.m3u8)\.tmp$/

export class DirectorySink implements SegmentSink {
  readonly address: string
  readonly mostSegments = null
  readonly warnings: string[] = []
  readonly #label: string
  #claim: DirectoryClaim | null = null
  #isLeaving = false

  /** `directory` is absolute; `label` names the output to others that want the same one. */
  constructor(directory: string, label: string) {
    this.address = directory
    this.#label = label
  }

  async open(): Promise<EarlierRun> {
    this.#claim = await claimDirectory(this.address, this.#label)
    if (this.#isLeaving) this.#claim.leaving()
    try {
      await mkdir(this.address, { recursive: true })
      const names = await readdir(this.address)
      for (const name of names) if (TEMPORARY.test(name)) await rm(join(this.address, name), { force: true })
      const files = names.filter((name) => runOfSegment(name) !== null)
      const text = names.includes(PLAYLIST_NAME) ? await readFile(join(this.address, PLAYLIST_NAME), "utf8") : ""
      return { playlist: readPlaylist(text), files }
    } catch (cause) {
      throw diskFailure(cause, `preparing ${this.address}`)
    }
  }

  putSegment(name: string, parts: ReadonlyArray<Uint8Array>): Promise<void> {
    return this.#put(name, parts)
  }

  putPlaylist(text: string): Promise<void> {
    return this.#put(PLAYLIST_NAME, [new TextEncoder().encode(text)])
  }

  /** Not synced: what a power cut takes, the next run writes anew. */
  async #put(name: string, parts: ReadonlyArray<Uint8Array>): Promise<void> {
    const path = join(this.address, name)
    const draft = join(this.address, temporary(name))
    try {
      const file = await open(draft, "w")
      try {
        for (const part of parts) await writeWhole(file, part)
      } finally {
        await file.close()
      }
      await rename(draft, path)
    } catch (cause) {
      await rm(draft, { force: true }).catch(() => {})
      throw diskFailure(cause, `writing ${path}`)
    }
  }

  async remove(names: ReadonlyArray<string>): Promise<void> {
    for (const name of names) if (runOfSegment(name) !== null) await unlink(join(this.address, name)).catch(() => {})
  }

  async close(): Promise<void> {
    this.#claim?.release()
    this.#claim = null
  }

  /** The session writes its last segment: one that follows waits for it. */
  leaving(): void {
    this.#isLeaving = true
    this.#claim?.leaving()
  }
}

type Writable = Pick<Awaited<ReturnType<typeof open>>, "write">

/** Writes all of `bytes` where the file stands; a write that takes only a part is followed by another. */
export const writeWhole = async (file: Writable, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at)
    at += bytesWritten
  }
}
