/**
 * Floods an SRT listener with handshakes from eight ports of 127.0.0.1: `bun handshake-flood.ts PORT COUNT PER_SECOND
 * KIND`. Prints how many it sent.
 *
 * `malformed` are conclusions with the right cookie and something else that is wrong, of every kind. `sound` are those
 * of callers that never say anything again.
 */
import { FakeSrtCaller } from "./fake-srt-caller.ts"
import { conclusions } from "./malformed-srt.ts"

const [port = 0, count = 0, perSecond = 1] = process.argv.slice(2, 5).map(Number)
const kind = process.argv[5] === "sound" ? "sound" : "malformed"
const CALLERS = 8

const callers: FakeSrtCaller[] = []
for (let i = 0; i < CALLERS; i++) callers.push(await FakeSrtCaller.open(port))
const cookies = await Promise.all(callers.map((caller) => caller.cookie()))

let sent = 0
const startedAt = performance.now()
while (sent < count) {
  for (const [i, caller] of callers.entries()) {
    const cookie = cookies[i] ?? 0
    // No filter can tell an empty datagram from none.
    const packets =
      kind === "malformed"
        ? conclusions(caller, cookie).filter((p) => p.length > 0)
        : Array.from({ length: 50 }, () => caller.conclusion(cookie))
    for (const packet of packets.slice(0, count - sent)) {
      await caller.send(packet)
      sent += 1
      const ahead = (sent * 1000) / perSecond - (performance.now() - startedAt)
      if (ahead > 2) await new Promise((resolve) => setTimeout(resolve, ahead))
    }
  }
}
process.stdout.write(`${sent}\n`)
for (const caller of callers) caller.close()
process.exit(0)
