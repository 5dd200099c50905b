import { createSocket } from "node:dgram"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { numberedTs } from "../../test/e2e/datagrams.ts"
import { EngineBench } from "../../test/e2e/engine-bench.ts"
import { freeUdpPort } from "../../test/e2e/ports.ts"
import { eventually } from "../../test/e2e/product.ts"
import { UdpReceiver } from "../../test/e2e/receivers.ts"
import { rtpHeader, sendTs } from "../../test/e2e/send-ts.ts"

let bench: EngineBench
let receiver: UdpReceiver
let port: number

const leg = (name: "primary" | "backup", at = port) => ({ name, ip: "127.0.0.1", port: at })
const putChannel = () => bench.putChannel(port)
const open = (url: string, id?: string, channel?: string) => bench.open(url, id, channel)

beforeEach(async () => {
  bench = await EngineBench.start()
  receiver = await UdpReceiver.open()
  port = await freeUdpPort()
})

afterEach(() => {
  bench.close()
  receiver.close()
})

describe("UDP and RTP outputs", () => {
  it.each([
    ["udp", "rtp", 0],
    ["udp", "udp", 0],
    ["rtp", "rtp", 12],
    ["rtp", "udp", 12],
  ])(
    "%s output of %s input carries the input's TS bytes, all of them, in order",
    async (outgoing, incoming, header) => {
      putChannel()
      await bench.legSaid("open")
      open(`${outgoing}://127.0.0.1:${receiver.port}`)
      await bench.outputIs("o1", "connected")
      const ts = numberedTs(7 * 300)
      await sendTs(ts, { port, rtp: incoming === "rtp", bitrate: 20e6 })
      await receiver.atLeast(300)
      expect(receiver.bytes(header).equals(ts)).toBe(true)
      if (header === 12) {
        const sequences = receiver.datagrams.map(({ data }) => data.readUInt16BE(2))
        expect(sequences.every((s, i) => i === 0 || s === (((sequences[i - 1] ?? 0) + 1) & 0xffff))).toBe(true)
        expect(receiver.datagrams[0]?.data[1]).toBe(33)
      }
    },
  )

  it("splits by pkt_size and keeps datagrams with fewer packets as they are", async () => {
    putChannel()
    await bench.legSaid("open")
    open(`udp://127.0.0.1:${receiver.port}?pkt_size=564`)
    await bench.outputIs("o1", "connected")
    const ts = numberedTs(14)
    await sendTs(ts, { port })
    await receiver.atLeast(6)
    expect(receiver.datagrams.map(({ data }) => data.length / 188)).toEqual([3, 3, 1, 3, 3, 1])
    expect(receiver.bytes().equals(ts)).toBe(true)
  })

  it("opening and closing other outputs loses nothing on the first one", async () => {
    putChannel()
    await bench.legSaid("open")
    open(`udp://127.0.0.1:${receiver.port}`)
    await bench.outputIs("o1", "connected")
    const ts = numberedTs(7 * 1200)
    const sending = sendTs(ts, { port, bitrate: 20e6 })
    const other = await UdpReceiver.open()
    for (let i = 0; i < 10; i++) {
      open(`rtp://127.0.0.1:${other.port}`, `other${i}`)
      await bench.outputIs(`other${i}`, "connected")
      bench.closeOutput(`other${i}`)
    }
    await sending
    await receiver.atLeast(1200)
    other.close()
    expect(receiver.bytes().equals(ts)).toBe(true)
  })

  it("keeps sending when nobody listens, and says so", async () => {
    const silent = await freeUdpPort()
    putChannel()
    await bench.legSaid("open")
    open(`udp://127.0.0.1:${silent}`)
    await bench.outputIs("o1", "connected")
    const sending = new AbortController()
    void sendTs(numberedTs(700), { port, loop: true, signal: sending.signal })
    const stats = () => bench.channelStats().outputs[0]
    await eventually("a refused send", () => (stats()?.last_send_error?.includes("ECONNREFUSED") ? true : null))
    sending.abort()
    expect(stats()?.state).toBe("connected")
  })

  it("refuses a bad URL, a missing channel and a second session of one output", () => {
    putChannel()
    expect(open("udp://127.0.0.1")).toMatchObject({ ok: false, error: { code: "url", transient: false } })
    expect(open("udp://127.0.0.1:5000", "o1", "nowhere")).toMatchObject({ ok: false, error: { code: "no_channel" } })
    expect(open("udp://127.0.0.1:5000")).toMatchObject({ ok: true })
    expect(open("udp://127.0.0.1:5000")).toMatchObject({ ok: false, error: { code: "exists" } })
  })

  it("reports an interface that does not exist", async () => {
    putChannel()
    open("udp://239.1.2.3:5000?interface=nosuch0")
    expect((await bench.outputIs("o1", "ended")).reason).toMatchObject({ code: "ENODEV", transient: false })
  })
})

describe("legs", () => {
  it("reports a port in use and takes it when it becomes free", async () => {
    const holder = createSocket("udp4")
    await new Promise<void>((resolve) => holder.bind(port, "127.0.0.1", () => resolve()))
    putChannel()
    const failed = await bench.legSaid("failed")
    expect(failed).toMatchObject({ message: expect.stringMatching(/EADDRINUSE.*taken by another program/) })
    expect(bench.leg().problem).toMatchObject({ code: "EADDRINUSE" })
    holder.close()
    await bench.legSaid("open")
  })

  it("reports an address that is not local", async () => {
    bench.putLegs([{ name: "primary", ip: "192.0.2.77", port }])
    expect(await bench.legSaid("failed")).toMatchObject({
      message: expect.stringMatching(/EADDRNOTAVAIL.*not one of this machine/),
    })
  })

  it("put_channel again leaves a matching leg open: no packet is lost", async () => {
    putChannel()
    await bench.legSaid("open")
    open(`udp://127.0.0.1:${receiver.port}`)
    await bench.outputIs("o1", "connected")
    const ts = numberedTs(7 * 600)
    const sending = sendTs(ts, { port, bitrate: 20e6 })
    const spare = await freeUdpPort()
    for (let i = 0; i < 6; i++) {
      const legs = i % 2 === 0 ? [leg("primary"), leg("backup", spare)] : [leg("primary")]
      expect(bench.putLegs(legs)).toMatchObject({ ok: true })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await sending
    await receiver.atLeast(600)
    expect(receiver.bytes().equals(ts)).toBe(true)
  })

  it("garbage of every kind is dropped and counted, and the stream goes on", async () => {
    putChannel()
    await bench.legSaid("open")
    open(`udp://127.0.0.1:${receiver.port}`)
    await bench.outputIs("o1", "connected")
    const ts = numberedTs(70)
    const socket = createSocket("udp4")
    const send = (data: Uint8Array) => new Promise((resolve) => socket.send(data, port, "127.0.0.1", resolve))
    const seven = (i: number) => Buffer.concat([rtpHeader(i, i * 100, 7), ts.subarray(i * 1316, (i + 1) * 1316)])
    await send(seven(0))
    const bad = [
      Buffer.alloc(0),
      Buffer.from("garbage"),
      Buffer.alloc(1316, 1),
      rtpHeader(9, 0, 7),
      Buffer.concat([rtpHeader(9, 0, 7), ts.subarray(0, 1000)]),
      Buffer.alloc(60000, 0x80),
    ]
    for (const data of bad) await send(data)
    for (let i = 1; i < 10; i++) await send(seven(i))
    await receiver.atLeast(10)
    socket.close()
    expect(receiver.bytes().equals(ts)).toBe(true)
    const counters = bench.counters()
    const refused = ["bad_not_ts", "bad_rtp", "bad_length", "bad_sync", "foreign"].reduce(
      (sum, key) => sum + (counters[key] ?? 0),
      0,
    )
    expect(refused).toBe(bad.length)
    expect(counters["datagrams"]).toBe(10 + bad.length)
  })

  it("switches the source by hand", async () => {
    const second = await freeUdpPort()
    bench.putLegs([leg("primary"), leg("backup", second)])
    await bench.legSaid("open", 2)
    open(`udp://127.0.0.1:${receiver.port}`)
    await bench.outputIs("o1", "connected")
    await sendTs(numberedTs(7, 0), { port })
    await receiver.atLeast(1)
    expect(bench.ask({ cmd: "switch_source", channel_id: "c1", leg: "backup" })).toMatchObject({ ok: true })
    await sendTs(numberedTs(7, 1000), { port })
    await sendTs(numberedTs(7, 2000), { port: second })
    await receiver.atLeast(3)
    // Seven packets come first, then one of an adaptation field alone with discontinuity_indicator, and the seven of
    // the new leg.
    const packets = receiver.datagrams.flatMap(({ data }) =>
      Array.from({ length: data.length / 188 }, (_, i) => data.subarray(i * 188, (i + 1) * 188)),
    )
    const [signal] = packets.splice(7, 1)
    expect([(signal?.[3] ?? 0) & 0x30, signal?.[5]]).toEqual([0x20, 0x80])
    expect(packets.map((packet) => packet.readUInt32BE(4))).toEqual([
      0, 1, 2, 3, 4, 5, 6, 2000, 2001, 2002, 2003, 2004, 2005, 2006,
    ])
  })
})

describe("without libsrt", () => {
  it("SRT outputs run on our own stack; those that need libsrt say what for, and what to install", async () => {
    putChannel()
    expect(open("srt://127.0.0.1:9000")).toMatchObject({ ok: true })
    expect(open("srt://127.0.0.1:9000?packetfilter=fec,cols:10,rows:5", "o2")).toMatchObject({
      ok: false,
      error: {
        code: "libsrt_missing",
        message: expect.stringMatching(/^packetfilter needs libsrt\. .*apt-get install/),
      },
    })
    expect(bench.engine.info.srt.available).toBe(false)
  })
})
