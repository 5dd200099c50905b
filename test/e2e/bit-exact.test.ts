import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { SRT_STACKS } from "../../src/core/srt/stack.ts"
import { parsePacket } from "../../src/core/ts/packet.ts"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { hasMedia, readMedia } from "../media.ts"
import { freeUdpPort } from "./ports.ts"
import { Product } from "./product.ts"
import { ProgramReceiver, SrtReceiver, UdpReceiver } from "./receivers.ts"
import { sendTs } from "./send-ts.ts"

/**
 * What went in must come out: every byte, in order, from the first packet on, on every kind of output, with real peers.
 */
let product: Product
const closers: Array<() => unknown> = []
const open = <T extends { stop?: () => unknown; close?: () => unknown }>(receiver: T): T => {
  closers.push(() => (receiver.stop === undefined ? receiver.close?.() : receiver.stop()))
  return receiver
}

beforeAll(async () => {
  product = await Product.start()
})
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})
afterAll(() => product.dispose())

interface Far {
  readonly name: string
  readonly url: string
  readonly receiver: { bytes(): Buffer; atLeast(size: number, ms?: number): Promise<true> }
}

const srtCaller = async (name: string, ours: string, theirs: string): Promise<Far> => {
  const port = await freeUdpPort()
  return {
    name,
    url: `srt://127.0.0.1:${port}?mode=caller&latency=120${ours}`,
    receiver: open(await SrtReceiver.open(`srt://127.0.0.1:${port}?mode=listener${theirs}`)),
  }
}

/** Wraps the UDP receiver, which counts datagrams, so that it counts TS bytes as the other receivers do. */
const datagrams = async (protocol: "udp" | "rtp"): Promise<Far> => {
  const receiver = open(await UdpReceiver.open())
  const header = protocol === "rtp" ? 12 : 0
  const bytes = () => receiver.bytes(header)
  return {
    name: protocol,
    url: `${protocol}://127.0.0.1:${receiver.port}`,
    receiver: { bytes, atLeast: (size, ms) => receiver.atLeastBytes(size, header, ms) },
  }
}

const deliver = async (ts: Uint8Array, rtp: boolean): Promise<ReadonlyArray<readonly [string, Buffer]>> => {
  const port = await freeUdpPort()
  const secret = "&passphrase=correct-horse-battery&pbkeylen="
  const far: Far[] = [
    await srtCaller("SRT caller", "", ""),
    await srtCaller("SRT caller with stream id", "&streamid=#!::r=live/one,m=publish", ""),
    await srtCaller("SRT caller AES-128", `${secret}16`, `${secret}16`),
    await srtCaller("SRT caller AES-192", `${secret}24`, `${secret}24`),
    await srtCaller("SRT caller AES-256", `${secret}32`, `${secret}32`),
    await srtCaller("SRT caller on libsrt", "&stack=libsrt", ""),
    await srtCaller("SRT caller AES-256 on libsrt", `${secret}32&stack=libsrt`, `${secret}32`),
    await datagrams("udp"),
    await datagrams("rtp"),
  ]
  const listeners = await Promise.all(SRT_STACKS.map(async (stack) => ({ stack, port: await freeUdpPort() })))
  const outputs = [
    ...far.map(({ url }) => ({ url })),
    ...listeners.map((listener) => ({ url: `srt://127.0.0.1:${listener.port}?mode=listener&stack=${listener.stack}` })),
  ]
  const channel = await product.channel({ name: `bits ${port}`, rtp_ip: "127.0.0.1", rtp_port: port, outputs })
  const fed = await Promise.all(
    listeners.map(async (listener) => ({
      name: `SRT listener on ${listener.stack}`,
      receiver: open(await SrtReceiver.open(`srt://127.0.0.1:${listener.port}?latency=120`)),
    })),
  )
  await product.until(
    "all outputs connected",
    channel.id,
    (view) => view.outputs.length === outputs.length && view.outputs.every((o) => o.status === "connected"),
    20_000,
  )
  await sendTs(ts, { port, rtp, bitrate: 12e6 })
  const received: Array<readonly [string, Buffer]> = []
  for (const { name, receiver } of [...far, ...fed]) {
    await receiver.atLeast(ts.length)
    received.push([name, receiver.bytes()])
  }
  await product.api("DELETE", `/api/channels/${channel.id}`)
  return received
}

/** Whether the PMT holds stream type 0x86, its PID and the CUEI descriptor, looked for as bytes. */
const carriesScte35 = (ts: Uint8Array, pid: number): boolean => {
  const pmt = Buffer.from(ts)
  const entry = Buffer.from([0x86, 0xe0 | (pid >> 8), pid & 255])
  return pmt.includes(entry) && pmt.includes(Buffer.from([0x05, 0x04, 0x43, 0x55, 0x45, 0x49]))
}

describe.each([
  ["RTP", true],
  ["raw UDP", false],
])("%s in", (_, rtp) => {
  it("the test source's programme comes out of every kind of output byte for byte, SRT on both stacks", async () => {
    const ts = generateTs(3, { bitrate: 4_000_000, breakEverySeconds: 30 })
    expect(carriesScte35(ts, 500)).toBe(true)
    for (const [name, bytes] of await deliver(ts, rtp)) expect([name, bytes.equals(ts)]).toEqual([name, true])
  })

  it.runIf(hasMedia).each([
    ["kim-company/scte35.ts", 0x100],
    ["androidx-media/sample_scte35.ts", 0x258],
    ["tsduck/test-137.ts", 0x81],
  ])("[media] %s, SCTE-35 PID %i included", async (name, pid) => {
    const file = readMedia(name)
    const ts = file.subarray(0, Math.min(file.length - (file.length % 188), 188 * 4000))
    expect(carriesScte35(ts, pid)).toBe(true)
    for (const [output, bytes] of await deliver(ts, rtp)) expect([output, bytes.equals(ts)]).toEqual([output, true])
  })
})

describe("ffmpeg as the far side", () => {
  it("receives the same bytes by SRT, and finds video, audio and SCTE-35 in them", async () => {
    const port = await freeUdpPort()
    const srtPort = await freeUdpPort()
    const channel = await product.channel({
      name: "to ffmpeg",
      rtp_ip: "127.0.0.1",
      rtp_port: port,
      outputs: [{ protocol: "srt", url: `srt://127.0.0.1:${srtPort}?streamid=publish&latency=2000` }],
    })
    // With a raw copy, ffmpeg's data demuxer and muxer hand bytes on as they come.
    const raw = [
      "-v",
      "error",
      "-f",
      "data",
      "-i",
      `srt://127.0.0.1:${srtPort}?mode=listener`,
      "-map",
      "0",
      "-c",
      "copy",
      "-flush_packets",
      "1",
      "-f",
      "data",
      "pipe:1",
    ]
    const ffmpeg = open(new ProgramReceiver("ffmpeg", raw))
    await product.until("connected", channel.id, (view) => view.outputs[0]?.status === "connected", 20_000)
    const ts = generateTs(3, { bitrate: 3_000_000 })
    await sendTs(ts, { port, bitrate: 6e6 })
    await ffmpeg.atLeast(ts.length - 65536)
    const bytes = ffmpeg.bytes()
    expect(Buffer.from(ts).subarray(0, bytes.length).equals(bytes)).toBe(true)
    const pids = new Set<number>()
    for (let at = 0; at + 188 <= bytes.length; at += 188) pids.add(parsePacket(bytes, at)?.pid ?? -1)
    expect([...pids]).toEqual(expect.arrayContaining([0, 480, 481, 482, 500]))
  })
})
