/**
 * Keys of a `srt://` URL in the dialects people paste: FFmpeg and OBS (libavformat/libsrt.c), srt-live-transmit
 * (libsrt's own tools), gosrt with MediaMTX and datarhei Core, GStreamer. One row a meaning; docs/urls.md is checked
 * against it.
 */
import { SRT_OPTIONS, type SrtOption } from "./options.ts"

export interface SrtUrlKey {
  /** What it decides: a socket option, or something of the URL itself. */
  readonly use:
    | SrtOption
    | "mode"
    | "dialect"
    | "local-host"
    | "local-port"
    | "bind"
    | "packet-size"
    | "stack"
    | "no-effect"
  /** Accepted names, the preferred one first; upper and lower case count as the same. */
  readonly keys: ReadonlyArray<string>
  /** Name in the plain options of the API; null when it has none. */
  readonly api: string | null
  /** Unit as written in the URL; `ms*` is ms, or µs where the URL is FFmpeg's. */
  readonly unit: string
  /** Value in effect when the key is left out. */
  readonly default: string
  readonly description: string
}

const option = (use: SrtOption, api: string | null, unset: string, ...aliases: string[]): SrtUrlKey => ({
  use,
  keys: [use.name.toLowerCase().replaceAll("_", ""), ...aliases],
  api,
  unit: use.unit,
  default: unset,
  description: use.description,
})

const named = (keys: ReadonlyArray<string>, row: SrtUrlKey): SrtUrlKey => ({ ...row, keys })

const scaled = (row: SrtUrlKey): SrtUrlKey => ({ ...row, unit: "ms*" })

const noEffect = (description: string, ...keys: string[]): SrtUrlKey => ({
  use: "no-effect",
  keys,
  api: null,
  unit: "",
  default: "",
  description,
})

const O = SRT_OPTIONS

/** Options come in the order in which they are set: the general ones (latency) before the particular (peerlatency). */
export const SRT_URL_KEYS: ReadonlyArray<SrtUrlKey> = [
  {
    use: "mode",
    keys: ["mode"],
    api: "mode",
    unit: "",
    default: "caller; listener without a host; rendezvous with a host and adapter",
    description: "caller (client), listener (server) or rendezvous",
  },
  {
    use: "dialect",
    keys: ["dialect"],
    api: "dialect",
    unit: "",
    default: "by the other keys",
    description: "ffmpeg or srt: whose units the URL has",
  },
  {
    use: "stack",
    keys: ["stack"],
    api: "stack",
    unit: "",
    default: "as SRT_STACK says",
    description: "own or libsrt: which SRT implementation carries the output",
  },
  {
    use: "local-host",
    keys: ["adapter", "localaddress", "localaddr"],
    api: "local_host",
    unit: "",
    default: "any",
    description: "local IP address to bind to",
  },
  {
    use: "local-port",
    keys: ["port", "localport"],
    api: "local_port",
    unit: "",
    default: "chosen by the service",
    description: "local UDP port to bind to",
  },
  {
    use: "bind",
    keys: ["bind"],
    api: null,
    unit: "",
    default: "",
    description: "local address and port in one: ADDRESS:PORT",
  },
  {
    use: "packet-size",
    keys: ["pkt_size", "payload_size", "payloadsize"],
    api: "pkt_size",
    unit: "bytes",
    default: "1316",
    description: "TS bytes a message carries, 188 to 1456; whole TS packets, 7 at most, are sent",
  },
  scaled(option(O.LATENCY, "latency_ms", "120", "tsbpddelay", "latency_ms")),
  scaled(option(O.RCVLATENCY, "receiver_latency_ms", "as latency")),
  scaled(option(O.PEERLATENCY, "peer_latency_ms", "as latency")),
  option(O.STREAMID, "stream_id", "none"),
  option(O.PASSPHRASE, "encryption", "none: not encrypted"),
  option(O.PBKEYLEN, "encryption", "16 with a passphrase"),
  option(O.ENFORCEDENCRYPTION, "enforced_encryption", "yes", "enforced_encryption"),
  option(O.KMREFRESHRATE, "key_refresh_packets", "16777216"),
  option(O.KMPREANNOUNCE, "key_preannounce_packets", "4096"),
  named(["conntimeo", "connect_timeout"], option(O.CONNTIMEO, "connect_timeout_ms", "3000")),
  option(O.PEERIDLETIMEO, "peer_idle_timeout_ms", "5000"),
  option(O.MSS, "mss", "1500"),
  option(O.FC, "flow_window_packets", "25600", "ffs"),
  option(O.SNDBUF, "send_buffer_bytes", "for 1.5 s at 25 Mbit/s, more with a latency above 1 s"),
  option(O.RCVBUF, "receive_buffer_bytes", "12058624"),
  named(["send_buffer_size", "udpsndbuf"], option(O.UDP_SNDBUF, "udp_send_buffer_bytes", "4194304")),
  named(["recv_buffer_size", "udprcvbuf"], option(O.UDP_RCVBUF, "udp_receive_buffer_bytes", "1048576")),
  option(O.MAXBW, "max_bandwidth_bytes_per_second", "-1"),
  option(O.INPUTBW, "input_bandwidth_bytes_per_second", "0"),
  option(O.MININPUTBW, "min_input_bandwidth_bytes_per_second", "0"),
  option(O.OHEADBW, "overhead_percent", "25"),
  option(O.TLPKTDROP, "too_late_packet_drop", "yes"),
  scaled(option(O.SNDDROPDELAY, "send_drop_delay_ms", "0")),
  option(O.NAKREPORT, "periodic_nak_report", "yes"),
  option(O.LOSSMAXTTL, "reorder_tolerance_packets", "0"),
  option(O.RETRANSMITALGO, "retransmit_algorithm", "1"),
  option(O.PACKETFILTER, "packet_filter", "none"),
  option(O.TSBPDMODE, "timestamp_delivery", "yes", "tsbpd"),
  option(O.DRIFTTRACER, "drift_tracer", "yes"),
  option(O.IPTTL, "ttl", "64", "ttl"),
  option(O.IPTOS, "tos", "by the system", "tos"),
  option(O.IPV6ONLY, "ipv6_only", "-1"),
  option(O.BINDTODEVICE, "interface", "none", "interface"),
  option(O.MINVERSION, "min_version", "0x010000"),
  option(O.LINGER, "linger_s", "0"),
  option(O.CONGESTION, null, "live, and nothing else", "smoother"),
  option(O.TRANSTYPE, null, "live, and nothing else"),
  option(O.MESSAGEAPI, null, "yes, and nothing else"),
  noEffect(
    "sending never blocks here",
    "timeout",
    "listen_timeout",
    "blocking",
    "sndsyn",
    "rcvsyn",
    "sndtimeo",
    "rcvtimeo",
  ),
  noEffect("the service reconnects by itself, with growing delays", "autoreconnect", "reconnect", "auto-reconnect"),
  noEffect("a listener takes any number of receivers", "backlog", "wait-for-connection", "poll-timeout"),
  noEffect("libsrt 1.5.1 does not have it", "maxrexmitbw", "groupminstabletimeo"),
  noEffect("libsrt is built without connection bonding", "groupconnect", "grouptype"),
  noEffect("AES-CTR is what libsrt 1.5.1 has", "cryptomode"),
]

/** Keys only FFmpeg's libsrt protocol has: with one of them latencies are in microseconds. */
export const FFMPEG_KEYS: ReadonlySet<string> = new Set([
  "pkt_size",
  "payload_size",
  "connect_timeout",
  "listen_timeout",
  "ffs",
  "enforced_encryption",
  "tsbpddelay",
  "send_buffer_size",
  "recv_buffer_size",
  "smoother",
])

/** Keys only srt-live-transmit and gosrt have: with one of them latencies are in milliseconds. */
export const SRT_TOOL_KEYS: ReadonlySet<string> = new Set([
  "conntimeo",
  "payloadsize",
  "fc",
  "enforcedencryption",
  "peeridletimeo",
  "congestion",
  "packetfilter",
  "retransmitalgo",
  "tsbpdmode",
  "drifttracer",
  "mininputbw",
  "ipv6only",
  "cryptomode",
  "groupconnect",
  "groupminstabletimeo",
  "adapter",
  "port",
  "bind",
])

/** Keys whose numbers are microseconds in FFmpeg and milliseconds elsewhere; `latency_ms` is always in milliseconds. */
export const LATENCY_KEYS: ReadonlySet<string> = new Set([
  "latency",
  "tsbpddelay",
  "rcvlatency",
  "peerlatency",
  "snddropdelay",
])

const byKey = new Map(SRT_URL_KEYS.flatMap((row) => row.keys.map((key) => [key, row] as const)))

/** The row of a key in lower case; undefined when no dialect has it. */
export const srtUrlKey = (key: string): SrtUrlKey | undefined => byKey.get(key)
