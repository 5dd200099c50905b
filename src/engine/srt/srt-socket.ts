/** One libsrt socket: options in and out, states, reasons. Everything here is non-blocking. */
import type { OutputTarget } from "../../core/output/output-url.ts"
import type { SrtPurpose } from "../../core/output/url/srt-url.ts"
import { SRT_OPTIONS, type SrtOption } from "../../core/srt/options.ts"
import { describeReject, describeSrtError } from "../../core/srt/reject.ts"
import { type LibSrt, SRT_ECONNLOST } from "../ffi/libsrt.ts"
import { formatSockaddr, SOCKADDR_STORAGE } from "../ffi/sockaddr.ts"
import type { Reason, SrtInputFigures, SrtStats } from "../protocol/messages.ts"
import { SetupFailure } from "../protocol/setup-failure.ts"

export type SrtTarget = Extract<OutputTarget, { protocol: "srt" }>

const encoder = new TextEncoder()

const encodeValue = (option: SrtOption, value: number | bigint | boolean | string): Uint8Array => {
  switch (option.type) {
    case "string":
      return encoder.encode(String(value))
    case "int64":
      return new Uint8Array(BigInt64Array.of(BigInt(value)).buffer)
    case "linger":
      return new Uint8Array(Int32Array.of(Number(value) > 0 ? 1 : 0, Number(value)).buffer)
    default:
      return new Uint8Array(Int32Array.of(Number(value)).buffer)
  }
}

/** The last error of this thread, as libsrt words it, with what to do about it. */
export const lastError = (srt: LibSrt, doing: string): Reason => {
  const code = srt.getlasterror(0)
  const text = srt.getlasterrorStr()
  const known = describeSrtError(code)
  return {
    code: `srt_${code}`,
    message: `${doing}: ${text}${known.advice === "" ? "" : ` (${known.advice})`}`,
    transient: known.transient,
  }
}

/** The end of a connection that was there, in libsrt's words for it. */
export const connectionLost = (srt: LibSrt): Reason => ({
  code: `srt_${SRT_ECONNLOST}`,
  message: `SRT connection lost: ${srt.strerror(SRT_ECONNLOST, 0)}`,
  transient: true,
})

/** Why a connection was refused: libsrt's own words, the code, and what to do. */
export const rejectReason = (srt: LibSrt, socket: number): Reason => {
  const code = srt.getrejectreason(socket)
  const known = describeReject(code)
  const text = code >= 1000 ? known.text : srt.rejectreasonStr(code)
  return {
    code: `srt_reject_${code}`,
    message: `${text} (SRT reject code ${code})${known.advice === "" ? "" : `: ${known.advice}`}`,
    transient: known.transient,
  }
}

export const setOption = (
  srt: LibSrt,
  socket: number,
  option: SrtOption,
  value: number | bigint | boolean | string,
): void => {
  const bytes = encodeValue(option, value)
  if (srt.setsockflag(socket, option.id, bytes, bytes.length) === 0) return
  const shown = option.name === "PASSPHRASE" ? "the passphrase" : `${option.name}=${String(value)}`
  throw new SetupFailure({ ...lastError(srt, `libsrt refuses ${shown}`), transient: false })
}

const buffer = new Uint8Array(512)
const bufferView = new DataView(buffer.buffer)
const length = Int32Array.of(0)

export const getInt = (srt: LibSrt, socket: number, option: SrtOption): number => {
  length[0] = 4
  bufferView.setInt32(0, 0, true)
  return srt.getsockflag(socket, option.id, buffer, length) === 0 ? bufferView.getInt32(0, true) : -1
}

export const getString = (srt: LibSrt, socket: number, option: SrtOption): string => {
  length[0] = buffer.length
  if (srt.getsockflag(socket, option.id, buffer, length) !== 0) return ""
  return new TextDecoder().decode(buffer.slice(0, length[0]))
}

/** Local address of a bound socket as `ip:port`, and its bytes. */
export const localAddress = (srt: LibSrt, socket: number): Uint8Array => {
  const address = new Uint8Array(SOCKADDR_STORAGE)
  length[0] = address.length
  if (srt.getsockname(socket, address, length) !== 0) throw new SetupFailure(lastError(srt, "srt_getsockname failed"))
  return address.slice(0, length[0])
}

/** Accepts one waiting caller of a listener, or null. */
export const acceptOne = (srt: LibSrt, listener: number): { socket: number; peer: string } | null => {
  const address = new Uint8Array(SOCKADDR_STORAGE)
  length[0] = address.length
  const socket = srt.accept(listener, address, length)
  return socket < 0 ? null : { socket, peer: formatSockaddr(address) }
}

/**
 * Room in libsrt's send buffer for a stalled or lossy receiver: sender-side TLPKTDROP holds at most max(1 s, latency),
 * so half a second more than that at 25 Mbit/s. The library's default of 12 MB a socket let prototypes grow to
 * gigabytes.
 */
const defaultSendBuffer = (target: SrtTarget): number =>
  Math.min(64 << 20, Math.round((25e6 / 8) * (Math.max(1000, target.latencyMs ?? 0) / 1000 + 0.5)))

/**
 * The target as an address family needs it: libsrt binds to `::` only when told whether that includes IPv4; here it
 * does not.
 */
export const forFamily = <T extends SrtTarget>(target: T, family: 4 | 6): T => {
  const given = target.options.some(({ option }) => option.name === SRT_OPTIONS.IPV6ONLY.name)
  return family === 4 || given
    ? target
    : { ...target, options: [...target.options, { option: SRT_OPTIONS.IPV6ONLY, value: 1 }] }
}

type Preset = readonly [option: SrtOption, value: number | boolean]

const sendingPresets = (target: SrtTarget): ReadonlyArray<Preset> => [
  // Old receivers (HSv4, SRT before 1.3) learn from it who sends.
  [SRT_OPTIONS.SENDER, true],
  [SRT_OPTIONS.SNDBUF, defaultSendBuffer(target)],
  // One kernel buffer serves all connections of a port; the kernel caps it at net.core.wmem_max.
  [SRT_OPTIONS.UDP_SNDBUF, 4 << 20],
  [SRT_OPTIONS.UDP_RCVBUF, 1 << 20],
  // A sender receives no data, yet libsrt sizes half a megabyte of receive tables a connection by these two.
  [SRT_OPTIONS.FC, 512],
  [SRT_OPTIONS.RCVBUF, 64 << 10],
]

/** libsrt's own sizes of a receive buffer, in packets, and of the window it names to the sender. */
const RECEIVE_PACKETS = 8192
const WINDOW_PACKETS = 25_600
/** Bytes libsrt counts for a packet of the receive buffer: MSS less IP and UDP headers. */
const RECEIVE_PACKET_BYTES = 1472
/** Packets a second of 1316 bytes at 40 Mbit/s. */
const PACKETS_PER_SECOND = 3800

/** Room for what waits for its time: 40 Mbit/s for the latency and a second more, or what libsrt has anyway. */
const receivingPresets = (target: SrtTarget): ReadonlyArray<Preset> => {
  const given = target.options.find(({ option }) => option === SRT_OPTIONS.RCVLATENCY)?.value
  const latencyMs = Number(given ?? target.latencyMs ?? 0)
  const packets = Math.max(RECEIVE_PACKETS, Math.ceil((latencyMs / 1000 + 1) * PACKETS_PER_SECOND))
  return [
    // libsrt takes no receive buffer that is larger than the window.
    [SRT_OPTIONS.FC, Math.max(WINDOW_PACKETS, packets)],
    [SRT_OPTIONS.RCVBUF, packets * RECEIVE_PACKET_BYTES],
    [SRT_OPTIONS.UDP_RCVBUF, 4 << 20],
    [SRT_OPTIONS.UDP_SNDBUF, 1 << 20],
  ]
}

/** A socket to send or to receive by, with every option of the target set, ready to bind. */
export const createSocket = (srt: LibSrt, target: SrtTarget, purpose: SrtPurpose = "send"): number => {
  const socket = srt.createSocket()
  if (socket < 0) throw new SetupFailure(lastError(srt, "no SRT socket"))
  try {
    const given = new Set(target.options.map((o) => o.option.name))
    setOption(srt, socket, SRT_OPTIONS.SNDSYN, false)
    setOption(srt, socket, SRT_OPTIONS.RCVSYN, false)
    // libsrt shares a port, or takes it again within seconds, only with REUSEADDR on.
    const presets: ReadonlyArray<Preset> = [
      [SRT_OPTIONS.REUSEADDR, true],
      ...(purpose === "send" ? sendingPresets(target) : receivingPresets(target)),
    ]
    for (const [option, value] of presets) if (!given.has(option.name)) setOption(srt, socket, option, value)
    for (const { option, value } of target.options) setOption(srt, socket, option, value)
    return socket
  } catch (cause) {
    srt.close(socket)
    throw cause
  }
}

const stats = new Uint8Array(496)
const statsView = new DataView(stats.buffer)

/** Reads SRT_TRACEBSTATS; null when the connection is gone, so that the caller keeps its last good sample. */
export const readStats = (srt: LibSrt, socket: number): SrtStats | null => {
  if (srt.bistats(socket, stats, 0, 1) !== 0) return null
  const i64 = (at: number) => Number(statsView.getBigInt64(at, true))
  const i32 = (at: number) => statsView.getInt32(at, true)
  const bytesDropped = i64(112)
  return {
    rtt_ms: statsView.getFloat64(328, true),
    latency_ms: getInt(srt, socket, SRT_OPTIONS.PEERLATENCY),
    packets_sent: i64(8),
    packets_sent_unique: i64(432),
    packets_lost: i32(24),
    packets_retransmitted: i32(32),
    // Up to libsrt 1.5.4 pktSndDropTotal counts events, so packets are derived from the bytes.
    packets_dropped: Math.round(bytesDropped / 1316),
    bytes_dropped: bytesDropped,
    bytes_sent: i64(80),
    bytes_retransmitted: i64(104),
    acks_received: i32(40),
    naks_received: i32(48),
    send_buffer_packets: i32(364),
    send_buffer_ms: i32(372),
    flight_packets: i32(320),
    bandwidth_mbps: statsView.getFloat64(336, true),
    km_state: getInt(srt, socket, SRT_OPTIONS.SNDKMSTATE),
  }
}

/**
 * Reads SRT_TRACEBSTATS of a connection that is received from; null when it is gone. Its counters begin with the
 * connection: they are never cleared.
 */
export const readInputStats = (srt: LibSrt, socket: number): SrtInputFigures | null => {
  if (srt.bistats(socket, stats, 0, 1) !== 0) return null
  const i64 = (at: number) => Number(statsView.getBigInt64(at, true))
  const i32 = (at: number) => statsView.getInt32(at, true)
  return {
    rtt_ms: statsView.getFloat64(328, true),
    latency_ms: getInt(srt, socket, SRT_OPTIONS.RCVLATENCY),
    packets_received: i64(16),
    packets_lost: i32(28),
    packets_retransmitted: i32(164),
    packets_belated: i64(224),
    packets_dropped: i32(68),
    packets_undecrypted: i32(72),
    bytes_received: i64(88),
    receive_buffer_packets: i32(380),
    receive_buffer_ms: i32(388),
    bandwidth_mbps: statsView.getFloat64(336, true),
    km_state: getInt(srt, socket, SRT_OPTIONS.RCVKMSTATE),
  }
}
