import { afterEach, beforeEach, expect, it } from "vitest"
import { delay, displace, impair, loss, packetise } from "../impairments.ts"
import { numberedTs } from "./datagrams.ts"
import { sendSchedules } from "./impaired-sender.ts"
import { eventually } from "./product.ts"
import { UdpReceiver } from "./receivers.ts"

let a: UdpReceiver
let b: UdpReceiver

beforeEach(async () => {
  a = await UdpReceiver.open()
  b = await UdpReceiver.open()
})
afterEach(() => {
  a.close()
  b.close()
})

const stream = packetise(numberedTs(7 * 400), { bitrate: 8_000_000, rtp: { ssrc: 1, sequence: 1, timestamp: 0 } })

it("each leg gets its schedule, in its order and paced, from a port of its own", async () => {
  const first = impair(stream, 1, loss(0.05), displace(0.1, 8))
  const second = impair(stream, 2, loss(0.05), delay(80_000))
  const startedAt = performance.now()
  const report = await sendSchedules([
    { port: a.port, datagrams: first.datagrams },
    { port: b.port, datagrams: second.datagrams },
  ])
  // 400 datagrams of 1316 bytes at 8 Mbit/s take 526 ms.
  expect(performance.now() - startedAt).toBeGreaterThan(600)
  expect(report.sent).toEqual([first.datagrams.length, second.datagrams.length])
  expect(report.late_p50_us).toBeLessThan(1000)
  await a.atLeast(first.datagrams.length)
  await b.atLeast(second.datagrams.length)
  expect(a.bytes().equals(Buffer.concat(first.datagrams.map(({ bytes }) => bytes)))).toBe(true)
  expect(b.bytes().equals(Buffer.concat(second.datagrams.map(({ bytes }) => bytes)))).toBe(true)
})

it("ends when it is told to, and tells what it had sent by then", async () => {
  const abort = new AbortController()
  const sending = sendSchedules(
    [{ port: a.port, datagrams: [...stream, ...impair(stream, 1, delay(20e6)).datagrams] }],
    {
      signal: abort.signal,
    },
  )
  await a.atLeast(100)
  abort.abort()
  const { sent } = await sending
  await eventually("all that was sent", () => (a.datagrams.length === sent[0] ? true : null))
  expect(sent[0]).toBeLessThanOrEqual(400)
})

it("a port nobody listens on does not disturb the other leg", async () => {
  const { port } = b
  b.close()
  const datagrams = stream.slice(0, 100)
  const legs = [
    { port, datagrams },
    { port: a.port, datagrams },
  ]
  expect((await sendSchedules(legs)).sent).toEqual([100, 100])
  await a.atLeast(100)
})
