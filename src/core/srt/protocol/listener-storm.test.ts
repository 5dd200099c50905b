import { expect, it } from "vitest"
import { altered, HandshakeRun, PEER } from "../testing/shake-hands.ts"

/** Objects that are not collected yet, by type: what JavaScriptCore tells. */
interface Jsc {
  readonly fullGC: () => number
  readonly heapStats: () => { readonly objectTypeCounts: Readonly<Record<string, number>> }
}
const JSC = "bun:jsc"
const HANDSHAKES = 1000
const noSocketId = () => 0

it.skipIf(!("Bun" in globalThis))("handshakes without a right cookie leave no garbage behind", async () => {
  const { fullGC, heapStats } = (await import(/* @vite-ignore */ JSC)) as Jsc
  const objects = () => Object.values(heapStats().objectTypeCounts).reduce((sum, count) => sum + count, 0)
  const run = new HandshakeRun({ passphrase: "correct horse battery" }, { passphrase: "correct horse battery" }).run(
    50_000,
  )
  const [induction = new Uint8Array(0), conclusion = new Uint8Array(0)] = run.toListener
  const packets = [induction, altered(conclusion, { cookie: 1 }), conclusion.slice(0, -2)]
  // As the transport has it: all in one memory.
  const bytes = new Uint8Array(packets.length * 2048)
  for (const [i, packet] of packets.entries()) bytes.set(packet, i * 2048)
  const kinds = new Set<string>()
  const storm = () => {
    for (let i = 0; i < HANDSHAKES; i++) {
      const which = i % packets.length
      const step = run.listener.receive(PEER, bytes, which * 2048, packets[which]?.length ?? 0, run.nowUs, noSocketId)
      kinds.add(step.kind === "ignored" ? step.why : step.kind)
    }
  }
  storm()
  fullGC()
  const before = objects()
  storm()
  // So few that nothing is collected in between: each left 22 objects before.
  expect(objects() - before).toBeLessThan(HANDSHAKES)
  expect([...kinds]).toEqual(["reply", "cookie", "handshake"])
})
