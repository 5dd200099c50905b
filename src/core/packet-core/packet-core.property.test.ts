import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { arbitraryDatagrams, arbitraryNoise } from "../../../test/arbitrary-datagrams.ts"
import { compareWithReference } from "../../../test/compare-with-reference.ts"
import { writeDatagram } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { propertyRuns } from "../../../test/property-runs.ts"
import * as L from "../assembly/memory/layout.ts"

const cores = await loadCores()

describe.each(coreBuilds)("packet core against the reference parser (%s)", (build) => {
  const core = cores[build]

  it("agrees on streams with every kind of damage", () => {
    fc.assert(
      fc.property(arbitraryDatagrams(80), (datagrams) => {
        compareWithReference(core, datagrams)
      }),
      { numRuns: propertyRuns(125) },
    )
  })

  it("agrees on noise", () => {
    fc.assert(
      fc.property(arbitraryNoise(40), (datagrams) => {
        compareWithReference(core, datagrams)
      }),
      { numRuns: propertyRuns(75) },
    )
  })

  it("accounts for every datagram once", () => {
    fc.assert(
      fc.property(arbitraryDatagrams(40), (datagrams) => {
        const { counters: c } = compareWithReference(core, datagrams)
        const refused = c.foreign + c.bad_not_ts + c.bad_rtp + c.bad_length + c.bad_sync + c.truncated
        expect(c.rtp_datagrams + c.udp_datagrams + refused).toBe(c.datagrams)
        expect(c.rtp_lost).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: propertyRuns(50) },
    )
  })

  it("never traps and never writes outside its areas, whatever the batch holds", () => {
    const guarded = [L.TX_MMSG, L.LEGS + 2 * L.LEG_SIZE, L.RING_HEADS + 64, L.RINGS + L.RING_BYTES, L.MAP_END + 1024]
    const fill = fc.record({
      bytes: fc.uint8Array({ minLength: 1500, maxLength: 1500 }),
      headers: fc.uint8Array({ minLength: 64, maxLength: 64 }),
    })
    for (const at of guarded) core.u8.fill(0xa5, at, at + 256)
    core.resetLeg(1)
    core.resetChannel(0)
    fc.assert(
      fc.property(fill, fc.double(), fc.double(), fc.integer(), ({ bytes, headers }, offset, now, count) => {
        writeDatagram(core, 0, { bytes, rx_us: 1, ipv4: 1, port: 1 })
        core.u8.set(headers, L.RX_MMSG)
        core.u8.set(headers, L.RX_CONTROL)
        core.u8.set(headers.subarray(0, L.RX_NAME_SIZE), L.RX_NAME)
        core.ingest(1, count, offset, now)
        core.takeEvents()
        for (const at of guarded) expect(core.u8.subarray(at, at + 256).every((byte) => byte === 0xa5)).toBe(true)
      }),
      { numRuns: propertyRuns(50) },
    )
  })
})
