/**
 * The engine stands still, and then reads only so much of what waits in its sockets at once as its outputs can follow. A
 * gap is not given up while what would fill it waits to be read: not between the legs of a merge, of which one is read
 * after the other, and not on one leg whose datagrams overtake each other.
 */
import { afterEach, expect, it } from "vitest"
import { generateTs } from "../../../src/test-source/test-programme.ts"
import { between, delay, displace, drop, type Impairment, impair, packetise } from "../../impairments.ts"
import { numberNulls, tsDifference } from "../../ts-difference.ts"
import { EngineProcess } from "../engine-process.ts"
import { sendSchedules } from "../impaired-sender.ts"
import { freeUdpPort } from "../ports.ts"
import { eventually } from "../product.ts"
import { SrtReceiver, UdpReceiver } from "../receivers.ts"

const BITRATE = 20e6
const SECONDS = 6
/** For so long both legs are whole, so that the engine sees that they are alike. */
const CLEAN_US = 1.5e6
const STOPS_MS = [400, 600, 400, 600]
const BETWEEN_STOPS_MS = 350
const ts = numberNulls(generateTs(SECONDS, { bitrate: BITRATE }))
const stream = packetise(ts, { bitrate: BITRATE, rtp: { ssrc: 7, sequence: 65_000, timestamp: 2 ** 32 - 90_000 } })

const later = (impairment: Impairment) => between(CLEAN_US, Number.POSITIVE_INFINITY, impairment)
/** Loses two datagrams of each 256: between two gaps the leg brings what the ring has room for. */
const losing = (first: number) =>
  later(drop(stream.map(({ index }) => index).filter((i) => (i + 256 - first) % 256 < 2)))

const cleanup: Array<() => unknown> = []
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step()
})

it.each([
  ["legs that are merged, to UDP", "udp", [[losing(0)], [losing(128), delay(180_000)]]],
  // A leg of a channel with nothing but SRT is read in a phase of the tick.
  ["legs that are merged, to SRT", "srt", [[losing(0)], [losing(128), delay(180_000)]]],
  ["a leg whose datagrams overtake each other, to UDP", "udp", [[later(displace(0.5, 8))]]],
] as const)("the engine stands still for 0.4 and 0.6 s: nothing is given up of %s", async (_of, by, impairments) => {
  const engine = await EngineProcess.start()
  cleanup.push(() => engine.dispose())
  const legs = impairments.map((steps, i) => ({ ...impair(stream, i + 1, ...steps), port: 0 }))
  for (const leg of legs) leg.port = await freeUdpPort()
  await engine.putLegs(
    legs.map(({ port }, i) => ({ name: i === 0 ? "primary" : "backup", ip: "127.0.0.1", port })),
    { merge_window_ms: 200 },
  )
  await engine.legSaid("open", legs.length)
  const port = await freeUdpPort()
  if (by === "srt") await engine.open(`srt://127.0.0.1:${port}?mode=listener&latency=1500`)
  const receiver =
    by === "srt" ? await SrtReceiver.open(`srt://127.0.0.1:${port}?latency=1500`) : await UdpReceiver.open(port)
  cleanup.push(() => (receiver instanceof SrtReceiver ? receiver.stop("SIGKILL") : receiver.close()))
  if (by === "udp") await engine.open(`udp://127.0.0.1:${port}`)
  await engine.outputIs("o1", "connected")

  let stops = Promise.resolve()
  const sending = sendSchedules(legs, {
    onStart: () => {
      stops = (async () => {
        await new Promise((resolve) => setTimeout(resolve, CLEAN_US / 1e3 + 500))
        for (const stopMs of STOPS_MS) {
          await engine.freeze(stopMs)
          await new Promise((resolve) => setTimeout(resolve, BETWEEN_STOPS_MS))
        }
      })()
    },
  })
  const { sent } = await sending
  await stops
  const stats = await eventually("all that came is read", async () => {
    const now = await engine.channelStats()
    const isRead = now.legs.every(
      ({ counters, kernel_drops }, i) => (counters["datagrams"] ?? 0) + kernel_drops === sent[i],
    )
    return isRead ? now : null
  })
  await eventually("the output has all of it", () => (receiver.size >= ts.length ? true : null), 10_000).catch(() => {})
  expect(stats.legs.map(({ kernel_drops }) => kernel_drops)).toEqual(legs.map(() => 0))
  expect(tsDifference(ts, receiver.bytes())).toEqual({ missing: [], extra: 0 })
  expect(stats.outputs.map(({ packets_dropped, state }) => [packets_dropped, state])).toEqual([[0, "connected"]])
  // At the end they fall silent; to be heard again they would have had to before.
  expect(engine.legMessages("live")).toHaveLength(legs.length)
})
