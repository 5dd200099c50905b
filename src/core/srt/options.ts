/**
 * Socket options of libsrt 1.5.1 (`SRT_SOCKOPT` in srt.h) that mean something on a sender: id, C type, when they may be
 * set and what the library accepts. Ids, defaults and bounds were read back from the library itself.
 */

/**
 * How the value is passed: int32 and bool as 4 bytes, int64 as 8, string without terminator, linger as `{int on; int
 * seconds}`.
 */
export type SrtOptionType = "int32" | "int64" | "bool" | "string" | "linger"

/**
 * Until when it may be set: before srt_bind, before srt_connect or srt_listen, or at any time; `never` is read-only.
 */
export type SrtOptionPhase = "bind" | "connect" | "any" | "never"

export interface SrtOption {
  /** libsrt's name without `SRTO_`. */
  readonly name: string
  /** Value of the SRTO_ constant. */
  readonly id: number
  readonly type: SrtOptionType
  readonly phase: SrtOptionPhase
  /** Smallest and largest value; bytes of UTF-8 for a string. */
  readonly min: number
  readonly max: number
  /** The only values taken, where a range does not say it. */
  readonly values: ReadonlyArray<number> | null
  /** Empty for a plain number, a switch or a text. */
  readonly unit: string
  readonly description: string
}

const INT_MAX = 2147483647
const BANDWIDTH_MAX = 1e12

const row =
  (type: SrtOptionType, defaults: readonly [number, number]) =>
  (
    name: string,
    id: number,
    phase: SrtOptionPhase,
    unit: string,
    description: string,
    [min, max]: readonly [number, number] = defaults,
    values: ReadonlyArray<number> | null = null,
  ): SrtOption => ({ name, id, type, phase, min, max, values, unit, description })

const int = row("int32", [0, INT_MAX])
const long = row("int64", [0, BANDWIDTH_MAX])
const flag = row("bool", [0, 1])
const text = row("string", [0, 512])
const linger = row("linger", [0, 3600])

/**
 * By libsrt's name, in the order of the ids: also a good order to set them, as the general ones come before the
 * particular.
 */
export const SRT_OPTIONS = {
  MSS: int("MSS", 0, "bind", "bytes", "largest UDP datagram with IP and UDP headers", [232, 9000]),
  SNDSYN: flag("SNDSYN", 1, "any", "", "blocking send"),
  RCVSYN: flag("RCVSYN", 2, "any", "", "blocking receive, connect and accept"),
  FC: int("FC", 4, "connect", "packets", "flow window: packets in flight", [32, 1048576]),
  SNDBUF: int("SNDBUF", 5, "bind", "bytes", "send buffer of the connection", [1500, INT_MAX]),
  RCVBUF: int("RCVBUF", 6, "bind", "bytes", "receive buffer of the connection", [48000, INT_MAX]),
  LINGER: linger("LINGER", 7, "any", "s", "time a close waits for unsent data"),
  UDP_SNDBUF: int("UDP_SNDBUF", 8, "bind", "bytes", "kernel send buffer of the UDP socket", [1500, INT_MAX]),
  UDP_RCVBUF: int("UDP_RCVBUF", 9, "bind", "bytes", "kernel receive buffer of the UDP socket", [1500, INT_MAX]),
  RENDEZVOUS: flag("RENDEZVOUS", 12, "connect", "", "both sides connect to each other"),
  SNDTIMEO: int("SNDTIMEO", 13, "any", "ms", "time a blocking send waits", [-1, INT_MAX]),
  RCVTIMEO: int("RCVTIMEO", 14, "any", "ms", "time a blocking receive waits", [-1, INT_MAX]),
  REUSEADDR: flag("REUSEADDR", 15, "bind", "", "share the local port with other SRT sockets"),
  MAXBW: long("MAXBW", 16, "any", "bytes/s", "ceiling of the sending rate: -1 is 1 Gbit/s, 0 goes by the input rate", [
    -1,
    BANDWIDTH_MAX,
  ]),
  STATE: int("STATE", 17, "never", "", "SRT_SOCKSTATUS"),
  EVENT: int("EVENT", 18, "never", "", "epoll events present"),
  SNDDATA: int("SNDDATA", 19, "never", "packets", "unacknowledged packets"),
  SENDER: flag("SENDER", 21, "connect", "", "this side sends (needed by receivers before SRT 1.3)"),
  TSBPDMODE: flag("TSBPDMODE", 22, "connect", "", "receiver delivers by time stamp"),
  LATENCY: int(
    "LATENCY",
    23,
    "connect",
    "ms",
    "receiver and peer latency in one; the larger of both sides counts",
    [0, 65535],
  ),
  INPUTBW: long("INPUTBW", 24, "any", "bytes/s", "input rate used with maxbw=0; 0 measures it"),
  OHEADBW: int("OHEADBW", 25, "any", "%", "room for retransmission above the input rate", [5, 100]),
  PASSPHRASE: text("PASSPHRASE", 26, "connect", "", "secret of the encryption", [10, 80]),
  PBKEYLEN: int("PBKEYLEN", 27, "connect", "bytes", "AES key length", [0, 32], [0, 16, 24, 32]),
  KMSTATE: int("KMSTATE", 28, "never", "", "SRT_KM_STATE of the connection"),
  IPTTL: int("IPTTL", 29, "bind", "", "IP time to live", [1, 255]),
  IPTOS: int("IPTOS", 30, "bind", "", "IP type of service (DSCP x 4)", [0, 255]),
  TLPKTDROP: flag("TLPKTDROP", 31, "connect", "", "give up packets that would arrive too late"),
  SNDDROPDELAY: int(
    "SNDDROPDELAY",
    32,
    "any",
    "ms",
    "extra time before the sender gives up a packet; -1 never does",
    [-1, 3600000],
  ),
  NAKREPORT: flag("NAKREPORT", 33, "connect", "", "receiver repeats its loss reports"),
  VERSION: int("VERSION", 34, "never", "", "version of the local library"),
  PEERVERSION: int("PEERVERSION", 35, "never", "", "version of the peer's library"),
  CONNTIMEO: int("CONNTIMEO", 36, "connect", "ms", "time to connect; rendezvous waits ten times as long", [1, 600000]),
  DRIFTTRACER: flag("DRIFTTRACER", 37, "any", "", "receiver follows the drift of the sender's clock"),
  MININPUTBW: long("MININPUTBW", 38, "any", "bytes/s", "least input rate assumed with maxbw=0 and inputbw=0"),
  SNDKMSTATE: int("SNDKMSTATE", 40, "never", "", "SRT_KM_STATE of the sending direction"),
  RCVKMSTATE: int("RCVKMSTATE", 41, "never", "", "SRT_KM_STATE of the receiving direction"),
  LOSSMAXTTL: int(
    "LOSSMAXTTL",
    42,
    "any",
    "packets",
    "reordering the receiver tolerates before it reports loss",
    [0, 65535],
  ),
  RCVLATENCY: int("RCVLATENCY", 43, "connect", "ms", "latency of this side as a receiver", [0, 65535]),
  PEERLATENCY: int(
    "PEERLATENCY",
    44,
    "connect",
    "ms",
    "least latency asked of the receiver; the larger of both sides counts",
    [0, 65535],
  ),
  MINVERSION: int("MINVERSION", 45, "connect", "", "oldest SRT version of the peer, 0xMMmmpp", [0, 0xffffff]),
  STREAMID: text("STREAMID", 46, "connect", "", "what the caller tells the listener"),
  CONGESTION: text("CONGESTION", 47, "connect", "", "congestion controller", [4, 16]),
  MESSAGEAPI: flag("MESSAGEAPI", 48, "connect", "", "messages keep their borders"),
  PAYLOADSIZE: int("PAYLOADSIZE", 49, "connect", "bytes", "largest message", [188, 1456]),
  TRANSTYPE: int("TRANSTYPE", 50, "connect", "", "0 live, 1 file", [0, 1]),
  KMREFRESHRATE: int("KMREFRESHRATE", 51, "connect", "packets", "packets sent with one key"),
  KMPREANNOUNCE: int(
    "KMPREANNOUNCE",
    52,
    "connect",
    "packets",
    "packets before a key change that announce the next key",
  ),
  ENFORCEDENCRYPTION: flag("ENFORCEDENCRYPTION", 53, "connect", "", "refuse a peer with another passphrase or none"),
  IPV6ONLY: int(
    "IPV6ONLY",
    54,
    "bind",
    "",
    "0: a socket on :: takes IPv4 as well, 1: it does not, -1: as the system has it",
    [-1, 1],
  ),
  PEERIDLETIMEO: int(
    "PEERIDLETIMEO",
    55,
    "connect",
    "ms",
    "silence after which the peer counts as gone; below about 5000 has no effect",
    [1, 600000],
  ),
  BINDTODEVICE: text("BINDTODEVICE", 56, "bind", "", "network interface all packets use (Linux, CAP_NET_RAW)", [1, 15]),
  PACKETFILTER: text("PACKETFILTER", 60, "connect", "", "packet filter, e.g. fec,cols:10,rows:5,arq:onreq", [3, 512]),
  RETRANSMITALGO: int(
    "RETRANSMITALGO",
    61,
    "connect",
    "",
    "0: retransmit on every report, 1: once per round trip",
    [0, 1],
  ),
} as const satisfies Readonly<Record<string, SrtOption>>
