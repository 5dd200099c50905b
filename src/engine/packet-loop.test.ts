import { createSocket } from "node:dgram"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
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

it("gives an output that has its turn once a tick all that came at once, beside one that sends at once", async () => {
  const directory = mkdtempSync(join(tmpdir(), "packet-loop-"))
  try {
    const port = await bench.channel()
    await bench.connect(`udp://127.0.0.1:${await freeUdpPort()}`, "udp")
    const file = { id: "file", label: "file", session: "s-file", url: "file://copy", directory }
    bench.ask({ cmd: "open_output", channel_id: "c1", output: file })
    await expect.poll(() => bench.stateOf("file")?.state).toBe("connected")
    const sender = createSocket("udp4")
    // As after a pause of 0.8 s at 20 Mbit/s: three times what a ring holds. At first the loop is slow.
    const ts = numberedTs(7 * 1536)
    for (let bursts = 1; bursts <= 6; bursts++) {
      for (let at = 0; at < ts.length; at += 1316) sender.send(ts.subarray(at, at + 1316), port, "127.0.0.1")
      for (const id of ["udp", "file"])
        await expect.poll(() => bench.output(id).bytes_sent, { timeout: 10_000, message: id }).toBe(bursts * ts.length)
    }
    for (const id of ["udp", "file"]) expect(bench.output(id).packets_dropped, id).toBe(0)
    sender.close()
    await once(sender, "close")
    bench.closeOutput("file")
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

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
