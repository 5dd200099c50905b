import { expect, it } from "vitest"
import { srtInputFigures, srtInputStats } from "../testing/srt-input-stats.ts"
import { makeSrtLegLedger } from "./srt-leg-ledger.ts"

const RUN = "engine-1"
const connected = (connections: number, packets: number, dropped: number, refused = 0) =>
  srtInputStats({
    state: "connected",
    peer: "192.0.2.7:5000",
    connections,
    refused,
    figures: srtInputFigures({ packets_received: packets, packets_dropped: dropped }),
  })

/** Connections, refusals, packets received and dropped after each step. */
const counted = (...steps: ReadonlyArray<readonly [ReturnType<typeof srtInputStats> | null, run?: string]>) => {
  const ledger = makeSrtLegLedger()
  return steps.map(([srt, run = RUN]) => {
    ledger.observe(srt, run, false)
    const { connections, packets_dropped, packets_received, refused } = ledger.figures(srt).sums
    return [connections, refused, packets_received, packets_dropped]
  })
}

it("counts on over connections, whose counters the engine has summed", () => {
  expect(counted([connected(1, 100, 2)], [connected(1, 150, 2)], [connected(2, 160, 3, 1)])).toEqual([
    [1, 0, 100, 2],
    [1, 0, 150, 2],
    [2, 1, 160, 3],
  ])
})

it("counts on when the leg is opened again, with a sender that was there at once and before any", () => {
  expect(
    counted([connected(1, 100, 2, 4)], [connected(1, 7, 1, 4)], [srtInputStats()], [srtInputStats({ refused: 2 })]),
  ).toEqual([
    [1, 4, 100, 2],
    [2, 8, 107, 3],
    [2, 8, 107, 3],
    [2, 10, 107, 3],
  ])
})

it("counts on when the leg was closed, or was received by RTP for a while", () => {
  expect(counted([connected(1, 100, 2)], [null], [connected(1, 100, 2)])).toEqual([
    [1, 0, 100, 2],
    [1, 0, 100, 2],
    [2, 0, 200, 4],
  ])
})

it("counts all that another engine tells, even when its counters are higher", () => {
  expect(counted([connected(1, 100, 2)], [connected(1, 300, 5), "engine-2"])).toEqual([
    [1, 0, 100, 2],
    [2, 0, 400, 7],
  ])
})

it("leaves out what was counted before anybody looked", () => {
  const ledger = makeSrtLegLedger()
  ledger.observe(connected(3, 1000, 10), RUN, true)
  ledger.observe(connected(4, 1001, 12), RUN, false)
  expect(ledger.figures(null).sums).toMatchObject({ connections: 1, packets_received: 1, packets_dropped: 2 })
})

it("shows what is so only while a sender is connected", () => {
  const { figures } = makeSrtLegLedger()
  expect(figures(connected(1, 100, 0))).toMatchObject({
    connected: true,
    rttMs: 20,
    latencyMs: 120,
    receiveBufferMs: 115,
    bandwidthMbps: 8,
  })
  const gone = { connected: false, rttMs: null, latencyMs: null, receiveBufferMs: 0, bandwidthMbps: null }
  expect(figures({ ...connected(1, 100, 0), state: "listening" })).toMatchObject(gone)
  expect(figures(null)).toMatchObject(gone)
})
