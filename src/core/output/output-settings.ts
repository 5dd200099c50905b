/**
 * How an output is written, beyond what its URL says. Which settings a protocol has, their bounds and defaults, in one
 * place.
 */
import type { UrlProtocol } from "./output-url.ts"

export const CUE_POINT_STYLES = ["none", "elemental", "primetime", "youtube", "bin64"] as const
export const CUE_TAG_STYLES = ["daterange", "cue_out", "both", "none"] as const
export const ENHANCED_CODECS = ["hevc", "ac3", "eac3", "opus"] as const

export interface OutputSettings {
  // --- SRT
  /** Addresses or networks, IPv4 and IPv6, that may receive from a listener, at most 32; without it anyone may. */
  readonly allowed_receivers?: ReadonlyArray<string> | undefined
  // --- RTMP
  /**
   * Shape of the SCTE-35 data messages; `none` (default) sends none, since some ingests drop the connection at unknown
   * ones.
   */
  readonly cue_points?: (typeof CUE_POINT_STYLES)[number] | undefined
  /** `silence` adds a silent AAC track to a stream that has no audio; default `source`. */
  readonly audio?: "source" | "silence" | undefined
  /** Codecs beyond H.264 and AAC that the destination takes by Enhanced RTMP; default none. */
  readonly codecs?: ReadonlyArray<(typeof ENHANCED_CODECS)[number]> | undefined
  /** false accepts any certificate of a rtmps or https destination; default true. */
  readonly verify_tls?: boolean | undefined
  // --- HLS and file
  /** Length of a segment in seconds: HLS 1 to 30 (default 4), cut at the next IDR; file 1 to 86400 (default 3600). */
  readonly segment_s?: number | undefined
  // --- HLS
  /** Segments in the playlist: 3 to 1000, default 6. */
  readonly playlist_segments?: number | undefined
  /** SCTE-35 as EXT-X-DATERANGE (default), as EXT-X-CUE-OUT and -IN, as both, or not at all. */
  readonly cue_tags?: (typeof CUE_TAG_STYLES)[number] | undefined
  /** Method of uploads by HTTP; default `put`. */
  readonly http_method?: "put" | "post" | undefined
  /**
   * Server and keys of an `s3://` destination. Without an endpoint it is AWS's in the region, us-east-1 by default;
   * without keys those of the environment are used.
   */
  readonly s3_endpoint?: string | undefined
  readonly s3_region?: string | undefined
  readonly s3_access_key_id?: string | undefined
  readonly s3_secret_access_key?: string | undefined
  // --- File
  /** Size at which a new file is begun: 1 to 1000000 MB (10^6 bytes); default none. */
  readonly segment_mb?: number | undefined
  /** Files older than this are removed: 1 to 87600 hours; default none. */
  readonly keep_hours?: number | undefined
  /** Oldest files are removed beyond this size in all: 1 to 1000000 GB (10^9 bytes); default none. */
  readonly keep_gb?: number | undefined
  // --- RTSP
  readonly rtsp_transport?: "tcp" | "udp" | undefined
  // --- Of every protocol
  /**
   * Attempts to reconnect in a row after which it is given up: 0 (never) to 1000000, default by the service
   * (`MAX_RECONNECT_ATTEMPTS`).
   */
  readonly retry_attempts?: number | undefined
  /**
   * Delay of the first attempt to reconnect, and the shortest: 1 to 3600 s, default by the service
   * (`DEFAULT_RECONNECT_DELAY`).
   */
  readonly retry_delay_s?: number | undefined
}

export type OutputSetting = keyof OutputSettings

/** Those that every protocol has. They are the control plane's: a change of them leaves a session as it is. */
export const RETRY_SETTINGS = ["retry_attempts", "retry_delay_s"] as const satisfies ReadonlyArray<OutputSetting>

/** The settings each protocol has; any other is refused. */
export const SETTINGS_OF: Readonly<Record<UrlProtocol, ReadonlyArray<OutputSetting>>> = {
  srt: ["allowed_receivers", ...RETRY_SETTINGS],
  udp: RETRY_SETTINGS,
  rtp: RETRY_SETTINGS,
  rtmp: ["cue_points", "audio", "codecs", "verify_tls", ...RETRY_SETTINGS],
  hls: [
    "segment_s",
    "playlist_segments",
    "cue_tags",
    "http_method",
    "verify_tls",
    "s3_endpoint",
    "s3_region",
    "s3_access_key_id",
    "s3_secret_access_key",
    ...RETRY_SETTINGS,
  ],
  file: ["segment_s", "segment_mb", "keep_hours", "keep_gb", ...RETRY_SETTINGS],
  rtsp: ["rtsp_transport", ...RETRY_SETTINGS],
}

/** Lowest and highest value, both allowed, of numeric settings; `segment_s` of HLS ends at 30. */
export const SETTING_BOUNDS = {
  segment_s: [1, 86_400],
  playlist_segments: [3, 1000],
  segment_mb: [1, 1_000_000],
  keep_hours: [1, 87_600],
  keep_gb: [1, 1_000_000],
  retry_attempts: [0, 1_000_000],
  retry_delay_s: [1, 3600],
} as const

export const MAX_ALLOWED_RECEIVERS = 32

/** HLS: a segment of more than this cannot be told from a stall by a player. */
export const HLS_SEGMENT_MAX_S = 30

/** Shown as `***`. */
export const SECRET_SETTINGS: ReadonlyArray<OutputSetting> = ["s3_secret_access_key"]

/**
 * True when SCTE-35 goes out by an output: TS outputs carry its packets, HLS tags and RTMP data messages are a matter
 * of the settings, and RTSP carries video and audio alone. Of an output that is not to carry cues, none is missed.
 */
export const carriesCues = ({ protocol, settings }: { readonly protocol: UrlProtocol; readonly settings: OutputSettings }): boolean => {
  if (protocol === "rtsp") return false
  if (protocol === "rtmp") return (settings.cue_points ?? "none") !== "none"
  return protocol !== "hls" || settings.cue_tags !== "none"
}
