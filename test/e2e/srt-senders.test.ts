/** Our senders: what they are given comes out whole, however much of it their program finds at once. */
import { randomBytes } from "node:crypto"
import { expect, it } from "vitest"
import { openSrtLibrary } from "../../src/engine/srt/srt-library.ts"
import { freeUdpPort } from "./ports.ts"
import { SrtReceiver } from "./receivers.ts"
import { SrtSender } from "./srt-senders.ts"

/** Bytes of a message. */
const MESSAGE = 1316
/** Numbers of messages found at once: what srt-live-transmit keeps of them differs by how many it finds. */
const BATCHES = Array.from({ length: 16 }, (_, i) => 18 + i)

it.skipIf(openSrtLibrary({}).srt === null)(
  "srt-live-transmit sends all that it is given while it stands still",
  async () => {
    const port = await freeUdpPort()
    const receiver = await SrtReceiver.open(`srt://127.0.0.1:${port}?mode=listener&latency=300`)
    const sender = await SrtSender.open("srt-live-transmit", `srt://127.0.0.1:${port}?mode=caller&latency=300`)
    try {
      await sender.warmUp(() => receiver.size > 0)
      for (const messages of BATCHES) {
        const given = randomBytes(messages * MESSAGE)
        sender.child.kill("SIGSTOP")
        await sender.send(given, 1e9)
        sender.child.kill("SIGCONT")
        const last = given.subarray(-MESSAGE)
        await receiver.until(`the last of ${messages} messages`, (bytes) => bytes.indexOf(last) >= 0)
        expect(receiver.bytes().indexOf(given), `${messages} messages`).toBeGreaterThan(0)
      }
    } finally {
      await sender.stop("SIGKILL")
      await receiver.stop()
    }
  },
)
