/**
 * A machine with more to do than processors takes the engine's away in the middle of its work, again and again: after a
 * pass has begun, and before it reads a socket. What comes meanwhile is as old as its stamp, and not as the pass.
 */
import { afterEach, expect, it, vi } from "vitest"
import { libc } from "../../../src/engine/ffi/libc.ts"
import { displace, impair, packetise } from "../../impairments.ts"
import { numberedTs } from "../datagrams.ts"
import { EngineBench } from "../engine-bench.ts"
import { sendSchedules } from "../impaired-sender.ts"
import { UdpReceiver } from "../receivers.ts"

const BITRATE = 8e6
const SECONDS = 4
/** Longer than a datagram may be overtaken for (50 ms), and how often. */
const AWAY_MS = 60
const EVERY_MS = 140

afterEach(() => {
  vi.restoreAllMocks()
})

it("no gap is given up that a datagram fills which others overtook for 10 ms", async () => {
  const bench = await EngineBench.start()
  const receiver = await UdpReceiver.open()
  try {
    const port = await bench.channel()
    await bench.connect(`udp://127.0.0.1:${receiver.port}`)
    const ts = numberedTs(7 * Math.floor((SECONDS * BITRATE) / (7 * 188 * 8)))
    const stream = packetise(ts, { bitrate: BITRATE, rtp: { ssrc: 5, sequence: 65_000, timestamp: 0 } })
    const { datagrams } = impair(stream.slice(1), 1, displace(0.4, 8))
    const read = libc.recvmmsg
    let [awayAt, times] = [Number.POSITIVE_INFINITY, 0]
    vi.spyOn(libc, "recvmmsg").mockImplementation((...args: Parameters<typeof read>) => {
      if (performance.now() >= awayAt) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AWAY_MS)
        awayAt = performance.now() + EVERY_MS
        times += 1
      }
      return read(...args) as number
    })
    await sendSchedules([{ port, datagrams: [...stream.slice(0, 1), ...datagrams] }], {
      onStart: () => (awayAt = performance.now() + EVERY_MS),
    })
    await expect.poll(() => bench.counters("primary")["datagrams"], { timeout: 10_000 }).toBe(stream.length)
    awayAt = Number.POSITIVE_INFINITY
    expect(times).toBeGreaterThan(10)
    expect(bench.counters("primary")).toMatchObject({ rtp_unrecovered: 0, rtp_late: 0 })
    await receiver.atLeastBytes(ts.length)
    expect(receiver.bytes().equals(ts)).toBe(true)
  } finally {
    receiver.close()
    await bench.close()
  }
})
