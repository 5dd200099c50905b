import { afterEach, beforeEach, expect, it } from "vitest"
import { numberedTs } from "../../test/e2e/datagrams.ts"
import { EngineBench } from "../../test/e2e/engine-bench.ts"
import { freeUdpPort } from "../../test/e2e/ports.ts"
import { sendTs } from "../../test/e2e/send-ts.ts"

let bench: EngineBench

beforeEach(async () => {
  bench = await EngineBench.start()
})
afterEach(() => bench.close())

it("rests though packets wait for their phase, beside an idle channel with a UDP output", async () => {
  await bench.channel({}, "idle")
  await bench.connect(`udp://127.0.0.1:${await freeUdpPort()}`, "o1", "idle")
  const port = await bench.channel({}, "bursts")
  const sending = sendTs(numberedTs(7 * 2000), { port, bitrate: 10_000_000 })
  let done = false
  void sending.then(() => {
    done = true
  })
  let most = 0
  while (!done) {
    most = Math.max(most, bench.stats().loop_passes)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  // The last ones wait for their tick.
  await expect.poll(() => bench.counters("primary", "bursts")["datagrams"], { timeout: 10_000 }).toBe(2000)
  // A tick of 10 ms has a few passes; 2000 a second are those of an output that sends.
  expect(most).toBeGreaterThan(50)
  expect(most).toBeLessThan(1500)
})
