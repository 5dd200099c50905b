/** What an output URL means, ready for the engine. */
import type { RtmpUrl } from "../../rtmp/rtmp-url.ts"
import type { SrtOption } from "../../srt/options.ts"
import type { SrtStack } from "../../srt/stack.ts"

export interface SrtSetting {
  readonly option: SrtOption
  readonly value: number | bigint | boolean | string
}

export interface SrtTarget {
  readonly protocol: "srt"
  readonly mode: "caller" | "listener" | "rendezvous"
  /** Peer's name or address without brackets; of a listener the local address, "" for any. */
  readonly host: string
  /** Peer's UDP port; of a listener its own. */
  readonly port: number
  /** Local address to bind to; null for any. A listener has it in `host`. */
  readonly localHost: string | null
  readonly localPort: number | null
  /** Sent by a caller; what a listener demands of its receivers. */
  readonly streamId: string | null
  readonly passphrase: string | null
  /** Payload bytes of a message: a multiple of 188, 188 to 1316. */
  readonly packetSize: number
  /** SRTO_LATENCY as given; null leaves libsrt's 120 ms. */
  readonly latencyMs: number | null
  readonly connectTimeoutMs: number
  /** The stack it asks for; null leaves it to the service. */
  readonly stack: SrtStack | null
  /**
   * Everything to set with srt_setsockflag, in this order. The stream id is there for a caller only: sockets a listener
   * accepts would inherit it, and a receiver without one would seem to have sent it.
   */
  readonly options: ReadonlyArray<SrtSetting>
}

export interface DatagramTarget {
  readonly protocol: "udp" | "rtp"
  /** Name or address, unicast or multicast, without brackets. */
  readonly host: string
  readonly port: number
  /** 0 to 255; null leaves the default of the sender. */
  readonly ttl: number | null
  /** Interface name or local address packets leave from. */
  readonly interface: string | null
  readonly localPort: number | null
  /** TS bytes of a datagram (the RTP header not counted): a multiple of 188, 188 to 1316. */
  readonly packetSize: number
  /** `input`: as the packets arrived; `pcr`: evenly, by the stream's clock. */
  readonly pacing: "input" | "pcr"
  /** How long packets are held for `pcr`, in ms. */
  readonly pacingDelayMs: number
  /** SO_SNDBUF in bytes. */
  readonly sendBuffer: number | null
  /** IP_TOS, 0 to 255. */
  readonly tos: number | null
  readonly dontFragment: boolean
  /** IP_MULTICAST_LOOP; null leaves the system's. */
  readonly loop: boolean | null
}

/** Where HLS segments and playlists go. */
export type HlsTarget =
  /**
   * `hls://NAME`: a directory of this machine, below the one for HLS. `path` is relative, of plain names divided by
   * `/`.
   */
  | { readonly protocol: "hls"; readonly kind: "directory"; readonly path: string }
  /**
   * `https://HOST/PATH/index.m3u8`: segments beside the playlist; or a URL that ends in `file=` (YouTube), which names
   * are put behind.
   */
  | {
      readonly protocol: "hls"
      readonly kind: "http"
      readonly base: string
      readonly playlist: string
      readonly query: string
    }
  | { readonly protocol: "hls"; readonly kind: "s3"; readonly bucket: string; readonly prefix: string }

/** `file://NAME`: recordings in a directory below the one for recordings. `path` as of HLS. */
export interface FileTarget {
  readonly protocol: "file"
  readonly path: string
}

export interface RtmpTarget {
  readonly protocol: "rtmp"
  readonly url: RtmpUrl
}

/** Pushed by ffmpeg: ANNOUNCE and RECORD (RFC 2326). */
export interface RtspTarget {
  readonly protocol: "rtsp"
  /** As ffmpeg takes it, user and password included. */
  readonly url: string
  readonly host: string
  readonly port: number
}

export type OutputTarget = SrtTarget | DatagramTarget | RtmpTarget | RtspTarget | HlsTarget | FileTarget

export type ParsedOutput =
  | {
      readonly ok: true
      readonly target: OutputTarget
      /** What was understood, as plain options for the API; no secrets. */
      readonly options: Readonly<Record<string, string | number | boolean>>
      /** Unknown keys. */
      readonly ignored: ReadonlyArray<string>
      /** What deserves a look although it works. */
      readonly warnings: ReadonlyArray<string>
    }
  | { readonly ok: false; readonly errors: ReadonlyArray<{ readonly path: string; readonly message: string }> }

/** A refusal; the path is the field of the API that holds the URL. */
export const refuse = (...messages: ReadonlyArray<string>): ParsedOutput => ({
  ok: false,
  errors: messages.map((message) => ({ path: "url", message })),
})

/** TS bytes sent in one packet: 7 x 188, what fits an Ethernet frame and the slots of the engine. */
export const PACKET_SIZE_MAX = 1316

/** Whole TS packets of a wanted size: `size` is at least 188. */
export const wholePackets = (size: number): number => Math.min(PACKET_SIZE_MAX, Math.floor(size / 188) * 188)
