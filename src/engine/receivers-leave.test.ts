/** What is told of a receiver that leaves an SRT listener, and of one that is lost, on both stacks. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { EngineBench } from "../../test/e2e/engine-bench.ts"
import { freeUdpPort } from "../../test/e2e/ports.ts"
import { eventually } from "../../test/e2e/product.ts"
import { SrtReceiver } from "../../test/e2e/receivers.ts"
import { SRT_STACKS } from "../core/srt/stack.ts"
import { openSrtLibrary } from "./srt/srt-library.ts"

const library = openSrtLibrary({})
let bench: EngineBench
const peers: SrtReceiver[] = []

describe.skipIf(library.srt === null).each(SRT_STACKS)("a receiver of a listener, stack %s", (stack) => {
  beforeAll(async () => {
    bench = await EngineBench.start(library)
  })
  afterAll(() => bench.close())
  beforeEach(async () => {
    bench.forget()
    await bench.channel()
  })
  afterEach(async () => {
    bench.ask({ cmd: "remove_channel", channel_id: "c1" })
    await Promise.all(peers.splice(0).map((peer) => peer.stop("SIGKILL")))
  })

  const join = async (): Promise<SrtReceiver> => {
    const port = await freeUdpPort()
    await bench.open(`srt://127.0.0.1:${port}?mode=listener&stack=${stack}`)
    await bench.outputIs("o1", "listening")
    const peer = await SrtReceiver.open(`srt://127.0.0.1:${port}?mode=caller`)
    peers.push(peer)
    await bench.outputIs("o1", "connected")
    return peer
  }
  const gone = () =>
    eventually("the receiver is gone", () => bench.all("receiver").find(({ joined }) => !joined) ?? null, 12_000)

  it("that says goodbye has left: nobody was turned away", async () => {
    const peer = await join()
    await peer.stop("SIGINT")
    expect(await gone()).toMatchObject({ output_id: "o1", joined: false, reason: null, refused: false })
  })

  it.runIf(stack === "own")("that falls silent is lost, with the reason", async () => {
    const peer = await join()
    await peer.stop("SIGKILL")
    expect(await gone()).toMatchObject({
      joined: false,
      reason: expect.stringContaining("silent for the peer idle timeout"),
      refused: false,
    })
  })
})
