/** Where HLS segments and their playlist are put. */
import type { Playlist } from "../../../core/hls/playlist.ts"

/** What an earlier run left behind. */
export interface EarlierRun {
  readonly playlist: Playlist | null
  /** Names of its segments. */
  readonly files: ReadonlyArray<string>
}

/**
 * Every method but `remove` and `close` rejects with a SetupFailure, whose reason tells whether trying again can help.
 */
export interface SegmentSink {
  /** For people: a directory, or host and port. */
  readonly address: string
  /** Upper bound of segments in a playlist, where the destination has one. */
  readonly mostSegments: number | null
  /** Makes ready. Null where what is there cannot be read. */
  open(): Promise<EarlierRun | null>
  /** Puts a whole segment; nobody sees a part of it. */
  putSegment(name: string, parts: ReadonlyArray<Uint8Array>): Promise<void>
  putPlaylist(text: string): Promise<void>
  /** Removes segments as far as that is possible. Never rejects. */
  remove(names: ReadonlyArray<string>): Promise<void>
  /** Sentences for the operator. */
  readonly warnings: ReadonlyArray<string>
  /** The last segment is being put: what runs is given up soon, and whoever wants the place may wait for it. */
  leaving(): void
  /** Lets go of everything. Never rejects. */
  close(): Promise<void>
}
