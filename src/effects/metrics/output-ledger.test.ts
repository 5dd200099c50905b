import { expect, it } from "vitest"
import { SRT_COUNTERS, type SrtStats } from "../../engine/protocol/messages.ts"
import { outputStats } from "../testing/FakeEngine.ts"
import { makeOutputLedger } from "./output-ledger.ts"

/** Counters of which each is `n`. */
const counters = (n: number) => Object.fromEntries(SRT_COUNTERS.map((name) => [name, n])) as unknown as SrtStats
const receiver = (n: number) => ({
  peer: "192.0.2.7:5000",
  stream_id: "",
  connected_at: 1000,
  bytes_sent: 0,
  packets_sent: 0,
  packets_dropped: 0,
  srt: counters(n),
})

it("counts all that the receivers of a listener were sent, up to the packet with which they left", () => {
  const ledger = makeOutputLedger()
  const lost = (stats: ReturnType<typeof outputStats> | undefined) => {
    ledger.observe(stats, false)
    return ledger.srtFigures(stats).sums.packets_lost
  }
  const session = { id: "o1", session: "s1", url: "srt://:9000?mode=listener" }
  expect(lost(outputStats({ ...session, receivers: [receiver(5)], srt_sums: counters(5) }))).toBe(5)
  // It left with 7, of which nobody had heard.
  expect(lost(outputStats({ ...session, receivers: [], srt_sums: counters(7) }))).toBe(7)
  expect(lost(outputStats({ ...session, receivers: [receiver(1)], srt_sums: counters(8) }))).toBe(8)
  expect(lost(undefined)).toBe(8)
  expect(lost(outputStats({ ...session, session: "s2", receivers: [receiver(2)], srt_sums: counters(2) }))).toBe(10)
})

it("knows of a backup who carries and who is connected", () => {
  const ledger = makeOutputLedger()
  const standing = (state: "connected" | "waiting") => ({ state, address: null, rtt_ms: null, error: null })
  const backup = { carrier: "backup", main: standing("waiting"), backup: standing("connected") } as const
  const session = { id: "o1", session: "s1", url: "srt://192.0.2.1:9000", srt: counters(1) }
  expect(ledger.srtFigures(outputStats({ ...session, backup }))).toMatchObject({
    connections: 1,
    backup: { carrier: "backup", connected: { main: false, backup: true } },
  })
  const both = { ...backup, main: standing("connected") }
  expect(ledger.srtFigures(outputStats({ ...session, backup: both })).connections).toBe(2)
  expect(ledger.srtFigures(outputStats(session)).backup).toBeNull()
})

it("counts the connections that an engine of before tells of one by one", () => {
  const ledger = makeOutputLedger()
  ledger.observe(outputStats({ id: "o1", session: "s1", url: "srt://:9000", receivers: [receiver(5)] }), false)
  ledger.observe(outputStats({ id: "o1", session: "s1", url: "srt://:9000", receivers: [] }), false)
  expect(ledger.srtFigures(undefined).sums.packets_lost).toBe(5)
})
