import { spawnSync } from "node:child_process"
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { numberedTs } from "../../../test/e2e/datagrams.ts"
import { EngineBench } from "../../../test/e2e/engine-bench.ts"
import { sendTs } from "../../../test/e2e/send-ts.ts"
import { FIFO_QUEUE_BYTES } from "./fifo-queue.ts"

let root: string
let bench: EngineBench
let port: number
/** The end of the FIFO that a reader has. */
let reader: number

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "pipe-output-"))
  bench = await EngineBench.start()
  port = await bench.channel()
  const fifo = join(root, "fifo")
  spawnSync("mkfifo", [fifo])
  reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
  const output = { id: "rtsp", label: "rtsp", session: "s1", url: "rtsp://127.0.0.1:9/none", pipe: fifo }
  bench.ask({ cmd: "open_output", channel_id: "c1", output })
  await bench.outputIs("rtsp", "connected")
})
afterEach(() => {
  bench.close()
  if (reader >= 0) closeSync(reader)
  rmSync(root, { recursive: true, force: true })
})

const arrived = () => bench.counters()["ts_packets"] ?? 0

/** Reads from the FIFO until `bytes` have come. */
const readAll = async (bytes: number): Promise<Buffer> => {
  const parts: Buffer[] = []
  const size = () => parts.reduce((sum, part) => sum + part.length, 0)
  const part = Buffer.alloc(1 << 20)
  const take = () => {
    try {
      parts.push(Buffer.from(part.subarray(0, readSync(reader, part))))
    } catch (cause) {
      if ((cause as { code?: string }).code !== "EAGAIN") throw cause
    }
    return size()
  }
  await expect.poll(take, { timeout: 20_000, interval: 1 }).toBe(bytes)
  return Buffer.concat(parts)
}

it("keeps what its reader does not take for a while, and counts it as waiting", async () => {
  // 1 s at 20 Mbit/s: twice what the FIFO and the ring hold.
  const ts = numberedTs(7 * 1900)
  await sendTs(ts, { port, bitrate: 40e6 })
  await expect.poll(arrived, { timeout: 10_000 }).toBe(ts.length / 188)
  await expect.poll(() => bench.output("rtsp").queue_bytes).toBeGreaterThan(2_000_000)
  expect((await readAll(ts.length)).equals(ts)).toBe(true)
  expect(bench.output("rtsp")).toMatchObject({
    packets_dropped: 0,
    queue_bytes: 0,
    bytes_sent: ts.length,
    packets_sent: ts.length / 1316,
    state: "connected",
  })
})

it("keeps no more than its bound: it counts what it gives up, and what it sends is whole and in order", async () => {
  const ts = numberedTs(7 * 5000)
  await sendTs(ts, { port, bitrate: 40e6 })
  await expect.poll(arrived, { timeout: 10_000 }).toBe(ts.length / 188)
  await expect.poll(() => bench.output("rtsp").packets_dropped).toBeGreaterThan(1000)
  const { packets_dropped: dropped, queue_bytes: waiting } = bench.output("rtsp")
  expect(waiting).toBeLessThanOrEqual(FIFO_QUEUE_BYTES)
  expect(waiting).toBeGreaterThan(FIFO_QUEUE_BYTES * 0.9)
  const bytes = await readAll(ts.length - dropped * 1316)
  // What came first is whole; what the ring still had comes behind the gap.
  const numbers = Array.from({ length: bytes.length / 188 }, (_, i) => bytes.readUInt32BE(i * 188 + 4))
  const gaps = numbers.filter((number, i) => i > 0 && number !== (numbers[i - 1] ?? 0) + 1)
  expect(gaps.length).toBe(1)
  expect(numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0))).toBe(true)
})

it("ends when its reader has gone, with something in the queue, too", async () => {
  await sendTs(numberedTs(7 * 500), { port, bitrate: 40e6 })
  await expect.poll(() => bench.output("rtsp").queue_bytes).toBeGreaterThan(100_000)
  closeSync(reader)
  reader = -1
  await bench.outputIs("rtsp", "ended")
  expect(bench.stateOf("rtsp")?.reason).toMatchObject({ code: "pipe", transient: true })
})
