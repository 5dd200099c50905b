/** `srt://` URLs in every dialect: mode, addresses, and every option of libsrt. */
import { isAny, isIPv4, isIPv6, isMulticast } from "../../net/address.ts"
import { SRT_OPTIONS, type SrtOption } from "../../srt/options.ts"
import { beyondOwnStack, type SrtStack } from "../../srt/stack.ts"
import { parseStreamId, streamIdProblem } from "../../srt/stream-id.ts"
import { SRT_URL_KEYS, type SrtUrlKey, srtUrlKey } from "../../srt/url-keys.ts"
import { bad, type Read, readHost, readLocalAddress, readPort } from "../../url/endpoint.ts"
import type { UrlParts } from "../../url/url-text.ts"
import { readInteger, readWord } from "../../url/values.ts"
import { collect, type Given } from "./collect.ts"
import { DIALECTS, type Dialect, dialectOf, readLatency } from "./srt-latency.ts"
import { readSrtValue } from "./srt-value.ts"
import { PACKET_SIZE_MAX, type ParsedOutput, refuse, type SrtSetting, type SrtTarget, wholePackets } from "./target.ts"

type Mode = SrtTarget["mode"]
/** What the connection is for: an output sends, an input receives. */
export type SrtPurpose = "send" | "receive"

const O = SRT_OPTIONS
const MODES: Readonly<Record<string, Mode | "default">> = {
  caller: "caller",
  client: "caller",
  listener: "listener",
  server: "listener",
  rendezvous: "rendezvous",
  default: "default",
}
const STACKS: Readonly<Record<string, SrtStack>> = { own: "own", libsrt: "libsrt" }
const DEFAULT_CONNECT_TIMEOUT_MS = 3000
const DEFAULT_LATENCY_MS = 120
/** IP, UDP and SRT headers: what SRTO_MSS holds beside the payload. */
const HEADERS = 44

/** Options the API shows in its own way, or not at all. */
const TOLD_APART: ReadonlySet<SrtOption> = new Set([O.PASSPHRASE, O.PBKEYLEN, O.STREAMID])

/** Reads one URL: collects what was understood and everything that is wrong, rather than the first fault alone. */
class SrtUrlReading {
  readonly errors: string[] = []
  readonly warnings: string[] = []
  readonly options: Record<string, string | number | boolean> = {}
  readonly settings = new Map<SrtOption, SrtSetting["value"]>()
  readonly #parts: UrlParts
  readonly #given: ReadonlyMap<SrtUrlKey, Given>
  readonly #purpose: SrtPurpose

  constructor(parts: UrlParts, given: ReadonlyMap<SrtUrlKey, Given>, purpose: SrtPurpose) {
    this.#parts = parts
    this.#given = given
    this.#purpose = purpose
  }

  /** The value; null after noting why there is none. */
  take<A>(read: Read<A>): A | null {
    if (read.ok) return read.value
    this.errors.push(read.message)
    return null
  }

  given(use: SrtUrlKey["use"]): Given | null {
    for (const [row, given] of this.#given) if (row.use === use) return given
    return null
  }

  /** `adapter`, `port` and `bind`. */
  local(): { host: string | null; port: number | null } {
    const bind = this.given("bind")
    let host = this.given("local-host")
    let port = this.given("local-port")
    if (bind !== null) {
      const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(bind.value)
      if (match === null) this.errors.push("bind must be ADDRESS:PORT")
      else {
        host = match[1] ? { key: "bind", value: match[1] } : host
        port = match[2] ? { key: "bind", value: match[2] } : port
      }
    }
    const device = this.given(O.BINDTODEVICE)
    if (host === null && device !== null && (isIPv4(device.value) || isIPv6(device.value))) host = device
    const read = host === null ? null : readLocalAddress(host.value)
    if (host !== null && read?.ok === false) this.errors.push(`${host.key} ${read.message}`)
    const address = read?.ok === true ? read.value : null
    const number =
      port === null || port.value === "0" ? null : this.take(readPort(port.value, `the local port (${port.key})`))
    return { host: address, port: number }
  }

  /** Mode by `mode=`, else as srt-live-transmit has it: no host listens, a host with `adapter` is rendezvous. */
  mode(host: string, adapter: boolean): Mode | null {
    const given = this.given("mode")
    if (given !== null) {
      const mode = this.take(readWord("mode", given.value, MODES, "caller, listener or rendezvous"))
      if (mode !== "default") return mode
    }
    if (host === "") return "listener"
    if (isAny(host)) {
      this.warnings.push(`${host} is no destination: read as mode=listener`)
      return "listener"
    }
    return adapter ? "rendezvous" : "caller"
  }

  /** What the far end, or a listener of ours, is reached at. */
  endpoint(): Pick<SrtTarget, "mode" | "host" | "port" | "localHost" | "localPort"> | null {
    const host = this.take(readHost(this.#parts.host))
    const local = this.local()
    const mode = this.mode(host ?? "?", local.host !== null && this.given("local-host") !== null)
    const written = this.#parts.port
    const port =
      (written === null || written === "") && mode === "listener" && local.port !== null
        ? local.port
        : this.take(written === null ? bad("the port is missing: write srt://HOST:PORT") : readPort(written))
    if (host === null || mode === null || port === null) return null
    if (mode === "listener") return this.#listener(host, port, local.host)
    if (host === "") this.errors.push(`the host is missing: mode=${mode} needs one`)
    else if (isAny(host)) this.errors.push(`${host} is no destination for mode=${mode}`)
    else if (isMulticast(host))
      this.errors.push(`${host} is a multicast group: SRT sends to one host; use udp:// or rtp:// for multicast`)
    else if (local.host !== null && (isIPv4(host) || isIPv6(host)) && isIPv6(host) !== isIPv6(local.host))
      this.errors.push(`${local.host} and ${host} are not of the same IP version`)
    return { mode, host, port, localHost: local.host, localPort: local.port }
  }

  #listener(
    host: string,
    port: number,
    adapter: string | null,
  ): Pick<SrtTarget, "mode" | "host" | "port" | "localHost" | "localPort"> {
    let address = adapter ?? host
    if (address !== "") {
      const read = readLocalAddress(address)
      if (!read.ok)
        this.errors.push(`the host of a listener ${read.message}, or left out: srt://:${port}?mode=listener`)
      else if (isMulticast(read.value)) this.errors.push("an SRT listener cannot use a multicast address")
      else address = read.value
    }
    return { mode: "listener", host: address, port, localHost: null, localPort: null }
  }

  latency(row: SrtUrlKey, { key, value }: Given, dialect: Dialect | null): number | null {
    const latency = this.take(readLatency(key, value, dialect))
    if (latency === null) return null
    if (latency.warning !== null) this.warnings.push(latency.warning)
    if (row.api !== null) this.options[row.api] = latency.ms
    return latency.ms
  }

  /** Payload of a message, by `pkt_size` and what `mss` leaves room for. */
  packetSize(): number {
    const given = this.given("packet-size")
    const mss = this.settings.get(O.MSS)
    const room = typeof mss === "number" ? wholePackets(mss - HEADERS) : PACKET_SIZE_MAX
    let wanted = PACKET_SIZE_MAX
    // -1 is FFmpeg's way to leave it to the library.
    if (given !== null && given.value !== "-1") {
      wanted =
        this.take(readInteger(given.key, given.value, O.PAYLOADSIZE.min, O.PAYLOADSIZE.max, "bytes")) ?? PACKET_SIZE_MAX
      if (wholePackets(wanted) !== wanted)
        this.warnings.push(
          `${given.key}=${wanted} is read as ${wholePackets(wanted)}: whole TS packets of 188 bytes, 7 at most`,
        )
    }
    const size = Math.min(wholePackets(wanted), room)
    if (size < wholePackets(wanted)) this.warnings.push(`mss leaves room for ${size} bytes in a message`)
    if (size !== PACKET_SIZE_MAX || given !== null) this.settings.set(O.PAYLOADSIZE, size)
    this.options["pkt_size"] = size
    return size
  }

  /** Sets every libsrt option of the URL, in the order of the table. */
  values(dialect: Dialect | null): void {
    for (const row of SRT_URL_KEYS) {
      const given = this.#given.get(row)
      if (given === undefined) continue
      if (row.use === "no-effect") this.#noEffect(row, given)
      if (typeof row.use === "string") continue
      if (row.unit === "ms*") {
        const ms = this.latency(row, given, dialect)
        if (ms !== null) this.settings.set(row.use, ms)
        continue
      }
      if (row.use === O.BINDTODEVICE && (isIPv4(given.value) || isIPv6(given.value))) continue
      const read = this.take(readSrtValue(row.use, given))
      if (read === null) continue
      if (read.warning !== null) this.warnings.push(read.warning)
      if (read.value === null) continue
      this.settings.set(row.use, read.value)
      if (row.api !== null && !TOLD_APART.has(row.use))
        this.options[row.api] = typeof read.value === "bigint" ? Number(read.value) : read.value
    }
  }

  /** Which stack the URL asks for, and what keeps ours from it. */
  stack(mode: Mode): SrtStack | null {
    const given = this.given("stack")
    if (given === null) return null
    const stack = this.take(readWord("stack", given.value, STACKS, "own or libsrt"))
    if (stack === null) return null
    this.options["stack"] = stack
    const options = [...this.settings].map(([option, value]) => ({ option, value }))
    const beyond = stack === "own" ? beyondOwnStack({ mode, options }) : []
    if (beyond.length > 0)
      this.warnings.push(
        `stack=own cannot do ${beyond.join(", ")}: libsrt carries this ${this.#purpose === "send" ? "output" : "input"} instead`,
      )
    return stack
  }

  #noEffect(row: SrtUrlKey, { key, value }: Given): void {
    if (key === "cryptomode" && value === "2")
      this.errors.push("cryptomode=2 (AES-GCM) is not in libsrt 1.5.1: use cryptomode=0 or 1 on both sides")
    else if (key !== "cryptomode") this.warnings.push(`${key} has no effect: ${row.description}`)
  }

  encryption(): void {
    const passphrase = this.settings.get(O.PASSPHRASE)
    const bytes = this.settings.get(O.PBKEYLEN)
    this.options["encryption"] = passphrase === undefined ? "none" : `AES-${Number(bytes || 16) * 8}`
    if (passphrase === undefined && typeof bytes === "number" && bytes > 0)
      this.warnings.push("pbkeylen without a passphrase: the stream is not encrypted")
    const rate = Number(this.settings.get(O.KMREFRESHRATE) || 2 ** 24)
    const announce = Number(this.settings.get(O.KMPREANNOUNCE) || Math.min(2 ** 12, (rate - 1) / 2))
    if (announce > (rate - 1) / 2) this.errors.push("kmpreannounce must be less than half of kmrefreshrate")
  }

  streamId(mode: Mode): string | null {
    const text = this.settings.get(O.STREAMID)
    if (typeof text !== "string") return null
    const problem = streamIdProblem(text)
    if (problem !== null) this.errors.push(problem)
    const id = parseStreamId(text)
    this.options["stream_id"] = id.masked
    if (id.resource !== null && id.resource !== text) this.options["stream_resource"] = id.resource
    if (id.user !== null) this.options["stream_user"] = id.user
    if (id.mode !== null) this.options["stream_mode"] = id.mode
    if (mode !== "listener" && this.#purpose === "send" && id.mode === "request")
      this.warnings.push("the stream id asks to receive (request, read or play); to send it says publish")
    if (mode !== "listener" && this.#purpose === "receive" && id.mode === "publish")
      this.warnings.push("the stream id offers to send (publish); to receive it says request")
    if (mode === "listener") this.settings.delete(O.STREAMID)
    return text
  }
}

/** Reads a `srt://` URL that is taken apart already. */
export const parseSrtUrl = (parts: UrlParts, purpose: SrtPurpose = "send"): ParsedOutput => {
  const collected = collect(parts.query, srtUrlKey)
  const reading = new SrtUrlReading(parts, collected.given, purpose)
  reading.errors.push(...collected.errors)
  const explicit = reading.given("dialect")
  const dialect =
    explicit === null
      ? dialectOf(parts.query.map((part) => part.key))
      : reading.take(readWord("dialect", explicit.value, DIALECTS, "ffmpeg or srt"))
  const endpoint = reading.endpoint()
  if (endpoint !== null) {
    reading.options["mode"] = endpoint.mode
    if (endpoint.localHost !== null) reading.options["local_host"] = endpoint.localHost
    if (endpoint.localPort !== null) reading.options["local_port"] = endpoint.localPort
    if (endpoint.mode === "rendezvous") reading.settings.set(O.RENDEZVOUS, true)
  }
  reading.options["latency_ms"] = DEFAULT_LATENCY_MS
  reading.values(dialect)
  if (dialect !== null) reading.options["dialect"] = dialect
  const packetSize = reading.packetSize()
  reading.encryption()
  const streamId = reading.streamId(endpoint?.mode ?? "caller")
  const stack = reading.stack(endpoint?.mode ?? "caller")
  if (parts.userinfo !== null && parts.userinfo !== "")
    reading.warnings.push("the user name before @ has no meaning for SRT: use streamid")
  if (parts.path !== "" && parts.path !== "/")
    reading.warnings.push("the path after the port has no meaning for SRT: use streamid")
  if (parts.fragment !== null) reading.warnings.push("what stands after # is not used")
  if (reading.errors.length > 0 || endpoint === null) return refuse(...reading.errors)
  const { settings } = reading
  const passphrase = settings.get(O.PASSPHRASE)
  const latency = settings.get(O.LATENCY)
  return {
    ok: true,
    target: {
      protocol: "srt",
      ...endpoint,
      streamId,
      passphrase: typeof passphrase === "string" ? passphrase : null,
      packetSize,
      latencyMs: latency === undefined ? null : Number(latency),
      connectTimeoutMs: Number(settings.get(O.CONNTIMEO) ?? DEFAULT_CONNECT_TIMEOUT_MS),
      stack,
      options: [...settings].sort(([a], [b]) => a.id - b.id).map(([option, value]) => ({ option, value })),
    },
    options: reading.options,
    ignored: collected.ignored,
    warnings: [...collected.warnings, ...reading.warnings],
  }
}
