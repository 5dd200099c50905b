/** What goes into a publisher and what comes out of it. */
import type { AmfValue } from "./amf0.ts"
import type { AuthRound } from "./auth.ts"
import type { PublishStage, RtmpFailure } from "./failures.ts"
import type { RtmpUrl } from "./rtmp-url.ts"

export type Announce = boolean | "without_release"

export interface PublisherOptions {
  readonly url: RtmpUrl
  /** From the `auth` of the failure before; null on the first connection. */
  readonly auth: AuthRound | null
  /** HANDSHAKE_RANDOM_SIZE random bytes. */
  readonly random: Uint8Array
  /** Any clock, for C1. */
  readonly timeMs: number
  /** Chunk size we set, 128 to 0xFFFFFF; 65536 is the largest that all known servers take. */
  readonly chunkSize?: number
  /** `probe` stops before `publish`. */
  readonly mode?: "publish" | "probe"
  /**
   * Sends releaseStream and FCPublish. A probe leaves them out unless told: releaseStream can end the session of
   * whoever is live with the key, so `without_release` sends FCPublish alone.
   */
  readonly announce?: Announce
  /**
   * More properties for `connect`, such as `capsEx: 1`, without which no server asks to reconnect (Enhanced RTMP v2).
   */
  readonly connectProperties?: Readonly<Record<string, AmfValue>>
}

export type PublisherEvent =
  /** The server has started the publication: metadata, sequence headers and media may be sent. */
  | { readonly type: "ready"; readonly messageStreamId: number }
  /** A probe has come as far as it goes; the stream key has not been tried. */
  | { readonly type: "probed"; readonly stage: PublishStage }
  /** It is over: close the connection. Comes once, and nothing after it. */
  | { readonly type: "failed"; readonly failure: RtmpFailure }
  /** The server wants us elsewhere; it goes on taking media meanwhile. Connect there and change over at a key frame. */
  | { readonly type: "reconnect"; readonly url: RtmpUrl; readonly description: string }
  /** Worth a line in the log; changes nothing. */
  | { readonly type: "note"; readonly text: string }
  /** `close` has been called: send what it gave, then end the connection. */
  | { readonly type: "closed" }

export interface PublisherStep {
  /** To be sent in this order, before whatever later calls give. */
  readonly toSend: ReadonlyArray<Uint8Array>
  readonly events: ReadonlyArray<PublisherEvent>
}

export type MediaKind = "audio" | "video" | "data"
