/** Captures by REST on the running product: what is in the file is what was sent to it, and what its receivers got. */
import { afterAll, beforeAll, expect, it } from "vitest"
import { readPcap } from "../pcap.ts"
import { freeUdpPort } from "./ports.ts"
import { Product } from "./product.ts"
import { SrtReceiver, UdpReceiver } from "./receivers.ts"
import { type BackgroundSource, startSource } from "./source.ts"
import { freePortBlock } from "./udp-ports.ts"

const KEY = "a key of the captures"
let product: Product
let source: BackgroundSource
let udp: UdpReceiver
let srt: SrtReceiver
let port: number
let srtPort: number

beforeAll(async () => {
  port = await freePortBlock()
  srtPort = await freeUdpPort()
  udp = await UdpReceiver.open()
  srt = await SrtReceiver.open(`srt://127.0.0.1:${srtPort}?mode=listener`)
  source = await startSource({ port, bitrate: 2_000_000 })
  product = await Product.start({ env: { API_KEY: KEY } })
  await product.channel({
    name: "News",
    rtp_ip: "127.0.0.1",
    rtp_port: port,
    outputs: [
      { name: "Plain", url: `udp://127.0.0.1:${udp.port}` },
      { name: "Far", url: `srt://127.0.0.1:${srtPort}` },
      { name: "Web", url: "hls://web" },
    ],
  })
  await product.until("it is sent", "news", ({ outputs }) =>
    ["plain", "far"].every((slug) => outputs.find((output) => output.slug === slug)?.status === "connected"),
  )
  await product.until("it arrives", "news", ({ status }) => status === "running")
})
afterAll(async () => {
  await Promise.all([product?.dispose(), source?.stop(), srt?.stop()])
  udp?.close()
})

const capture = (path: string) => fetch(`${product.url}/api/channels/${path}`, { headers: { "X-API-Key": KEY } })
const datagramsOf = async (answer: Response) => {
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/vnd.tcpdump.pcap"])
  const all = readPcap(new Uint8Array(await answer.arrayBuffer()))
  expect(all).toHaveLength(Number(answer.headers.get("x-capture-datagrams")))
  expect(answer.headers.get("x-capture-ended-by")).toBe("time")
  return all
}

it("has the datagrams of a source as they came: RTP with one sequence number after the other", async () => {
  const answer = await capture("news/legs/primary/capture?seconds=2")
  expect(answer.headers.get("content-disposition")).toMatch(/filename="news-primary-\d{8}T\d{6}Z\.pcap"/)
  const all = await datagramsOf(answer)
  // 2 Mbit/s in datagrams of seven packets are 190 a second.
  expect(all.length).toBeGreaterThan(150)
  const numbers = all.map(({ payload }) => ((payload[2] ?? 0) << 8) | (payload[3] ?? 0))
  expect(numbers.every((number, i) => i === 0 || number === (((numbers[i - 1] ?? 0) + 1) & 0xffff))).toBe(true)
  expect(new Set(all.map(({ destination_port }) => destination_port))).toEqual(new Set([port]))
})

it("has the datagrams of an output, byte by byte what its receiver got", async () => {
  const all = await datagramsOf(await capture("news/outputs/plain/capture?seconds=1"))
  expect(all.length).toBeGreaterThan(75)
  expect(new Set(all.map(({ destination_port }) => destination_port))).toEqual(new Set([udp.port]))
  await udp.atLeastBytes(udp.size + 1)
  const sent = Buffer.concat(all.map(({ payload }) => payload))
  expect(udp.bytes().includes(sent)).toBe(true)
})

it("has the packets of an SRT output, with the stream as their payload", async () => {
  const all = await datagramsOf(await capture("news/outputs/far/capture?seconds=1"))
  expect(all.every(({ destination_port }) => destination_port === srtPort)).toBe(true)
  const data = all.filter(({ payload }) => ((payload[0] ?? 0) & 0x80) === 0)
  expect(data.length).toBeGreaterThan(75)
  expect(data.every(({ payload }) => payload[16] === 0x47)).toBe(true)
})

it.each([
  ["news/legs/third/capture", 404, /primary and a backup source/],
  ["news/legs/backup/capture", 409, /no backup source/],
  ["news/outputs/none/capture", 404, /none/],
  ["gone/legs/primary/capture", 404, /gone/],
  ["news/outputs/web/capture", 409, /Web sends no datagrams/],
  ["news/legs/primary/capture?seconds=31", 400, /1 to 30/],
  ["news/legs/primary/capture?seconds=0", 400, /1 to 30/],
  ["news/legs/primary/capture?for=3", 400, /not a known parameter/],
])("refuses %s with %i", async (path, status, words) => {
  const answer = await capture(path)
  expect(answer.status).toBe(status)
  expect(await answer.text()).toMatch(words)
})

it("refuses a channel that does not run, and a second capture of one source", async () => {
  await product.api("POST", "/api/channels", { name: "Idle", rtp_ip: "127.0.0.1", rtp_port: await freePortBlock() })
  const idle = await capture("idle/legs/primary/capture")
  expect([idle.status, await idle.text()]).toEqual([409, expect.stringContaining("Idle does not run")])
  const both = await Promise.all([1, 2].map(() => capture("news/legs/primary/capture?seconds=2")))
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409])
})

it("stands in the audit log", async () => {
  const { body } = await product.api<{ entries: ReadonlyArray<{ action: string }> }>("GET", "/api/audit")
  expect(JSON.stringify(body)).toContain("capture the datagrams of news-primary")
})
