// Sends the built-in test programme as an encoder would: `bun src/engine/test-source.ts --to 127.0.0.1:5000 [options]`.
import { createSocket, type Socket } from "node:dgram"
import { lookup } from "node:dns/promises"
import { isIPv6 } from "node:net"
import process from "node:process"
import { formatEndpoint, isMulticast, zoneOf } from "../core/net/address.ts"
import { MP2T_CLOCK_RATE, RTP_HEADER_SIZE, writeRtpHeader } from "../core/rtp/header.ts"
import { BATCH_BYTES } from "../test-source/test-programme.ts"
import { Pacer } from "./pacer.ts"
import { parseSettings, type Settings, USAGE } from "./test-source-settings.ts"

const SEND_BUFFER_BYTES = 1_048_576

const openSocket = async (address: string, settings: Settings): Promise<Socket> => {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4")
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject)
    socket.bind(0, () => {
      socket.removeListener("error", reject)
      resolve()
    })
  })
  socket.setSendBufferSize(SEND_BUFFER_BYTES)
  if (isMulticast(address)) {
    if (settings.ttl !== undefined) socket.setMulticastTTL(settings.ttl)
    // IPv6 names the interface by its zone (RFC 4007 section 11), which may be the group's.
    const named = isIPv6(address)
      ? (zoneOf(settings.interface ?? "") ?? settings.interface ?? zoneOf(address) ?? undefined)
      : settings.interface
    if (named !== undefined) socket.setMulticastInterface(isIPv6(address) ? `::%${named}` : named)
  } else if (settings.ttl !== undefined) socket.setTTL(settings.ttl)
  return socket
}

/**
 * One line a second at most, as sending fails for every datagram alike; silent while nobody listens at the far port.
 */
const reportErrors = (): ((cause: Error) => void) => {
  let reportedAt = Number.NEGATIVE_INFINITY
  return (cause) => {
    if (("code" in cause && cause.code === "ECONNREFUSED") || performance.now() - reportedAt < 1000) return
    reportedAt = performance.now()
    process.stderr.write(`test source: ${cause.message}\n`)
  }
}

/** Sends until `duration` is over; the returned function stops it earlier. `done` is called once, in either case. */
const send = (socket: Socket, address: string, settings: Settings, done: () => void): (() => void) => {
  const { programme, port, udp, ssrc } = settings
  const header = udp ? 0 : RTP_HEADER_SIZE
  const sequence = Math.floor(Math.random() * 65_536)
  const timestamp = Math.floor(Math.random() * 2 ** 32)
  const report = reportErrors()
  socket.on("error", report)
  let count = 0
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const nextDatagram = (): Uint8Array => {
    // A buffer of its own for each: the socket may still hold the last one.
    const datagram = new Uint8Array(header + BATCH_BYTES)
    programme.writeNext(datagram, header)
    const ticks = Math.floor((programme.timeUs * MP2T_CLOCK_RATE) / 1_000_000)
    if (!udp) writeRtpHeader(datagram, { sequence: sequence + count, timestamp: (timestamp + ticks) % 2 ** 32, ssrc })
    count++
    return datagram
  }
  const stop = () => {
    if (stopped) return
    stopped = true
    clearTimeout(timer)
    socket.close(done)
  }
  let datagram = nextDatagram()
  const pacer = new Pacer(performance.now() * 1000)
  let allowed = 0
  // One after the other: Deno may swap datagrams whose sends overlap.
  const pump = () => {
    if (stopped) return
    const nowUs = performance.now() * 1000
    if (programme.timeUs > allowed) allowed = pacer.allow(nowUs)
    if (programme.timeUs > allowed) {
      timer = setTimeout(pump, Math.max(1, pacer.until(programme.timeUs, nowUs) / 1000))
      return
    }
    if (programme.timeUs >= settings.durationUs) return stop()
    const due = datagram
    datagram = nextDatagram()
    socket.send(due, port, address, (cause: Error | null) => {
      if (cause) report(cause)
      pump()
    })
  }
  pump()
  return stop
}

const main = async (): Promise<void> => {
  const settings = parseSettings(process.argv.slice(2))
  const { address } = await lookup(settings.host)
  const socket = await openSocket(address, settings)
  const stop = send(socket, address, settings, () => process.exit(0))
  process.on("SIGTERM", stop)
  process.on("SIGINT", stop)
  if (settings.parentPipe) {
    for (const event of ["end", "close", "error"]) process.stdin.on(event, stop)
    process.stdin.resume()
  }
  const protocol = settings.udp ? "raw UDP" : `RTP, SSRC ${settings.ssrc},`
  const rate = (settings.programme.bitrate / 1_000_000).toFixed(1)
  process.stdout.write(
    `test source: ${protocol} to ${formatEndpoint(settings.host, settings.port)}, ${rate} Mbit/s, H.264 640x360, AAC, SCTE-35\n`,
  )
}

try {
  if (process.argv.includes("--help")) process.stdout.write(USAGE)
  else await main()
} catch (cause) {
  process.stderr.write(`test source: ${cause instanceof Error ? cause.message : String(cause)}\n`)
  process.exit(2)
}
