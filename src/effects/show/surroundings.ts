/**
 * The service's surroundings: its store, the disks it writes to, the programs it runs. Read on demand, for a page that
 * people look at.
 */
import { execFile } from "node:child_process"
import { statfs } from "node:fs/promises"
import { dirname } from "node:path"
import { Effect } from "effect"
import type { AppConfigService } from "../config/AppConfig.ts"
import { toolEnvironment } from "../engine/child-environment.ts"
import type { StoreService } from "../store/Store.ts"

/** Free space on the file system of a directory. */
export interface DiskRoom {
  /** Setting that names the directory. */
  readonly setting: "DATA_DIR" | "HLS_DIR" | "RECORDINGS_DIR"
  readonly path: string
  /** Bytes that this service may still write, and below, the size of the file system; null where unknown. */
  readonly free: number | null
  readonly total: number | null
}

export interface Surroundings {
  readonly store: Effect.Effect.Success<StoreService["size"]>
  readonly disks: ReadonlyArray<DiskRoom>
  /** Version that ffmpeg prints; null when it cannot be run. */
  readonly ffmpeg: string | null
}

const FFMPEG_WITHIN_MS = 5000
/** How long the answer about ffmpeg is kept, in ms: it may be installed while the service runs. */
const FFMPEG_AGAIN_MS = 300_000

/** Free space for a directory. One that does not exist yet is on the file system of its parent. */
const roomAt = async (path: string): Promise<{ readonly free: number; readonly total: number } | null> => {
  try {
    const { bavail, blocks, bsize } = await statfs(path)
    return { free: bavail * bsize, total: blocks * bsize }
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT"
    return isMissing && dirname(path) !== path ? roomAt(dirname(path)) : null
  }
}

type Places = Pick<AppConfigService, "dataDir" | "hlsDir" | "recordingsDir">

/** Room for each directory that the service writes to. */
export const diskRooms = ({ dataDir, hlsDir, recordingsDir }: Places): Effect.Effect<ReadonlyArray<DiskRoom>> =>
  Effect.forEach(
    [
      ["DATA_DIR", dataDir],
      ["HLS_DIR", hlsDir],
      ["RECORDINGS_DIR", recordingsDir],
    ] as const,
    ([setting, path]) =>
      Effect.map(
        Effect.promise(() => roomAt(path)),
        (room): DiskRoom => ({ setting, path, free: room?.free ?? null, total: room?.total ?? null }),
      ),
  )

const askFfmpeg = () =>
  new Promise<string | null>((resolve) => {
    execFile("ffmpeg", ["-version"], { timeout: FFMPEG_WITHIN_MS, env: toolEnvironment() }, (error, text) =>
      resolve(error === null ? (/^ffmpeg version (\S+)/.exec(text)?.[1] ?? "of an unknown version") : null),
    )
  })

/** Makes the reader of the surroundings, which never fails. */
export const makeSurroundings = (places: Places, store: Pick<StoreService, "size">): Effect.Effect<Surroundings> => {
  let ffmpeg: { readonly askedMs: number; readonly version: Promise<string | null> } | null = null
  return Effect.all({
    store: store.size,
    disks: diskRooms(places),
    ffmpeg: Effect.promise(() => {
      const nowMs = performance.now()
      if (ffmpeg === null || nowMs - ffmpeg.askedMs > FFMPEG_AGAIN_MS) ffmpeg = { askedMs: nowMs, version: askFfmpeg() }
      return ffmpeg.version
    }),
  })
}
