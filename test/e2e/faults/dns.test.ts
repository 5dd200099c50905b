/**
 * A destination's name moves to another address, or cannot be resolved for a while; every session asks anew (row 30 of
 * the fault matrix).
 */
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest"
import { openSrtLibrary } from "../../../src/engine/srt/srt-library.ts"
import { numberedTs } from "../datagrams.ts"
import { EngineBench } from "../engine-bench.ts"
import { freeUdpPort } from "../ports.ts"
import { SrtReceiver, UdpReceiver } from "../receivers.ts"
import { sendTs } from "../send-ts.ts"

/** What the resolver answers next; null makes it fail. */
const answers = vi.hoisted(() => ({ next: null as string | null, asked: 0 }))
vi.mock("node:dns/promises", () => ({
  lookup: async () => {
    answers.asked += 1
    if (answers.next === null) throw new Error("getaddrinfo EAI_AGAIN far.example")
    return { address: answers.next, family: 4 }
  },
}))

const library = openSrtLibrary({})
let bench: EngineBench
let port: number

beforeAll(async () => {
  bench = await EngineBench.start(library)
  port = await bench.channel()
})
afterEach(() => {
  bench.closeOutput("o1")
  bench.forget()
  answers.asked = 0
})
afterAll(() => bench.close())

it("row 30: a UDP output whose name cannot be resolved ends with the name; the next session finds the new address", async () => {
  const receiver = await UdpReceiver.open()
  const url = `udp://far.example:${receiver.port}`
  answers.next = null
  bench.open(url)
  expect(await bench.ended("o1")).toMatchObject({
    code: "dns",
    message: expect.stringMatching(/far\.example.*EAI_AGAIN/),
    transient: true,
  })
  bench.forget()
  answers.next = "127.0.0.2"
  await bench.connect(url)
  expect(bench.output().address).toBe(`127.0.0.2:${receiver.port}`)
  bench.closeOutput("o1")
  bench.forget()
  answers.next = "127.0.0.1"
  await bench.connect(url)
  expect(bench.output().address).toBe(`127.0.0.1:${receiver.port}`)
  expect(answers.asked).toBe(3)
  const ts = numberedTs(70)
  await sendTs(ts, { port })
  await receiver.atLeast(10)
  expect(receiver.bytes().equals(ts)).toBe(true)
  receiver.close()
})

it.skipIf(library.srt === null)(
  "row 30: an SRT caller follows its receiver to another address at the next attempt",
  async () => {
    const srtPort = await freeUdpPort()
    // Nobody is at the old address, so the attempt ends by the connect timeout of the URL.
    answers.next = "127.0.0.2"
    const url = (timeoutMs: number) => `srt://far.example:${srtPort}?conntimeo=${timeoutMs}&latency=200`
    bench.open(url(500))
    expect((await bench.ended("o1")).code).toBe("srt_reject_16")
    bench.forget()
    const receiver = await SrtReceiver.open(`srt://127.0.0.1:${srtPort}?mode=listener`)
    answers.next = "127.0.0.1"
    await bench.connect(url(3000))
    expect(bench.output().address).toBe(`127.0.0.1:${srtPort}`)
    const ts = numberedTs(700)
    await sendTs(ts, { port, sequence: 100 })
    await receiver.atLeast(ts.length)
    expect(receiver.bytes().equals(ts)).toBe(true)
    expect(answers.asked).toBe(2)
    await receiver.stop("SIGKILL")
  },
)
