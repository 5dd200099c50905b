/**
 * Both SRT stacks behind the same bad networks: nothing is lost where the latency leaves time to send again, and our own
 * stack never loses more than libsrt does. All run at the same time, each output through a relay of its own.
 */
import { afterAll, expect, it } from "vitest"
import { ImpairedRelay, type Impairment } from "../../../load-tests/lib/impaired-relay.ts"
import { createSrtSink, type SrtSink } from "../../../load-tests/lib/srt-sink.ts"
import { SRT_STACKS, type SrtStack } from "../../../src/core/srt/stack.ts"
import { openSrtLibrary } from "../../../src/engine/srt/srt-library.ts"
import { EngineProcess } from "../engine-process.ts"
import { runSender } from "../load-process.ts"
import { freeUdpPort } from "../ports.ts"

const SECONDS = 10
const BITRATE = 1_600_000
/** Packets at the end of the stream that libsrt's receiver may never hear of: nothing follows them. */
const TAIL: Readonly<Record<SrtStack, number>> = { own: 0, libsrt: 10 }

interface Network extends Impairment {
  readonly name: string
  readonly latencyMs: number
  /**
   * Whether the latency is so long that each packet can be sent ten times and more, and that seconds in which this
   * machine does something else cost nothing. Latencies of a few round trips are a matter of the model's tests.
   */
  readonly losesNothing: boolean
}

const NETWORKS: ReadonlyArray<Network> = [
  { name: "2 % loss", loss: 0.02, delayMs: 10, latencyMs: 5000, losesNothing: true },
  { name: "5 % loss", loss: 0.05, delayMs: 25, latencyMs: 5000, losesNothing: true },
  { name: "10 % loss", loss: 0.1, delayMs: 10, latencyMs: 5000, losesNothing: true },
  { name: "bursts of 12", loss: 0.03, burst: 12, delayMs: 20, latencyMs: 5000, losesNothing: true },
  { name: "one in 20 overtaken", overtaken: 0.05, overtakenMs: 8, delayMs: 10, latencyMs: 4000, losesNothing: true },
  { name: "one in 10 doubled", duplicates: 0.1, delayMs: 10, latencyMs: 4000, losesNothing: true },
  {
    name: "all of it, 200 ms RTT",
    loss: 0.03,
    burst: 3,
    overtaken: 0.02,
    duplicates: 0.02,
    delayMs: 100,
    latencyMs: 5000,
    losesNothing: true,
  },
  { name: "5 % loss and time for one repair", loss: 0.05, delayMs: 40, latencyMs: 200, losesNothing: false },
]

const cleanup: Array<() => unknown> = []
afterAll(async () => {
  for (const step of cleanup.splice(0).reverse()) await step()
})

interface Path {
  readonly network: Network
  readonly stack: SrtStack
  readonly relay: ImpairedRelay
  readonly sink: SrtSink
}

/**
 * A connection that libsrt breaks right behind its handshake, because of what the network lost of it, is opened again,
 * as a writer of the product does: what is tested is how a stream is repaired.
 */
const connect = async (engine: EngineProcess, url: string, id: string, attempts = 3): Promise<void> => {
  try {
    await engine.connect(url, id)
  } catch (cause) {
    if (attempts === 1 || engine.stateOf(id)?.reason?.transient !== true) throw cause
    await connect(engine, url, `${id}, again`, attempts - 1)
  }
}

const pathsOf = async (engine: EngineProcess, stack: SrtStack): Promise<Path[]> =>
  Promise.all(
    NETWORKS.map(async (network, seed) => {
      const sink = createSrtSink({ port: await freeUdpPort(), latencyMs: network.latencyMs })
      cleanup.push(() => sink.close())
      const relay = await ImpairedRelay.open(sink.port, { ...network, seed: seed + 1 })
      cleanup.push(() => relay.close())
      const url = `srt://127.0.0.1:${relay.port}?latency=${network.latencyMs}&stack=${stack}`
      await connect(engine, url, `${stack} ${network.name}`)
      return { network, stack, relay, sink }
    }),
  )

it.skipIf(openSrtLibrary({}).srt === null)(
  "nothing is lost where there is time to repair it, and never more than libsrt loses",
  async () => {
    const engine = await EngineProcess.start()
    cleanup.push(() => engine.dispose())
    const input = await engine.channel()
    const paths = (await Promise.all(SRT_STACKS.map((stack) => pathsOf(engine, stack)))).flat()
    const { sent } = await runSender(
      ["--base-port", `${input}`, "--bitrate", `${BITRATE}`, "--duration", `${SECONDS}`],
      [],
      (SECONDS + 20) * 1000,
    )
    for (const { network, stack, sink } of paths)
      if (network.losesNothing)
        await sink.until((s) => s.stats().received + s.stats().lost >= sent - TAIL[stack], 20_000)
    const outcomes = paths.map(({ network, stack, relay, sink }) => {
      const { received, lost, corrupt, duplicated, out_of_order } = sink.stats()
      return { name: network.name, stack, received, lost, odd: corrupt + duplicated + out_of_order, relay: relay.lost }
    })
    console.log(outcomes.map((o) => `${o.stack} ${o.name}: ${o.lost} lost, relay ${o.relay.join(" and ")}`).join("\n"))
    for (const [i, { network, relay }] of paths.entries()) {
      expect(outcomes[i], network.name).toMatchObject({ odd: 0, ...(network.losesNothing ? { lost: 0 } : {}) })
      if (network.loss !== undefined) expect(relay.lost[0], network.name).toBeGreaterThan(10)
    }
    const lostBy = (stack: SrtStack) => outcomes.filter((o) => o.stack === stack).reduce((sum, o) => sum + o.lost, 0)
    expect(lostBy("own"), "lost by our own stack, against libsrt").toBeLessThanOrEqual(lostBy("libsrt") * 1.2 + 5)
  },
)
