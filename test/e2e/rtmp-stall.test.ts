/**
 * An RTMP server that stops reading harms nobody else, costs bounded memory, and is back at a key frame when it reads
 * again (row 23 of the fault matrix).
 */
import { readFileSync } from "node:fs"
import { afterAll, beforeAll, expect, it } from "vitest"
import { aacOf, flvTags, picturesOf } from "../flv-file.ts"
import { noisyProgramme } from "./noisy-programme.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { NginxRtmp, TcpFront } from "./rtmp-servers.ts"
import { sendTs } from "./send-ts.ts"

const BITRATE = 24_000_000
const SECONDS = 20

let product: Product
let nginx: NginxRtmp
let front: TcpFront
beforeAll(async () => {
  nginx = await NginxRtmp.start()
  front = await TcpFront.start(nginx.port)
  product = await Product.start()
})
afterAll(async () => {
  await product.dispose()
  front.stop()
  await nginx.stop()
})

const rssOf = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024

it("row 23: a stalled server loses whole groups of pictures out of its own queue, the others lose nothing", async () => {
  const ts = noisyProgramme(SECONDS, BITRATE)
  const port = await freeUdpPort()
  const url = (to: number, key: string) => `rtmp://127.0.0.1:${to}/live/${key}`
  const { id } = await product.channel({
    name: "stall",
    rtp_ip: "127.0.0.1",
    rtp_port: port,
    outputs: [
      { name: "one", url: url(nginx.port, "one") },
      { name: "two", url: url(nginx.port, "two") },
      { name: "slow", url: url(front.port, "slow") },
    ],
  })
  await product.until("all are connected", id, (view) => view.outputs.every((o) => o.status === "connected"), 20_000)
  const sending = sendTs(ts, { port, bitrate: BITRATE })
  const slow = async () => (await product.view(id)).outputs.find((o) => o.name === "slow")
  await eventually("the slow one gets pictures", async () =>
    ((await slow())?.bytes_sent ?? 0) > 1_000_000 ? true : null,
  )
  const engine = await product.enginePid()
  const before = rssOf(engine)
  front.stall()
  await eventually(
    "its queue is given up",
    async () => (((await slow())?.packets_dropped ?? 0) > 100 ? true : null),
    18_000,
  )
  expect((await slow())?.status).toBe("connected")
  const figures = await (await fetch(`${product.url}/metrics`)).text()
  const queue = Number(/^distributor_output_queue_bytes\{[^}]*output="slow"[^}]*\} (\d+)/m.exec(figures)?.[1])
  expect(queue).toBeLessThanOrEqual(8 << 20)
  // Besides three queues, the garbage that a busy machine collects late.
  expect(rssOf(engine) - before).toBeLessThan(160)
  front.resume()
  await sending
  const last = await slow()
  expect(last?.status).toBe("connected")
  await product.api("POST", `/api/channels/${id}/stop`)

  const recorded = async (key: string) =>
    flvTags(await eventually(`${key} was recorded`, () => nginx.recordings(key)[0]))
  const whole = await recorded("one")
  const pictures = picturesOf(whole)
  expect(pictures.length).toBeGreaterThan((SECONDS - 2) * 25)
  expect(pictures.map(({ ms }) => ms)).toEqual(pictures.map((_, i) => i * 40))
  expect((await recorded("two")).map(({ body }) => body.toString("base64"))).toEqual(
    whole.map(({ body }) => body.toString("base64")),
  )

  const torn = await recorded("slow")
  const kept = picturesOf(torn)
  const cuts = kept.filter(({ ms }, i) => i > 0 && ms - (kept[i - 1]?.ms ?? 0) > 40)
  expect(cuts.length).toBeGreaterThan(0)
  for (const cut of cuts) expect(cut.key).toBe(true)
  expect(kept.length).toBeLessThan(pictures.length)
  expect(kept.at(-1)?.ms).toBeGreaterThan((pictures.at(-1)?.ms ?? 0) - 3000)
  const times = torn.map(({ ms, type }) => ({ ms, type })).filter(({ type }) => type === 8)
  expect(times.every(({ ms }, i) => i === 0 || ms >= (times[i - 1]?.ms ?? 0))).toBe(true)
  expect(aacOf(torn).length).toBeGreaterThan(100)
})
