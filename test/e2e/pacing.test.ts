/** Pacing by the clock. This file runs alone on the machine, since a millisecond counts here. */
import { createSocket } from "node:dgram"
import { afterAll, beforeAll, expect, it } from "vitest"
import { numberedTs } from "./datagrams.ts"
import { EngineBench } from "./engine-bench.ts"
import { freeUdpPort } from "./ports.ts"
import { UdpReceiver } from "./receivers.ts"

let bench: EngineBench
let receiver: UdpReceiver
let port: number

beforeAll(async () => {
  bench = await EngineBench.start()
  receiver = await UdpReceiver.open()
  port = await freeUdpPort()
})

afterAll(() => {
  bench.close()
  receiver.close()
})

it("paces a bursty input by its PCR: bursts of 40 ms leave evenly", async () => {
  bench.putChannel(port)
  await bench.legSaid("open")
  bench.open(`udp://127.0.0.1:${receiver.port}?pacing=pcr&pacing_delay=150`)
  await bench.outputIs("o1", "connected")
  // 8 datagrams of 7 packets stand for 40 ms; each burst's first packet carries a PCR.
  const socket = createSocket("udp4")
  const startedAt = performance.now()
  for (let burst = 0; burst < 30; burst++) {
    const ts = numberedTs(56, burst * 56)
    const pcr = burst * 3600
    ts.set([
      0x47,
      0x01,
      0x00,
      0x30 | ((burst * 56) & 15),
      7,
      0x10,
      (pcr / 2 ** 25) & 255,
      (pcr >>> 17) & 255,
      (pcr >>> 9) & 255,
      (pcr >>> 1) & 255,
      ((pcr & 1) << 7) | 0x7e,
      0,
    ])
    for (let i = 0; i < 8; i++) socket.send(ts.subarray(i * 1316, (i + 1) * 1316), port, "127.0.0.1")
    const ahead = (burst + 1) * 40 - (performance.now() - startedAt)
    if (ahead > 0) await new Promise((resolve) => setTimeout(resolve, ahead))
  }
  await receiver.atLeast(28 * 8)
  socket.close()
  // How late each datagram came, against its place on a line of one in 5 ms. A burst that left as it came would have
  // datagrams 0 to 35 ms late, with three of eight within the tolerance. On a busy machine, this process reads a few in
  // a row late.
  const lateness = receiver.datagrams.slice(80, 200).map(({ at }, i) => at - i * 5)
  const onTime = lateness.toSorted((a, b) => a - b)[Math.floor(lateness.length / 10)] ?? 0
  const even = lateness.filter((late) => Math.abs(late - onTime) < 8).length
  expect(even / lateness.length).toBeGreaterThan(0.7)
})
