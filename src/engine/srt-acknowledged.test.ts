import { createSocket } from "node:dgram"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { EngineBench } from "../../test/e2e/engine-bench.ts"
import { freeUdpPort } from "../../test/e2e/ports.ts"
import { eventually } from "../../test/e2e/product.ts"
import { SrtReceiver } from "../../test/e2e/receivers.ts"
import { sendTs } from "../../test/e2e/send-ts.ts"
import { INDUCTION, packHandshake } from "../../test/e2e/srt-wire.ts"
import { controlPacket } from "../core/srt/protocol/packet.ts"
import { SRT_STACKS } from "../core/srt/stack.ts"
import { generateTs } from "../test-source/test-programme.ts"
import { openSrtLibrary } from "./srt/srt-library.ts"

const library = openSrtLibrary({})
const BITRATE = 2e6
/** Breaks with their cues and their repetitions. */
const TS = generateTs(11, { bitrate: BITRATE, breakEverySeconds: 5, breakSeconds: 2, spliceNullSeconds: 0 })
/** So long that no acknowledgement comes too late to count, on any machine. */
const LATENCY = "latency=5000"

describe.skipIf(library.srt === null).each(SRT_STACKS)("on the stack %s", (stack) => {
  let bench: EngineBench
  let port: number
  const peers: SrtReceiver[] = []

  beforeAll(async () => {
    bench = await EngineBench.start(library, { srtStack: stack })
  })
  afterAll(() => bench.close())
  beforeEach(async () => {
    bench.forget()
    port = await bench.channel()
  })
  afterEach(async () => {
    bench.ask({ cmd: "remove_channel", channel_id: "c1" })
    await Promise.all(peers.splice(0).map((peer) => peer.stop("SIGKILL")))
  })

  const peer = async (url: string): Promise<void> => {
    peers.push(await SrtReceiver.open(url))
  }

  it("says what a caller's receiver and all of a listener's have acknowledged, where they can be heard", async () => {
    const [called, listened] = [await freeUdpPort(), await freeUdpPort()]
    await peer(`srt://127.0.0.1:${called}?mode=listener&${LATENCY}`)
    await bench.connect(`srt://127.0.0.1:${called}?${LATENCY}`, "caller")
    bench.open(`srt://127.0.0.1:${listened}?mode=listener&${LATENCY}`, "listener")
    await bench.outputIs("listener", "listening")
    await Promise.all([0, 1].map(() => peer(`srt://127.0.0.1:${listened}?${LATENCY}`)))
    await eventually("two receivers", () => (bench.output("listener").receivers.length === 2 ? true : null))
    await sendTs(TS, { port, bitrate: BITRATE })
    await Promise.all(peers.map((receiver) => receiver.atLeast(TS.length)))
    const cues = bench.all("scte35").length
    expect(cues).toBeGreaterThan(3)
    const sent = () => bench.all("cue_sent").filter((fate) => fate.sent)
    await eventually("all cues have left by both", () => (sent().length === 2 * cues ? true : null))
    const acknowledged = () => bench.all("cue_acknowledged")
    const expected = stack === "own" ? 2 * cues : 0
    await eventually("all are acknowledged", () => (acknowledged().length >= expected ? true : null))
    expect(acknowledged()).toHaveLength(expected)
    for (const { at, cue, delay_ms, output_id } of acknowledged()) {
      const left = sent().find((fate) => fate.cue === cue && fate.output_id === output_id)
      expect(delay_ms).toBeGreaterThan(left?.delay_ms ?? Number.NaN)
      expect(at).toBeGreaterThanOrEqual(left?.at ?? Number.NaN)
      expect(delay_ms).toBeLessThan(5000)
    }
    for (const id of ["caller", "listener"])
      expect(bench.output(id)).toMatchObject({ srt_stack: stack, needs_libsrt: [] })
    await Promise.all(peers.map((receiver) => receiver.stop("SIGTERM")))
    await bench.outputIs("listener", "listening")
    const { packets_sent, srt_sums } = bench.output("listener")
    // libsrt forgets what it counted of a connection that has ended.
    if (stack === "own") expect(srt_sums).toMatchObject({ packets_sent_unique: packets_sent })
  })

  it("says which outputs run on libsrt because our own stack cannot carry them", async () => {
    const [plain, filtered, rendezvous] = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()]
    bench.open(`srt://127.0.0.1:${plain}?mode=listener`, "plain")
    bench.open(`srt://127.0.0.1:${filtered}?mode=listener&packetfilter=fec,cols:5,rows:5`, "filtered")
    bench.open(`srt://127.0.0.1:${rendezvous}?mode=rendezvous&maxbw=0`, "both")
    bench.open(`srt://127.0.0.1:${await freeUdpPort()}?stack=libsrt&maxbw=0`, "asked")
    bench.open(`udp://127.0.0.1:${await freeUdpPort()}`, "udp")
    const own = stack === "own"
    expect(bench.output("plain")).toMatchObject({ srt_stack: stack, needs_libsrt: [] })
    expect(bench.output("filtered")).toMatchObject({
      srt_stack: "libsrt",
      needs_libsrt: own ? ["packetfilter"] : [],
    })
    expect(bench.output("both")).toMatchObject({
      srt_stack: "libsrt",
      needs_libsrt: own ? ["mode=rendezvous", "maxbw"] : [],
    })
    expect(bench.output("asked")).toMatchObject({ srt_stack: "libsrt", needs_libsrt: [] })
    expect(bench.output("udp")).not.toHaveProperty("srt_stack")
  })
})

it("counts malformed packets by kind, those of closed outputs included", async () => {
  const bench = await EngineBench.start(library, { srtStack: "own" })
  const socket = createSocket("udp4")
  try {
    await bench.channel()
    const srtPort = await freeUdpPort()
    bench.open(`srt://127.0.0.1:${srtPort}?mode=listener`)
    await bench.outputIs("o1", "listening")
    const counted = (): Readonly<Record<string, number>> => bench.stats().srt_malformed ?? {}
    expect(new Set(Object.values(counted()))).toEqual(new Set([0]))
    // The kernel's filter lets it through: only its socket id makes it unusable.
    const fromNobody = packHandshake(0, { type: INDUCTION, socketId: 0 })
    const toNobody = controlPacket({ type: 1, timestamp: 0, to: 4711 })
    for (const packet of [new Uint8Array(15), fromNobody, toNobody, toNobody]) socket.send(packet, srtPort, "127.0.0.1")
    const expected = { short: 1, handshake: 1, stranger: 2 }
    await eventually("all are counted", () =>
      Object.entries(expected).every(([kind, count]) => counted()[kind] === count) ? true : null,
    )
    bench.closeOutput("o1")
    const none = { data: 0, type: 0, key_material: 0, ack: 0, nak: 0 }
    expect(counted()).toEqual({ ...none, ...expected })
  } finally {
    socket.close()
    bench.close()
  }
})
