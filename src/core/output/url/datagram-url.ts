/** `udp://` and `rtp://` URLs. */
import { isAny, isMulticast, zoneOf } from "../../net/address.ts"
import { bad, good, type Read, readHost, readPort } from "../../url/endpoint.ts"
import type { UrlParts } from "../../url/url-text.ts"
import { readInteger, readSwitch, readWord } from "../../url/values.ts"
import { type Collected, collect, type Given } from "./collect.ts"
import { DATAGRAM_URL_KEYS, type DatagramUrlKey, PACING_DELAY_MS } from "./datagram-keys.ts"
import { type DatagramTarget, PACKET_SIZE_MAX, type ParsedOutput, refuse, wholePackets } from "./target.ts"

const byKey = new Map(DATAGRAM_URL_KEYS.flatMap((r) => r.keys.map((key) => [key, r] as const)))

const INTERFACE = /^[A-Za-z0-9_.:%-]{1,64}$/
const PACING = { input: "input", none: "input", pcr: "pcr" } as const

type Use = DatagramUrlKey["use"]

const whole =
  (min: number, max: number, unit = "") =>
  (key: string, text: string): Read<number> =>
    readInteger(key, text, min, max, unit)

const readInterface = (key: string, text: string): Read<string> =>
  INTERFACE.test(text) ? good(text) : bad(`${key} must be an interface name or a local address`)

/** A URL while it is read: what was understood so far, and what is wrong. */
class DatagramUrlReading {
  readonly errors: string[]
  readonly warnings: string[]
  readonly options: Record<string, string | number | boolean> = {}
  readonly #parts: UrlParts
  readonly #given = new Map<Use, Given>()

  constructor(parts: UrlParts, collected: Collected<DatagramUrlKey>) {
    this.#parts = parts
    this.errors = [...collected.errors]
    this.warnings = [...collected.warnings]
    for (const [{ use, description }, given] of collected.given) {
      if (use === "no-effect") this.warnings.push(`${given.key} has no effect: ${description}`)
      else this.#given.set(use, given)
    }
    // -1 is what tools write for "as the system has it".
    if (this.#given.get("ttl")?.value === "-1") this.#given.delete("ttl")
  }

  #take<A>(read: Read<A>): A | null {
    if (read.ok) return read.value
    this.errors.push(read.message)
    return null
  }

  /** The value of a key if it is given, noted for the API. */
  value<A extends string | number | boolean>(use: Use, read: (key: string, value: string) => Read<A>): A | null {
    const given = this.#given.get(use)
    const taken = given === undefined ? null : this.#take(read(given.key, given.value))
    const api = DATAGRAM_URL_KEYS.find((r) => r.use === use)?.api
    if (taken !== null && typeof api === "string") this.options[api] = taken
    return taken
  }

  endpoint(protocol: "udp" | "rtp"): { readonly host: string | null; readonly port: number | null } {
    const { host: name, port: number } = this.#parts
    const host = this.#take(name === "" ? bad(`the host is missing: write ${protocol}://HOST:PORT`) : readHost(name))
    const port = this.#take(
      number === null ? bad(`the port is missing: write ${protocol}://HOST:PORT`) : readPort(number),
    )
    if (host !== null && isAny(host)) this.errors.push(`${host} is no destination`)
    return { host, port }
  }

  packetSize(): number {
    const wanted = this.value("packet-size", whole(188, 65507, "bytes"))
    if (wanted === null) return PACKET_SIZE_MAX
    const packetSize = wholePackets(wanted)
    if (packetSize !== wanted)
      this.warnings.push(`pkt_size=${wanted} is read as ${packetSize}: whole TS packets of 188 bytes, 7 at most`)
    return packetSize
  }

  pacing(): { readonly pacing: "input" | "pcr"; readonly delayMs: number } {
    const pacing = this.value("pacing", (key, text) => readWord(key, text, PACING, "input or pcr")) ?? "input"
    const delay = this.value("pacing-delay", whole(PACING_DELAY_MS.min, PACING_DELAY_MS.max, "ms"))
    if (delay !== null && pacing !== "pcr") this.warnings.push("pacing_delay has no effect without pacing=pcr")
    return { pacing, delayMs: delay ?? PACING_DELAY_MS.default }
  }

  /** IP_TOS: as given, or made of a DSCP. */
  typeOfService(): number | null {
    const dscp = this.value("dscp", whole(0, 63))
    return this.value("tos", whole(0, 255)) ?? (dscp === null ? null : dscp * 4)
  }

  /** Warns of parts of the URL that mean nothing here. */
  unused(): void {
    const { fragment, path, userinfo } = this.#parts
    if (userinfo !== null && userinfo !== "") this.warnings.push("what stands before @ is not used")
    if (path !== "" && path !== "/") this.warnings.push("the path after the port is not used")
    if (fragment !== null) this.warnings.push("what stands after # is not used")
  }
}

/** Reads a `udp://` or `rtp://` URL that is taken apart already. */
export const parseDatagramUrl = (parts: UrlParts, protocol: "udp" | "rtp"): ParsedOutput => {
  const collected = collect(parts.query, (key) => byKey.get(key))
  const reading = new DatagramUrlReading(parts, collected)
  const { errors, options, warnings } = reading
  const { host, port } = reading.endpoint(protocol)
  const ttl = reading.value("ttl", whole(0, 255))
  const face = reading.value("interface", readInterface)
  const localPort = reading.value("local-port", (key, text) => readPort(text, key))
  const packetSize = reading.packetSize()
  const { delayMs: pacingDelayMs, pacing } = reading.pacing()
  const sendBuffer = reading.value("send-buffer", whole(1500, 1073741824, "bytes"))
  const tos = reading.typeOfService()
  const dontFragment = reading.value("dont-fragment", readSwitch) ?? false
  const loop = reading.value("loop", readSwitch)
  if (loop !== null && host !== null && !isMulticast(host)) warnings.push("loop has an effect on multicast groups only")
  reading.unused()
  if (errors.length > 0 || host === null || port === null) return refuse(...errors)
  if (zoneOf(host) !== null && face !== null && face !== zoneOf(host))
    return refuse(
      `interface=${face} and the zone %${zoneOf(host)} of the host name two interfaces: leave one of them out`,
    )
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
