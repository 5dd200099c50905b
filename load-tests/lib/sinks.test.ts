import { afterEach, assert, describe, it } from "vitest"
import { createSrtSocket, libsrt, SRTS_CONNECTED, srtAccept, srtListen } from "./libsrt.ts"
import { sockaddrIn } from "./native.ts"
import { DATAGRAM_WORDS, pcrStep, writeDatagram } from "./pattern.ts"
import { RtpSource } from "./rtp-source.ts"
import type { RtpSourceOptions } from "./rtp-source-options.ts"
import { parseSelection } from "./selection.ts"
import { createSrtSink, type SrtSink, type SrtSinkOptions } from "./srt-sink.ts"
import { createUdpSink, type UdpSinkOptions } from "./udp-sink.ts"

const cleanups: Array<() => void> = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const deliver = async (source: Partial<RtpSourceOptions>, sink: Partial<UdpSinkOptions> = {}) => {
  const receiver = createUdpSink({ port: 0, ...sink })
  cleanups.push(() => receiver.close())
  const sender = new RtpSource({
    basePort: receiver.port,
    bitrate: 20e6,
    ...(source.mediaOnce === true ? {} : { count: 300 }),
    ...source,
  })
  const sent = await sender.run().finished
  receiver.poll()
  return { sent, received: receiver.stats(), bytes: receiver.captured() }
}

/**
 * What the least disturbed of a few attempts measured, in the unit of `measure`: a busy machine delays, and
 * never hastens.
 */
const least = async (measure: () => Promise<number>, enough: number): Promise<number> => {
  let found = await measure()
  for (let attempt = 1; attempt < 10 && found > enough; attempt++) found = Math.min(found, await measure())
  return found
}

describe("sender and UDP sink", () => {
  it("brings 300 of 300 datagrams over RTP, with their order, delay and sequence numbers", async () => {
    const { sent, received } = await deliver({ seqStart: 65400, ssrc: 77 })
    assert.deepStrictEqual([sent.sent, sent.next_counter], [300, 300])
    assert.deepStrictEqual([received.received, received.lost, received.corrupt, received.kernel_drops], [300, 0, 0, 0])
    assert.deepStrictEqual(received.rtp, {
      packets: 300,
      sequence_gaps: 0,
      ssrc: 77,
      ssrc_changes: 0,
      payload_type: 33,
    })
    const delayUs = await least(async () => (await deliver({})).received.delay_us.p50, 50_000)
    assert.isBelow(Math.min(received.delay_us.p50, delayUs), 50_000)
  })

  it("keeps the bit rate: 300 datagrams at 20 Mbit/s take 158 ms", async () => {
    const seconds = await least(async () => (await deliver({ rtp: false })).sent.seconds, 0.258)
    assert.approximately(seconds, 0.158, 0.1)
  })

  it("finds exactly the losses, duplicates and swaps the sender made", async () => {
    const { sent, received } = await deliver({
      loss: parseSelection("every:50"),
      duplicate: parseSelection("list:3,4"),
      reorder: parseSelection("list:100,200"),
    })
    // Number 299, the last of six, leaves no trace at the sink.
    assert.deepStrictEqual([sent.skipped, sent.duplicated, sent.reordered], [6, 2, 2])
    assert.deepStrictEqual([received.lost, received.duplicated, received.out_of_order], [5, 2, 2])
  })

  it("sends a file once, byte for byte, its short end included", async () => {
    const media = Uint8Array.from({ length: 188 * 24 }, (_, i) => (i % 188 === 0 ? 0x47 : (i * 7) & 255))
    const { bytes, received } = await deliver({ media, mediaOnce: true }, { verify: "none", capture: 1e6 })
    assert.deepStrictEqual([received.messages, received.bytes], [4, media.length])
    assert.deepStrictEqual(bytes, media)
  })

  it("rejects a wait that cannot end, with the figures", async () => {
    const sink = createUdpSink({ port: 0 })
    cleanups.push(() => sink.close())
    const error = await sink.until((report) => report.received > 0, 20).catch((cause: unknown) => String(cause))
    assert.match(String(error), /not within 20 ms: .*"received":0/)
  })
})

const hasLibsrt = (() => {
  try {
    return libsrt() !== undefined
  } catch {
    return false
  }
})()

const message = (counter: number) => {
  const words = new Uint32Array(DATAGRAM_WORDS)
  writeDatagram(words, 0, 5, counter, 0, pcrStep(8e6))
  return new Uint8Array(words.buffer)
}
/** The listener may have accepted before the caller's own handshake is done, so both ends are awaited. */
const sendTo = async (sink: SrtSink, socket: number, counters: ReadonlyArray<number>) => {
  await sink.until(() => libsrt().getsockstate(socket) === SRTS_CONNECTED)
  for (const counter of counters) assert.strictEqual(libsrt().sendmsg2(socket, message(counter), 1316, 0), 1316)
}

describe.skipIf(!hasLibsrt)("the SRT sink", () => {
  const listener = (options: Partial<SrtSinkOptions> = {}) => {
    const sink = createSrtSink({ port: 0, ...options })
    cleanups.push(() => sink.close())
    return sink
  }
  const caller = (port: number, options: Partial<SrtSinkOptions> = {}) => {
    const socket = createSrtSocket(options)
    cleanups.push(() => libsrt().close(socket))
    libsrt().connect(socket, sockaddrIn("127.0.0.1", port), 16)
    return socket
  }

  it("takes several callers on one port and keeps them apart by stream id", async () => {
    const sink = listener({ tsbpd: false, capture: 4000 })
    const sockets = ["a", "b"].map((streamid) => caller(sink.port, { streamid }))
    await sink.until((s) => s.stats().connected === 2)
    await sendTo(sink, sockets[0] ?? -1, [0, 1, 2])
    await sendTo(sink, sockets[1] ?? -1, [7, 9])
    await sink.until((s) => s.stats().received === 5)
    const byName = new Map(sink.streams().map((stream) => [stream.stream, stream]))
    assert.deepInclude(byName.get("a"), { received: 3, lost: 0, channel: 5, connected: true })
    assert.deepInclude(byName.get("b"), { received: 2, lost: 1 })
    assert.deepStrictEqual(sink.captured(sink.streams().findIndex((s) => s.stream === "b")).slice(0, 1316), message(7))
  })

  it("receives with TSBPD and AES-256, and refuses another passphrase", async () => {
    // Enough latency that a busy machine makes no packet too late.
    const sink = listener({ latencyMs: 400, passphrase: "correct horse" })
    const wrong = caller(sink.port, { passphrase: "battery staple" })
    const right = caller(sink.port, { passphrase: "correct horse", pbkeylen: 32 })
    await sink.until((s) => s.stats().connected === 1)
    await sendTo(sink, right, [0, 1, 2, 3])
    await sink.until((s) => s.stats().received === 4)
    await sink.until(() => libsrt().getsockstate(wrong) >= 6)
    assert.strictEqual(libsrt().getrejectreason(wrong), 10)
  })

  it("connects as a caller, names the refusal, and connects again after a loss", async () => {
    const server = createSrtSocket({ passphrase: "correct horse" })
    cleanups.push(() => libsrt().close(server))
    const port = srtListen(server, "127.0.0.1", 0)
    const refused = createSrtSink({ mode: "caller", port, passphrase: "battery staple" })
    cleanups.push(() => refused.close())
    await refused.until((s) => s.stats().last_error !== null)
    assert.match(String(refused.stats().last_error), /\(10\)$/)

    const sink = createSrtSink({
      mode: "caller",
      port,
      passphrase: "correct horse",
      tsbpd: false,
      reconnectMs: 10,
      name: "out",
    })
    cleanups.push(() => sink.close())
    for (const round of [1, 2]) {
      await sink.until((s) => s.stats().connected === 1)
      let accepted = srtAccept(server)
      await sink.until(() => {
        accepted ??= srtAccept(server)
        return accepted !== null
      })
      await sendTo(sink, accepted?.socket ?? -1, [round * 10, round * 10 + 1])
      await sink.until((s) => s.stats().received === round * 2)
      libsrt().close(accepted?.socket ?? -1)
    }
    assert.deepStrictEqual(
      sink.streams().map(({ stream, received, lost }) => [stream, received, lost]),
      [
        ["out", 2, 0],
        ["out", 2, 0],
      ],
    )
  })
})
