import { describe, expect, it } from "vitest"
import { writeDatagram } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { buildStream, toDatagrams } from "../../../test/ts-stream.ts"
import * as L from "../assembly/memory/layout.ts"

const cores = await loadCores()
const HOUR_US = 3_600_000_000
const OFFSET = 1_763_700_000_000_000
const START_US = 10_000_000

describe.each(coreBuilds)("row 36: the wall clock is set while datagrams are under way (%s)", (build) => {
  const core = cores[build]
  const datagrams = toDatagrams(buildStream(100), {
    rtp: { sequence: 1, timestamp: 0, ssrc: 1 },
    startUs: START_US,
    stepUs: 1000,
  })

  /**
   * Ring times of datagrams that are 1 ms apart and each 2 ms under way. `offsetAt` is the clock offset that the loop
   * holds, and `stampAt` that of the kernel.
   */
  const times = (offsetAt: (i: number) => number, stampAt: (i: number) => number): number[] => {
    core.resetLeg(0)
    core.resetChannel(0)
    core.setSource(0, 1)
    return datagrams.slice(0, 100).map((datagram, i) => {
      // writeDatagram adds the test's own offset to rx_us.
      writeDatagram(core, 0, { ...datagram, rx_us: datagram.rx_us + stampAt(i) })
      expect(core.ingest(0, 1, OFFSET + offsetAt(i), datagram.rx_us + 2000)).toBe(1)
      return core.f64[(core.slotAddress(0, i) + L.SLOT_RX_US) >> 3] ?? 0
    })
  }
  const step = (us: number) => (i: number) => (i < 50 ? 0 : us)
  const late = (us: number) => (i: number) => (i < 58 ? 0 : us)
  const due = datagrams.slice(0, 100).map(({ rx_us }) => rx_us)

  it.each([
    ["an hour ahead", HOUR_US],
    ["an hour back", -HOUR_US],
    ["half a second ahead", 500_000],
    ["half a second back", -500_000],
  ])("%s, known at once: times run on as if nothing had happened", (_, us) => {
    expect(times(step(us), step(us))).toEqual(due)
  })

  it.each([
    ["an hour ahead", HOUR_US],
    ["an hour back", -HOUR_US],
  ])(
    "%s, known 8 datagrams later: no time runs backwards, lies in the future or is off by more than those 8",
    (_, us) => {
      const got = times(late(us), step(us))
      for (const [i, rx] of got.entries()) {
        expect(rx).toBeGreaterThanOrEqual(got[i - 1] ?? 0)
        expect(rx).toBeLessThanOrEqual((due[i] ?? 0) + 2000)
        expect(rx).toBeGreaterThanOrEqual((due[i] ?? 0) - 9000)
      }
      // Times are right again within the 2 ms that a datagram is under way.
      expect(got.slice(62)).toEqual(due.slice(62))
    },
  )

  it.each([
    ["an hour ahead", HOUR_US],
    ["an hour back", -HOUR_US],
  ])("%s and never known: the times of reading, in order, and no jitter of an hour", (_, us) => {
    const got = times(() => 0, step(us))
    for (const [i, rx] of got.entries()) {
      expect(rx).toBeGreaterThanOrEqual(got[i - 1] ?? 0)
      expect(rx).toBeLessThanOrEqual((due[i] ?? 0) + 2000)
      expect(rx).toBeGreaterThanOrEqual((due[i] ?? 0) - 1_000_000)
    }
    expect(core.legField(0, L.LEG_MAX_GAP_US)).toBeLessThan(1_000_001)
    expect(core.legSnapshot(0)).toMatchObject({ rtp_lost: 0, rtp_resets: 0, sender_changes: 0, forwarded: 100 })
  })
})
