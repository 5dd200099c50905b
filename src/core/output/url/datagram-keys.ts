/** The keys of `udp://` and `rtp://` URLs: those of FFmpeg, srt-live-transmit and VLC. */

export interface DatagramUrlKey {
  readonly use:
    | "ttl"
    | "interface"
    | "local-port"
    | "packet-size"
    | "pacing"
    | "pacing-delay"
    | "send-buffer"
    | "tos"
    | "dscp"
    | "dont-fragment"
    | "loop"
    | "no-effect"
  /** Accepted names, the preferred one first; upper and lower case count as the same. */
  readonly keys: ReadonlyArray<string>
  /** Name in the plain options of the API; null when it has none. */
  readonly api: string | null
  readonly unit: string
  readonly default: string
  readonly description: string
}

const row = (
  use: DatagramUrlKey["use"],
  keys: string,
  api: string | null,
  unit: string,
  unset: string,
  description: string,
): DatagramUrlKey => ({
  use,
  keys: keys.split(" "),
  api,
  unit,
  default: unset,
  description,
})

/** One row a meaning; docs/urls.md is checked against it. */
export const DATAGRAM_URL_KEYS: ReadonlyArray<DatagramUrlKey> = [
  row("ttl", "ttl", "ttl", "", "16 for multicast, else the system's", "IP time to live, 0 to 255"),
  row(
    "interface",
    "interface localaddr adapter localaddress iface",
    "interface",
    "",
    "by the routing table",
    "interface name or local address the packets leave from; of IPv6 groups and link-local addresses the zone says it too",
  ),
  row("local-port", "localport local_port localrtpport local_rtpport", "local_port", "", "any", "local UDP port"),
  row(
    "packet-size",
    "pkt_size payload_size payloadsize",
    "pkt_size",
    "bytes",
    "1316",
    "TS bytes a datagram carries, 188 to 1316 in whole TS packets; the RTP header is not counted",
  ),
  row("pacing", "pacing", "pacing", "", "input", "input: as the packets arrived; pcr: evenly, by the stream's clock"),
  row(
    "pacing-delay",
    "pacing_delay pacing_delay_ms",
    "pacing_delay_ms",
    "ms",
    "100",
    "how long packets are held for pacing=pcr, 10 to 1000",
  ),
  row(
    "send-buffer",
    "sndbuf buffer_size send_buffer_size",
    "send_buffer_bytes",
    "bytes",
    "1048576",
    "kernel send buffer",
  ),
  row("tos", "tos iptos", "tos", "", "by the system", "IP type of service, 0 to 255"),
  row("dscp", "dscp", "tos", "", "by the system", "DSCP, 0 to 63: tos divided by 4"),
  row(
    "dont-fragment",
    "dontfrag dontfragment",
    "dont_fragment",
    "",
    "no",
    "refuse datagrams larger than the path's MTU instead of splitting them",
  ),
  row("loop", "loop mcloop", "multicast_loop", "", "by the system", "multicast also reaches receivers on this host"),
  row("no-effect", "bitrate burst_bits", null, "", "", "pacing=pcr is the way to smooth the stream"),
  row(
    "no-effect",
    "reuse reuse_socket connect broadcast write_to_source",
    null,
    "",
    "",
    "the socket is always a connected one of its own",
  ),
  row(
    "no-effect",
    "rcvbuf source sources block fifo_size overrun_nonfatal timeout rw_timeout",
    null,
    "",
    "",
    "it is for receiving",
  ),
  row("no-effect", "rtcpport rtcp_port localrtcpport local_rtcpport", null, "", "", "no RTCP is sent"),
  row("no-effect", "rtpheadersize", null, "", "", "the RTP header has 12 bytes"),
]

/** Bounds of `pacing_delay` in ms, and its default. */
export const PACING_DELAY_MS = { min: 10, max: 1000, default: 100 } as const
