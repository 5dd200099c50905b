/** Captures of legs and outputs: what the file has is what the far side sent, or got. */
import { createSocket, type Socket as UdpSocket } from "node:dgram"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { numberedTs } from "../../test/e2e/datagrams.ts"
import { EngineBench } from "../../test/e2e/engine-bench.ts"
import { freeUdpPort } from "../../test/e2e/ports.ts"
import { eventually } from "../../test/e2e/product.ts"
import { SrtReceiver, UdpReceiver } from "../../test/e2e/receivers.ts"
import { rtpHeader, sendTs } from "../../test/e2e/send-ts.ts"
import { readPcap } from "../../test/pcap.ts"
import { policyOf } from "../effects/config/input-policy.ts"
import type { CaptureOutcome, Reply, Request } from "./protocol/messages.ts"
import { openSrtLibrary } from "./srt/srt-library.ts"

const library = openSrtLibrary({})
type Of = Extract<Request, { readonly cmd: "open_capture" }>["of"]

let bench: EngineBench
let directory: string
let server: Server
/** What came by each token. */
let files: Map<string, { bytes: Buffer; done: boolean }>

const path = () => join(directory, "capture.sock")

/** Keeps what comes on a socket by the token of its first line. */
const listen = (): Promise<Server> =>
  new Promise((resolve) => {
    const listening: Server = createServer((socket) => {
      let all = Buffer.alloc(0)
      const keep = (done: boolean) => {
        const at = all.indexOf(10)
        if (at >= 0) files.set(all.toString("latin1", 0, at), { bytes: all.subarray(at + 1), done })
      }
      socket.on("data", (chunk: Buffer) => {
        all = Buffer.concat([all, chunk])
        keep(false)
      })
      socket.on("end", () => keep(true))
      socket.on("error", () => undefined)
    }).listen(path(), () => resolve(listening))
  })

beforeEach(async () => {
  files = new Map()
  directory = mkdtempSync(join(tmpdir(), "captures-"))
  server = await listen()
})
afterEach(() => {
  bench.ask({ cmd: "remove_channel", channel_id: "c1" })
  server.close()
  rmSync(directory, { recursive: true })
})

let requests = 1000
const ask = (of: Of, token: string, seconds = 30): Reply | Promise<Reply> =>
  bench.engine.handle({ id: ++requests, cmd: "open_capture", channel_id: "c1", of, seconds, path: path(), token })

/** The outcome of a capture that began. */
const outcome = async (reply: Reply | Promise<Reply>): Promise<CaptureOutcome> => {
  const answered = await reply
  if (!answered.ok || answered.capture === undefined) throw new Error(JSON.stringify(answered))
  return answered.capture
}
const refusal = (reply: Reply | Promise<Reply>) => (reply instanceof Promise || reply.ok ? null : reply.error)

/** The datagrams of the file that came by a token, once it is whole. */
const fileOf = async (token: string) => {
  const file = await eventually(`the file of ${token} is whole`, () => {
    const now = files.get(token)
    return now?.done === true ? now : null
  })
  return readPcap(file.bytes)
}
const payloads = (datagrams: ReturnType<typeof readPcap>) =>
  Buffer.concat(datagrams.map(({ payload }) => Buffer.from(payload)))
const endByRemoval = () => bench.ask({ cmd: "remove_channel", channel_id: "c1" })

describe("captures", () => {
  beforeAll(async () => {
    bench = await EngineBench.start()
  })
  afterAll(() => bench.close())

  const sender = (): Promise<UdpSocket> =>
    new Promise((resolve) => {
      const socket = createSocket("udp4")
      socket.bind(0, "127.0.0.1", () => resolve(socket))
    })

  it("of a leg has every datagram as it came, strangers, garbage and FEC included", async () => {
    const port = await bench.channel()
    const legs = [{ name: "primary" as const, ip: "127.0.0.1", port }]
    bench.ask({ cmd: "put_channel", channel: { id: "c1", label: "c1", legs, policy: policyOf({ fec: "auto" }) } })
    // The ports of FEC are opened within a few milliseconds.
    await new Promise((resolve) => setTimeout(resolve, 200))
    const beganMs = Date.now()
    const capture = outcome(ask({ leg: "primary" }, "leg"))
    const socket = await sender()
    const ts = numberedTs(70)
    const sent = Array.from({ length: 10 }, (_, i) =>
      Buffer.concat([rtpHeader(i, 0, 1), ts.subarray(i * 1316, (i + 1) * 1316)]),
    )
    sent.push(Buffer.from("x"), Buffer.alloc(0), Buffer.alloc(9000, 7))
    const to = (data: Buffer, where: number) =>
      new Promise<void>((resolve) => socket.send(data, where, "127.0.0.1", () => resolve()))
    for (const datagram of sent) await to(datagram, port)
    await to(Buffer.from("column"), port + 2)
    await to(Buffer.from("row"), port + 4)
    const from = socket.address().port
    await new Promise((resolve) => setTimeout(resolve, 300))
    endByRemoval()
    socket.close()
    expect(await capture).toEqual({ datagrams: 15, left_out: 0, ended_by: "channel" })
    const datagrams = await fileOf("leg")
    const media = datagrams.filter(({ destination_port }) => destination_port === port)
    expect(media.map(({ payload }) => Buffer.from(payload))).toEqual(sent)
    const others = datagrams.filter((one) => !media.includes(one))
    expect(others.map((d) => [d.destination_port - port, Buffer.from(d.payload).toString()])).toEqual([
      [2, "column"],
      [4, "row"],
    ])
    for (const { destination, source, source_port, us } of datagrams) {
      expect([source, source_port, destination]).toEqual(["127.0.0.1", from, "127.0.0.1"])
      expect(us / 1000).toBeGreaterThan(beganMs - 1)
      expect(us / 1000).toBeLessThan(Date.now() + 1)
    }
  })

  it.each(["udp", "rtp"])("of an output by %s has what its receiver got", async (protocol) => {
    const port = await bench.channel()
    const receiver = await UdpReceiver.open()
    await bench.connect(`${protocol}://127.0.0.1:${receiver.port}`)
    const capture = outcome(ask({ output_id: "o1" }, "out"))
    await sendTs(numberedTs(7 * 300), { port })
    await receiver.atLeast(300)
    endByRemoval()
    expect(await capture).toEqual({ datagrams: 300, left_out: 0, ended_by: "channel" })
    const datagrams = await fileOf("out")
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
    expect(datagrams.map(({ payload }) => hex(payload))).toEqual(receiver.datagrams.map(({ data }) => hex(data)))
    expect(new Set(datagrams.map((d) => `${d.source} ${d.destination}:${d.destination_port}`))).toEqual(
      new Set([`127.0.0.1 127.0.0.1:${receiver.port}`]),
    )
    receiver.close()
  })

  it("ends by its time, and leaves nothing behind that captures", async () => {
    const port = await bench.channel()
    expect(await outcome(ask({ leg: "primary" }, "time", 0.2))).toEqual({
      datagrams: 0,
      left_out: 0,
      ended_by: "time",
    })
    expect(await fileOf("time")).toEqual([])
    await sendTs(numberedTs(70), { port })
    expect(await fileOf("time")).toEqual([])
    // And the next one may begin.
    expect((await outcome(ask({ leg: "primary" }, "again", 0.1))).ended_by).toBe("time")
  })

  it("ends when nobody reads it any more", async () => {
    await bench.channel()
    const capture = outcome(
      bench.engine.handle({
        ...{ id: 1, cmd: "open_capture", channel_id: "c1", of: { leg: "primary" }, seconds: 30, token: "t" },
        path: join(directory, "nobody.sock"),
      }),
    )
    expect((await capture).ended_by).toBe("reader")
  })

  it("goes over from one session of an output to the next", async () => {
    const port = await bench.channel()
    const receiver = await UdpReceiver.open()
    const capture = outcome(ask({ output_id: "o1" }, "next"))
    for (const round of [1, 2]) {
      await bench.connect(`udp://127.0.0.1:${receiver.port}`)
      // The capture follows within a few milliseconds.
      await new Promise((resolve) => setTimeout(resolve, 100))
      await sendTs(numberedTs(70), { port, sequence: round * 10 })
      await receiver.atLeast(round * 10)
      bench.closeOutput("o1")
    }
    endByRemoval()
    expect(await capture).toMatchObject({ datagrams: 20, ended_by: "channel" })
    expect(payloads(await fileOf("next")).equals(receiver.bytes())).toBe(true)
    receiver.close()
  })

  it("is refused for what there is not, for what sends no datagrams, twice of one thing, and for a third", async () => {
    expect(refusal(ask({ leg: "primary" }, "x"))).toMatchObject({ code: "no_channel", transient: true })
    await bench.channel()
    expect(refusal(ask({ leg: "backup" }, "x"))?.code).toBe("no_leg")
    bench.open(`rtmp://127.0.0.1:${await freeUdpPort()}/live/key`, "rtmp")
    expect(refusal(ask({ output_id: "rtmp" }, "x"))?.code).toBe("not_captured")
    const running = [ask({ leg: "primary" }, "1"), ask({ output_id: "later" }, "2")]
    expect(refusal(ask({ leg: "primary" }, "x"))?.code).toBe("capturing")
    expect(refusal(ask({ output_id: "third" }, "x"))?.code).toBe("too_many_captures")
    endByRemoval()
    for (const one of running) expect((await outcome(one)).ended_by).toBe("channel")
  })
})

/** Time in ms for which this process or srt-live-transmit may stand still before packets come too late for it. */
const LATENCY_MS = 3000

describe.skipIf(library.srt === null)("captures of SRT", () => {
  beforeAll(async () => {
    bench = await EngineBench.start(library, { srtStack: "own" })
  })
  afterAll(() => bench.close())

  it.each(["caller", "listener"])("of a %s have what its receiver got", async (mode) => {
    const port = await bench.channel()
    const srtPort = await freeUdpPort()
    const other = mode === "caller" ? "listener" : "caller"
    const far = () => SrtReceiver.open(`srt://127.0.0.1:${srtPort}?mode=${other}&latency=${LATENCY_MS}`)
    const url = `srt://127.0.0.1:${srtPort}?mode=${mode}&latency=${LATENCY_MS}`
    const first = mode === "caller" ? await far() : null
    if (mode === "caller") await bench.connect(url)
    else bench.open(url)
    const receiver = first ?? (await far())
    await bench.outputIs("o1", "connected")
    const capture = outcome(ask({ output_id: "o1" }, "srt"))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const ts = numberedTs(7 * 200)
    await sendTs(ts, { port })
    await receiver.atLeast(ts.length)
    endByRemoval()
    expect((await capture).left_out).toBe(0)
    const datagrams = await fileOf("srt")
    expect(new Set(datagrams.map((d) => (mode === "caller" ? d.destination_port : d.source_port)))).toEqual(
      new Set([srtPort]),
    )
    // Our own stack: the packets of SRT themselves, of which those of data have the first bit clear. None twice here.
    const data = datagrams.filter(({ payload }) => ((payload[0] ?? 0) & 0x80) === 0)
    const fresh = data.filter(({ payload }) => ((payload[4] ?? 0) & 0x04) === 0)
    const bytes = Buffer.concat(fresh.map(({ payload }) => Buffer.from(payload.subarray(16))))
    expect(bytes.equals(ts)).toBe(true)
    await receiver.stop("SIGKILL")
  })

  it("of a leg have the messages that libsrt delivered", async () => {
    const srtPort = await freeUdpPort()
    const url = `srt://127.0.0.1:${srtPort}?mode=listener&latency=${LATENCY_MS}`
    bench.putLegs([{ name: "primary", ip: "127.0.0.1", port: srtPort, url }])
    const feed = await bench.channel({}, "feed")
    await bench.connect(`srt://127.0.0.1:${srtPort}?mode=caller&latency=${LATENCY_MS}`, "o1", "feed")
    await eventually("a sender is connected", () => (bench.leg().srt?.state === "connected" ? true : null))
    const capture = outcome(ask({ leg: "primary" }, "srtleg"))
    const ts = numberedTs(7 * 200)
    await sendTs(ts, { port: feed })
    await eventually("all is there", () =>
      (files.get("srtleg")?.bytes.length ?? 0) >= 24 + 200 * (16 + 28 + 1316) ? true : null,
    )
    endByRemoval()
    bench.ask({ cmd: "remove_channel", channel_id: "feed" })
    expect(await capture).toMatchObject({ datagrams: 200, left_out: 0 })
    const datagrams = await fileOf("srtleg")
    expect(payloads(datagrams).equals(ts)).toBe(true)
    expect(new Set(datagrams.map(({ destination_port }) => destination_port))).toEqual(new Set([srtPort]))
    expect(datagrams.every(({ us }) => Math.abs(us / 1000 - Date.now()) < 60_000)).toBe(true)
  })
})
