import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { readPcap } from "../../../test/pcap.ts"
import { type CaptureBounds, DatagramCapture } from "./datagram-capture.ts"

const from = { address: Uint8Array.of(192, 0, 2, 1), port: 5000 }
const to = { address: Uint8Array.of(192, 0, 2, 2), port: 1234 }
const payload = new Uint8Array(1316).fill(0x47)

let directory: string
let server: Server
let reader: Socket | null

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "capture-"))
  reader = null
  server = createServer((socket) => {
    reader = socket
  })
  await new Promise<void>((resolve) => server.listen(join(directory, "s"), resolve))
})
afterEach(() => {
  reader?.destroy()
  server.close()
  rmSync(directory, { recursive: true })
})

const begin = (bounds: Partial<CaptureBounds>) =>
  new DatagramCapture(join(directory, "s"), "token", { untilMs: Number.POSITIVE_INFINITY, ...bounds })
const take = (capture: DatagramCapture, times: number) => {
  for (let i = 0; i < times; i++) capture.take(payload, 0, payload.length, 1e15 + i, from, to)
}
/** All that comes until the end, without the token. */
const whole = async (): Promise<Buffer> => {
  while (reader === null) await new Promise((resolve) => setTimeout(resolve, 5))
  const chunks: Buffer[] = []
  for await (const chunk of reader) chunks.push(chunk as Buffer)
  const all = Buffer.concat(chunks)
  return all.subarray(all.indexOf(10) + 1)
}

it("leaves out what its reader does not take in time, counts it, and goes on once it reads", async () => {
  const capture = begin({ maxUnread: 100_000 })
  take(capture, 1000)
  capture.tick(0)
  const file = whole()
  for (let i = 0; i < 400; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    capture.tick(0)
    take(capture, 1)
  }
  capture.end("channel")
  const { datagrams, left_out } = await capture.outcome
  expect(datagrams + left_out).toBe(1400)
  expect(left_out).toBeGreaterThan(900)
  expect(datagrams).toBeGreaterThan(300)
  expect(readPcap(await file)).toHaveLength(datagrams)
})

it("ends before it is larger than it may be", async () => {
  const capture = begin({ maxBytes: 24 + 3 * (16 + 28 + 1316) })
  take(capture, 5)
  expect(await capture.outcome).toEqual({ datagrams: 3, left_out: 0, ended_by: "size" })
  expect((await whole()).length).toBe(24 + 3 * (16 + 28 + 1316))
})

it("takes datagrams larger than a piece, and many pieces", async () => {
  const capture = begin({})
  const large = new Uint8Array(65_507).fill(1)
  for (let i = 0; i < 9; i++) capture.take(large, 0, large.length, 1e15, from, to)
  take(capture, 400)
  capture.end("time")
  const all = readPcap(await whole())
  expect(all.map(({ payload: { length } }) => length)).toEqual([...Array(9).fill(65_507), ...Array(400).fill(1316)])
})
