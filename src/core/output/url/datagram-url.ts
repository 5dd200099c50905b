/** `udp://` and `rtp://` URLs: keys of FFmpeg, srt-live-transmit and VLC. */
import { isAny, isMulticast, zoneOf } from "../../net/address.ts"
import { bad, good, type Read, readHost, readPort } from "../../url/endpoint.ts"
import type { UrlParts } from "../../url/url-text.ts"
import { readInteger, readSwitch, readWord } from "../../url/values.ts"
import { collect, type Given } from "./collect.ts"
import { type DatagramTarget, PACKET_SIZE_MAX, type ParsedOutput, refuse, wholePackets } from "./target.ts"

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

const byKey = new Map(DATAGRAM_URL_KEYS.flatMap((r) => r.keys.map((key) => [key, r] as const)))

const INTERFACE = /^[A-Za-z0-9_.:%-]{1,64}$/

/** Reads a `udp://` or `rtp://` URL that is taken apart already. */
export const parseDatagramUrl = (parts: UrlParts, protocol: "udp" | "rtp"): ParsedOutput => {
  const collected = collect(parts.query, (key) => byKey.get(key))
  const errors = [...collected.errors]
  const warnings = [...collected.warnings]
  const options: Record<string, string | number | boolean> = {}
  const byUse = new Map<DatagramUrlKey["use"], Given>()
  for (const [{ use, description }, given] of collected.given) {
    if (use === "no-effect") warnings.push(`${given.key} has no effect: ${description}`)
    else byUse.set(use, given)
  }
  const take = <A>(read: Read<A>): A | null => {
    if (read.ok) return read.value
    errors.push(read.message)
    return null
  }
  /** Reads the value of a key if it is given, and notes it for the API. */
  const value = <A extends string | number | boolean>(
    use: DatagramUrlKey["use"],
    read: (key: string, value: string) => Read<A>,
  ): A | null => {
    const given = byUse.get(use)
    const taken = given === undefined ? null : take(read(given.key, given.value))
    const api = DATAGRAM_URL_KEYS.find((r) => r.use === use)?.api
    if (taken !== null && typeof api === "string") options[api] = taken
    return taken
  }
  const whole =
    (min: number, max: number, unit = "") =>
    (key: string, text: string) =>
      readInteger(key, text, min, max, unit)

  const host = take(
    parts.host === "" ? bad(`the host is missing: write ${protocol}://HOST:PORT`) : readHost(parts.host),
  )
  const port = take(
    parts.port === null ? bad(`the port is missing: write ${protocol}://HOST:PORT`) : readPort(parts.port),
  )
  if (host !== null && isAny(host)) errors.push(`${host} is no destination`)
  const group = host !== null && isMulticast(host)
  // -1 is what tools write for "as the system has it".
  if (byUse.get("ttl")?.value === "-1") byUse.delete("ttl")
  const ttl = value("ttl", whole(0, 255))
  const face = value(
    "interface",
    (key, text): Read<string> =>
      INTERFACE.test(text) ? good(text) : bad(`${key} must be an interface name or a local address`),
  )
  const localPort = value("local-port", (key, text) => readPort(text, key))
  let packetSize: number = PACKET_SIZE_MAX
  const wanted = value("packet-size", whole(188, 65507, "bytes"))
  if (wanted !== null) {
    packetSize = wholePackets(wanted)
    if (packetSize !== wanted)
      warnings.push(`pkt_size=${wanted} is read as ${packetSize}: whole TS packets of 188 bytes, 7 at most`)
  }
  const pacing =
    value("pacing", (key, text) =>
      readWord(key, text, { input: "input", none: "input", pcr: "pcr" } as const, "input or pcr"),
    ) ?? "input"
  const delay = value("pacing-delay", whole(PACING_DELAY_MS.min, PACING_DELAY_MS.max, "ms"))
  if (delay !== null && pacing !== "pcr") warnings.push("pacing_delay has no effect without pacing=pcr")
  const sendBuffer = value("send-buffer", whole(1500, 1073741824, "bytes"))
  const dscp = value("dscp", whole(0, 63))
  const tos = value("tos", whole(0, 255)) ?? (dscp === null ? null : dscp * 4)
  const dontFragment = value("dont-fragment", readSwitch) ?? false
  const loop = value("loop", readSwitch)
  if (loop !== null && host !== null && !group) warnings.push("loop has an effect on multicast groups only")
  if (parts.userinfo !== null && parts.userinfo !== "") warnings.push("what stands before @ is not used")
  if (parts.path !== "" && parts.path !== "/") warnings.push("the path after the port is not used")
  if (parts.fragment !== null) warnings.push("what stands after # is not used")
  if (errors.length > 0 || host === null || port === null) return refuse(...errors)
  if (zoneOf(host) !== null && face !== null && face !== zoneOf(host))
    return refuse(
      `interface=${face} and the zone %${zoneOf(host)} of the host name two interfaces: leave one of them out`,
    )
  const pacingDelayMs = delay ?? PACING_DELAY_MS.default
  Object.assign(options, { pkt_size: packetSize, pacing })
  if (pacing === "pcr") options["pacing_delay_ms"] = pacingDelayMs
  if (tos !== null) options["tos"] = tos
  const target: DatagramTarget = {
    protocol,
    host,
    port,
    ttl,
    interface: face,
    localPort,
    packetSize,
    pacing,
    pacingDelayMs,
    sendBuffer,
    tos,
    dontFragment,
    loop,
  }
  return { ok: true, target, options, ignored: collected.ignored, warnings }
}
