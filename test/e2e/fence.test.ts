/**
 * The engine is stopped as a whole, as a machine that freezes, and continued when its fence has run out: not one packet
 * of the channel is sent then, neither by the packet loop nor by libsrt's threads, which wake on their own.
 */
import { createSocket, type Socket } from "node:dgram"
import type { AddressInfo } from "node:net"
import { afterEach, expect, it } from "vitest"
import { FENCED } from "../../src/engine/protocol/fenced.ts"
import { fenceClockUs } from "../../src/engine/system/fence-clock.ts"
import { numberedTs } from "./datagrams.ts"
import { EngineProcess } from "./engine-process.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually } from "./product.ts"
import { SrtReceiver, UdpReceiver } from "./receivers.ts"
import { sendTs } from "./send-ts.ts"

const LEASE_MS = 4000
/** A receiver asks again for what was lost until then: long enough to ask an engine that has just woken. */
const LATENCY_MS = 12_000
const BITRATE = 4e6

/**
 * Stands between an SRT caller and its listener, counts the caller's data packets, and once `lossy` loses every other
 * one for good, so that the listener goes on asking for them.
 */
class LossyWire {
  readonly #socket: Socket
  #caller: AddressInfo | null = null
  lossy = false
  data = 0
  /** Data packets without those that were sent again. */
  sentFirst = 0
  asked = 0

  private constructor(socket: Socket, to: number) {
    this.#socket = socket
    // A peer that has ended is told by ICMP.
    socket.on("error", () => {})
    socket.on("message", (packet, from) => {
      // Draft 3: the first bit tells control packets, the first 15 bits behind it their type; 3 is NAK.
      const isControl = ((packet[0] ?? 0) & 0x80) !== 0
      if (from.port === to) {
        if (isControl && packet.readUInt16BE(0) === 0x8003) this.asked += 1
        if (this.#caller !== null) socket.send(packet, this.#caller.port, "127.0.0.1")
        return
      }
      this.#caller = from as unknown as AddressInfo
      if (!isControl) this.data += 1
      // Draft 3.1: R, a bit of the second word, marks what is sent again.
      if (!isControl && (packet.readUInt32BE(4) & 0x04000000) === 0) this.sentFirst += 1
      if (isControl || !this.lossy || packet.readUInt32BE(0) % 2 !== 0) socket.send(packet, to, "127.0.0.1")
    })
  }

  static open(to: number): Promise<LossyWire> {
    const socket = createSocket("udp4")
    return new Promise((resolve) => socket.bind(0, "127.0.0.1", () => resolve(new LossyWire(socket, to))))
  }

  get port(): number {
    return this.#socket.address().port
  }

  close(): void {
    this.#socket.close()
  }
}

const closing: Array<() => unknown> = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const srtOver = async (stack: string): Promise<{ readonly wire: LossyWire; readonly url: string }> => {
  const port = await freeUdpPort()
  const peer = await SrtReceiver.open(`srt://127.0.0.1:${port}?mode=listener&latency=${LATENCY_MS}`)
  const wire = await LossyWire.open(port)
  closing.push(
    () => peer.stop("SIGKILL"),
    () => wire.close(),
  )
  return { wire, url: `srt://127.0.0.1:${wire.port}?latency=${LATENCY_MS}&stack=${stack}` }
}

it("an engine that was stopped for longer than its lease sends nothing when it wakes", async () => {
  const engine = await EngineProcess.start()
  closing.push(() => engine.dispose())
  const receiver = await UdpReceiver.open()
  closing.push(() => receiver.close())
  const port = await engine.channel()
  const lease = async (ms: number) => {
    const fence_us = fenceClockUs() + ms * 1000
    await engine.ask({ cmd: "lease", fences: [{ channel_id: "c1", fence_us }] })
    return fence_us
  }
  await lease(60_000)
  const wires = { libsrt: await srtOver("libsrt"), own: await srtOver("own") }
  await engine.connect(`udp://127.0.0.1:${receiver.port}`, "udp")
  await engine.connect(wires.libsrt.url, "libsrt")
  await engine.connect(wires.own.url, "own")
  const source = new AbortController()
  const sent = sendTs(numberedTs(7 * 1000), { port, bitrate: BITRATE, loop: true, signal: source.signal })
  closing.push(() => source.abort())
  await receiver.atLeast(400)

  // What leaves under this lease is lost in part, asked for again, and still kept when the engine is stopped.
  const fenceUs = await lease(LEASE_MS)
  for (const [id, { wire }] of Object.entries(wires)) {
    // What libsrt was given under the longer lease may be sent again for as long.
    const { packets_sent } = await engine.output(id)
    await eventually("nothing of before is on its way", () => (wire.sentFirst > packets_sent ? true : null))
  }
  for (const { wire } of Object.values(wires)) wire.lossy = true
  for (const { wire } of Object.values(wires))
    await eventually("packets are asked for again", () => (wire.asked > 60 ? true : null))
  expect(fenceClockUs()).toBeLessThan(fenceUs)
  engine.child.kill("SIGSTOP")
  await eventually("the fence has run out", () => (fenceClockUs() > fenceUs + 300_000 ? true : null), 20_000)
  const counts = () => [receiver.datagrams.length, wires.libsrt.wire.data, wires.own.wire.data]
  const before = counts()
  engine.child.kill("SIGCONT")
  for (const id of ["udp", "libsrt", "own"]) expect(await engine.ended(id)).toMatchObject({ code: FENCED })
  // The source goes on, and the engine with it: the channel is received.
  const packets = async () => (await engine.leg()).counters["ts_packets"] ?? 0
  const taken = await packets()
  await eventually("the engine receives", async () => ((await packets()) > taken + 700 ? true : null))
  expect(counts()).toEqual(before)
  expect((await engine.open(`udp://127.0.0.1:${receiver.port}`, "udp")).ok).toBe(false)
  source.abort()
  await sent
})
