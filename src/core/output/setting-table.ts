/** The settings of outputs beyond what their URLs say, a row each: see `settings/setting-row.ts` for the columns. */

import type { Bounds, SettingRow } from "../settings/setting-row.ts"
import { URL_MAX_LENGTH, type UrlProtocol } from "./output-url.ts"

/** Columns that only outputs have. */
export interface OutputColumns {
  readonly protocols: ReadonlyArray<UrlProtocol>
  /** What of its protocol has the setting, where not every output over it does. */
  readonly of?: string
  /** False for what the control plane uses itself: a change of it leaves a session as it is. */
  readonly engine?: false
  /** Bounds of single protocols, within `bounds`. */
  readonly boundsIn?: Readonly<Partial<Record<UrlProtocol, Bounds>>>
  /** Default by protocol, where they differ. */
  readonly defaultIn?: Readonly<Partial<Record<UrlProtocol, number>>>
}

/** Every protocol, in the order in which forms have their settings. */
export const PROTOCOLS = [
  "srt",
  "udp",
  "rtp",
  "rtmp",
  "hls",
  "file",
  "rtsp",
] as const satisfies ReadonlyArray<UrlProtocol>

const MAX_RECEIVERS = 32

export const OUTPUT_SETTINGS = {
  cue_points: {
    type: "choice",
    values: ["none", "elemental", "primetime", "youtube", "bin64"],
    default: "none",
    protocols: ["rtmp"],
    says: "shape in which SCTE-35 goes out",
    form: {
      label: "SCTE-35 cues",
      hint: "Shape of the data messages; some servers drop the connection at those they do not know",
    },
    docs: {
      meaning:
        "shape in which SCTE-35 goes out: `onCuePoint` as of Elemental encoders, `onAdCue` of Adobe Primetime, " +
        "`onCuePoint` of YouTube, or the section in base64. Some servers drop the connection at data they do not know",
    },
  },
  audio: {
    type: "choice",
    values: ["source", "silence"],
    default: "source",
    protocols: ["rtmp"],
    says: "`silence` adds a silent AAC track to a stream without audio",
    form: {
      label: "Audio",
      choices: { source: "as the source has it" },
      hint: "silence adds a silent track where there is none",
    },
  },
  codecs: {
    type: "choices",
    values: ["hevc", "ac3", "eac3", "opus"],
    protocols: ["rtmp"],
    says: "codecs beside H.264 and AAC that the destination takes",
    form: { label: "Codecs", hint: "Beyond H.264 and AAC, by Enhanced RTMP" },
    docs: { meaning: "codecs beside H.264 and AAC that the destination takes (Enhanced RTMP)" },
  },
  verify_tls: {
    type: "boolean",
    default: true,
    protocols: ["rtmp", "hls"],
    says: "false takes any certificate",
    form: { label: "Certificate", choices: { true: "is checked", false: "any is accepted" }, after: "http_method" },
    docs: { meaning: "`false` takes any certificate of a `rtmps` or `https` server" },
  },
  segment_s: {
    type: "integer",
    unit: "s",
    bounds: [1, 86_400],
    // A player cannot tell a longer segment from a stall.
    boundsIn: { hls: [1, 30] },
    defaultIn: { hls: 4, file: 3600 },
    protocols: ["hls", "file"],
    says: "seconds after which a segment ends",
    form: { label: "Segment length", placeholder: "4; of a file 3600" },
    docs: { meaning: "seconds after which a segment ends: at the next key frame" },
  },
  playlist_segments: {
    type: "integer",
    bounds: [3, 1000],
    default: 6,
    protocols: ["hls"],
    says: "segments in the playlist",
    form: { label: "Segments listed" },
  },
  cue_tags: {
    type: "choice",
    values: ["daterange", "cue_out", "both", "none"],
    default: "daterange",
    protocols: ["hls"],
    says: "SCTE-35 as these tags",
    form: { label: "SCTE-35 tags" },
    docs: { meaning: "SCTE-35 as `EXT-X-DATERANGE`, as `EXT-X-CUE-OUT` and `-IN`, as both, or not at all" },
  },
  http_method: {
    type: "choice",
    values: ["put", "post"],
    default: "put",
    protocols: ["hls"],
    says: "method of uploads",
    form: { label: "Upload by" },
    docs: { meaning: "method of uploads over `https` and `http`" },
  },
  s3_endpoint: {
    type: "text",
    maxLength: 512,
    pattern: {
      is: /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s/?#@]+\/?$/,
      wanted: "the URL of a server without a path, as in https://s3.example.com",
    },
    protocols: ["hls"],
    says: "server of a `s3://` URL; default that of AWS",
    form: {
      label: "S3 endpoint",
      placeholder: "that of AWS in the region",
      hint: "The URL of a server without a path",
    },
    docs: { default: "AWS in the region", values: "URL of a server", meaning: "where a `s3://` URL leads" },
  },
  s3_region: {
    type: "text",
    maxLength: 64,
    pattern: { is: /^[A-Za-z0-9-]+$/, wanted: "the name of a region, as in eu-central-1" },
    default: "us-east-1",
    protocols: ["hls"],
    says: "region of the bucket",
    form: { label: "S3 region" },
    docs: { values: "name of a region" },
  },
  s3_access_key_id: {
    type: "text",
    maxLength: 128,
    pattern: { is: /^\S+$/, wanted: "a key id without spaces" },
    protocols: ["hls"],
    says: "key id for S3; default that of the environment",
    form: { label: "S3 access key id", hint: "With the secret key; without both those of the environment" },
    docs: { default: "of the environment", meaning: "with `s3_secret_access_key`, or neither" },
  },
  s3_secret_access_key: {
    type: "text",
    maxLength: 256,
    secret: true,
    protocols: ["hls"],
    says: "key for S3; shown as `***`",
    form: { label: "S3 secret key", hint: "Left empty it stays as it is; it is never shown again" },
    docs: { default: "of the environment", meaning: "shown as `***`" },
  },
  segment_mb: {
    type: "integer",
    unit: "MB",
    bounds: [1, 1_000_000],
    protocols: ["file"],
    says: "size in MB (10^6 bytes) at which a new file is begun",
    form: { label: "New file at", placeholder: "no limit" },
  },
  keep_hours: {
    type: "integer",
    unit: "hours",
    bounds: [1, 87_600],
    protocols: ["file"],
    says: "files older than this are removed",
    form: { label: "Keep for", placeholder: "for ever" },
    docs: { default: "for ever", meaning: "files older than this are removed, on a full disk before the next attempt" },
  },
  keep_gb: {
    type: "integer",
    unit: "GB",
    bounds: [1, 1_000_000],
    protocols: ["file"],
    says: "the oldest files are removed above this size, in GB (10^9 bytes)",
    form: { label: "Keep at most", placeholder: "no limit" },
    docs: {
      default: "no limit",
      meaning: "the oldest files are removed above this size in all, in GB (10^9 bytes)",
    },
  },
  rtsp_transport: {
    type: "choice",
    values: ["tcp", "udp"],
    default: "tcp",
    protocols: ["rtsp"],
    says: "how packets go to the server",
    form: { label: "Transport" },
  },
  retry_attempts: {
    type: "integer",
    unit: "attempts",
    bounds: [0, 1_000_000],
    protocols: PROTOCOLS,
    engine: false,
    says:
      "attempts to reconnect in a row after which the output is given up and is `error` until it is started again; " +
      "0: never; default by the service",
    form: {
      label: "Give up after",
      placeholder: "by the service",
      hint: "in a row; 0 is never. Then it waits to be started again",
    },
    docs: {
      default: "`MAX_RECONNECT_ATTEMPTS`",
      meaning:
        "attempts to reconnect in a row, after the failure, until the output is given up: it is `error` with a " +
        "`last_error` that says so until it is started again, which begins anew; 0: never. A connection of 10 s starts " +
        "the count afresh. None is given up in the first 30 s after the engine died or the service was started",
    },
  },
  retry_delay_s: {
    type: "integer",
    unit: "s",
    bounds: [1, 3600],
    protocols: PROTOCOLS,
    engine: false,
    says: "seconds until the first attempt to reconnect, and the shortest delay of those that follow; default by the service",
    form: {
      label: "Reconnect after",
      placeholder: "by the service",
      hint: "s, and the shortest of the delays that follow",
    },
    docs: {
      default: "`DEFAULT_RECONNECT_DELAY`",
      meaning: "seconds until the first attempt to reconnect; further delays double up to 30 s, and none is shorter",
    },
  },
  backup_url: {
    type: "text",
    maxLength: URL_MAX_LENGTH,
    url: true,
    protocols: ["srt"],
    of: "SRT caller",
    says: "URL of a second receiver, which takes over when the first one does not answer",
    form: {
      label: "Backup receiver",
      placeholder: "none",
      hint: "URL of a second SRT receiver; options that it leaves out are those of the URL",
    },
    docs: {
      default: "none",
      values: "URL of an SRT receiver that is called",
      meaning:
        "of a caller: a second receiver that takes over when the first one does not answer ([urls](urls.md#srt)); " +
        "options that its URL leaves out are those of `url`; its secrets are shown as `***`",
    },
  },
  allowed_receivers: {
    type: "list",
    maxItems: MAX_RECEIVERS,
    protocols: ["srt"],
    of: "SRT listener",
    says: "IP addresses and networks that may receive; without it anyone may",
    form: {
      label: "Allowed receivers",
      placeholder: "everybody",
      hint: `Of an SRT listener: up to ${MAX_RECEIVERS} addresses or networks, as in 192.0.2.7, 2001:db8::/32`,
    },
    docs: {
      default: "everybody",
      values: `up to ${MAX_RECEIVERS} addresses or networks`,
      meaning:
        "of a listener: IPv4 and IPv6 addresses and networks (`192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`) that may " +
        "receive; others are turned away before anything is sent to them",
    },
  },
} as const satisfies Readonly<Record<string, SettingRow & OutputColumns>>
