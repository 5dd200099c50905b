/** `allowed_receivers` of SRT listener outputs, with real libsrt on both sides. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { numberedTs } from "../../test/e2e/datagrams.ts"
import { EngineBench } from "../../test/e2e/engine-bench.ts"
import { freeUdpPort } from "../../test/e2e/ports.ts"
import { eventually } from "../../test/e2e/product.ts"
import { SrtReceiver } from "../../test/e2e/receivers.ts"
import { sendTs } from "../../test/e2e/send-ts.ts"
import { openSrtLibrary } from "./srt/srt-library.ts"

const library = openSrtLibrary({})
let bench: EngineBench
let port: number
const peers: SrtReceiver[] = []

/** Calls the listener from a local address. */
const callFrom = async (address: string, listener: number): Promise<SrtReceiver> => {
  const peer = await SrtReceiver.open(
    `srt://127.0.0.1:${listener}?mode=caller&adapter=${address}&port=${await freeUdpPort()}`,
  )
  peers.push(peer)
  return peer
}
const openListener = (listener: number, allowed_receivers: ReadonlyArray<string>) => {
  const url = `srt://127.0.0.1:${listener}?mode=listener`
  const settings = { allowed_receivers: [...allowed_receivers] }
  return bench.ask({
    cmd: "open_output",
    channel_id: "c1",
    output: { id: "o1", label: "o1", session: `s-${listener}`, url, settings },
  })
}
const turnedAway = () => bench.all("receiver").filter(({ joined }) => !joined)
const joined = () => bench.all("receiver").filter((event) => event.joined)

describe.skipIf(library.srt === null)("allowed_receivers", () => {
  beforeAll(async () => {
    bench = await EngineBench.start(library)
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

  it("serves those of the list and turns others away before anything is sent to them", async () => {
    const listener = await freeUdpPort()
    openListener(listener, ["192.0.2.0/24", "127.0.0.2"])
    await bench.outputIs("o1", "listening")
    const stranger = await callFrom("127.0.0.1", listener)
    const away = await eventually("the stranger is turned away", () => turnedAway()[0] ?? null)
    expect(away).toMatchObject({ output_id: "o1", reason: "its address is not one of allowed_receivers" })
    expect(away.peer).toMatch(/^127\.0\.0\.1:/)
    expect(bench.output().receivers).toEqual([])

    const friend = await callFrom("127.0.0.2", listener)
    await bench.outputIs("o1", "connected")
    const ts = numberedTs(7 * 100)
    await sendTs(ts, { port })
    await friend.atLeast(ts.length)
    expect(joined().map(({ peer }) => peer.replace(/:\d+$/, ""))).toEqual(["127.0.0.2"])
    expect(stranger.size).toBe(0)
  })

  it("serves a whole network, and everybody with an empty list", async () => {
    const listener = await freeUdpPort()
    openListener(listener, ["127.0.0.0/8"])
    await callFrom("127.0.0.3", listener)
    await bench.outputIs("o1", "connected")
    bench.closeOutput("o1")
    bench.forget()
    const other = await freeUdpPort()
    openListener(other, [])
    await callFrom("127.0.0.2", other)
    await bench.outputIs("o1", "connected")
    expect(turnedAway()).toEqual([])
  })

  it("serves nobody when the list cannot be read", async () => {
    openListener(await freeUdpPort(), ["127.0.0.0/8", "everybody"])
    const ended = await bench.outputIs("o1", "ended")
    expect(ended.reason).toMatchObject({
      code: "allowed_receivers",
      transient: false,
      message: expect.stringContaining('"everybody"'),
    })
  })
})
