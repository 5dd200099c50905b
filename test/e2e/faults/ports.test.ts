/**
 * Ports that are taken, by others or by ourselves: the one who comes second is told, and the first notices nothing (row
 * 34 of the fault matrix).
 */
import { createSocket } from "node:dgram"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { openSrtLibrary } from "../../../src/engine/srt/srt-library.ts"
import { numberedTs } from "../datagrams.ts"
import { EngineBench, withoutSrt } from "../engine-bench.ts"
import { freeUdpPort } from "../ports.ts"
import { eventually } from "../product.ts"
import { SrtReceiver, UdpReceiver } from "../receivers.ts"
import { sendTs } from "../send-ts.ts"

const hasSrt = openSrtLibrary({}).srt !== null
let bench: EngineBench
let port: number
const receivers: SrtReceiver[] = []

beforeEach(async () => {
  bench = await EngineBench.start(hasSrt ? openSrtLibrary({}) : withoutSrt())
  port = await bench.channel()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(receivers.splice(0).map((r) => r.stop("SIGKILL")))
  bench.close()
})

const receive = async (srtPort: number): Promise<SrtReceiver> => {
  const receiver = await SrtReceiver.open(`srt://127.0.0.1:${srtPort}`)
  receivers.push(receiver)
  return receiver
}

it("row 34: two channels on one UDP port: the second says that the port is taken, the first loses nothing", async () => {
  const receiver = await UdpReceiver.open()
  await bench.connect(`udp://127.0.0.1:${receiver.port}`)
  const ts = numberedTs(7 * 300)
  const sending = sendTs(ts, { port, bitrate: 12e6 })
  bench.putChannel(port, "c2")
  expect(await bench.legSaid("failed")).toMatchObject({
    channel_id: "c2",
    message: expect.stringMatching(/EADDRINUSE.*port is taken/),
  })
  expect(bench.leg("primary", "c2").problem).toMatchObject({ code: "EADDRINUSE" })
  await sending
  await receiver.atLeast(300)
  receiver.close()
  expect(receiver.bytes().equals(ts)).toBe(true)
  // The failure is told once, though the engine tries again each second.
  expect(bench.legMessages("failed")).toHaveLength(1)
  bench.ask({ cmd: "remove_channel", channel_id: "c1" })
  await eventually(
    "the second has it",
    () => bench.all("leg").find((e) => e.channel_id === "c2" && e.kind === "open") ?? null,
  )
})

it("row 34: both legs of a channel on one port: the backup is refused, the primary works", async () => {
  const spare = await freeUdpPort()
  bench.forget()
  bench.putLegs(
    [
      { name: "primary", ip: "127.0.0.1", port: spare },
      { name: "backup", ip: "127.0.0.1", port: spare },
    ],
    "c3",
  )
  await bench.legSaid("open")
  expect(await bench.legSaid("failed")).toMatchObject({ leg: "backup", message: expect.stringMatching(/EADDRINUSE/) })
})

it("row 34: a UDP output's local port that is taken ends that output alone", async () => {
  const holder = await UdpReceiver.open()
  const receiver = await UdpReceiver.open()
  await bench.connect(`udp://127.0.0.1:${receiver.port}`, "sibling")
  bench.open(`udp://127.0.0.1:${receiver.port}?localport=${holder.port}&localaddr=127.0.0.1`)
  expect(await bench.ended("o1")).toMatchObject({ code: "EADDRINUSE", transient: false })
  expect(bench.output("sibling").state).toBe("connected")
  holder.close()
  receiver.close()
})

describe.skipIf(!hasSrt)("SRT listener ports", () => {
  it("row 34: two listener outputs on one port: the second ends with a clear reason, the first is undisturbed", async () => {
    const srtPort = await freeUdpPort()
    bench.open(`srt://127.0.0.1:${srtPort}?mode=listener`, "first")
    await bench.outputIs("first", "listening")
    const receiver = await receive(srtPort)
    await bench.outputIs("first", "connected")
    const ts = numberedTs(7 * 600)
    const sending = sendTs(ts, { port, bitrate: 8e6 })
    for (const [id, host] of [
      ["same", "127.0.0.1"],
      ["again", "127.0.0.1"],
      ["any", "0.0.0.0"],
    ] as const) {
      bench.open(`srt://${host}:${srtPort}?mode=listener`, id)
      expect(await bench.ended(id)).toMatchObject({
        code: "EADDRINUSE",
        message: expect.stringMatching(new RegExp(`${srtPort}/udp: .*another`)),
        transient: false,
      })
    }
    await sending
    await receiver.atLeast(ts.length)
    expect(receiver.bytes().equals(ts)).toBe(true)
    expect(bench.output("first")).toMatchObject({ state: "connected", packets_dropped: 0 })
    const late = await receive(srtPort)
    await eventually("a receiver that comes after that is served", () =>
      bench.output("first").receivers.length === 2 ? true : null,
    )
    await sendTs(numberedTs(70), { port, sequence: 5000 })
    await late.atLeast(70 * 188)
  })

  it("row 34: a listener's port is free for another output as soon as the first is closed", async () => {
    const srtPort = await freeUdpPort()
    for (let i = 0; i < 5; i++) {
      bench.open(`srt://:${srtPort}?mode=listener`, `o${i}`)
      await bench.outputIs(`o${i}`, "listening")
      bench.closeOutput(`o${i}`)
    }
  })

  it.each([
    ["an hour ahead", 3_600_000],
    ["an hour back", -3_600_000],
  ])("row 36: nor is it when the clock is set %s in between", async (_, step) => {
    const srtPort = await freeUdpPort()
    const real = Date.now
    bench.open(`srt://:${srtPort}?mode=listener`, "before")
    await bench.outputIs("before", "listening")
    bench.closeOutput("before")
    vi.spyOn(Date, "now").mockImplementation(() => real() + step)
    bench.open(`srt://:${srtPort}?mode=listener`, "after")
    await bench.outputIs("after", "listening")
  })

  it("row 34: a port that another program shares by SO_REUSEADDR is refused as well, not taken in silence", async () => {
    const holder = createSocket({ type: "udp4", reuseAddr: true })
    await new Promise<void>((resolve) => holder.bind(0, "127.0.0.1", () => resolve()))
    bench.open(`srt://127.0.0.1:${holder.address().port}?mode=listener`)
    expect(await bench.ended("o1")).toMatchObject({ code: "EADDRINUSE" })
    holder.close()
  })

  it("row 34: an SRT caller's local port that a listener output has ends the caller alone", async () => {
    const srtPort = await freeUdpPort()
    bench.open(`srt://:${srtPort}?mode=listener`, "listener")
    await bench.outputIs("listener", "listening")
    bench.open(`srt://127.0.0.1:${await freeUdpPort()}?localport=${srtPort}&iptos=8&conntimeo=300`)
    const reason = await bench.ended("o1")
    expect(reason.message).toMatch(/local port is taken|cannot bind|EADDRINUSE|no answer|timeout/i)
    expect(bench.stateOf("listener")?.state).toBe("listening")
  })
})
