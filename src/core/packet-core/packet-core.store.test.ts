/** The memory of a leg's store: as much as ever waited at a time, however long the leg has run. */
import { beforeAll, describe, expect, it } from "vitest"
import { numberedTs } from "../../../test/e2e/datagrams.ts"
import { displace, impair, packetise } from "../../../test/impairments.ts"
import { loadCore } from "../../../test/load-core.ts"
import { simulate } from "../../../test/simulate-legs.ts"
import * as L from "../assembly/memory/layout.ts"
import type { PacketCore } from "./packet-core.ts"

let core: PacketCore
beforeAll(async () => {
  core = await loadCore("release")
})

/** The slots of a leg's store in which anything was ever written. */
const touched = (leg: number): number => {
  const at = L.STORES + leg * L.STORE_BYTES
  const store = core.u8.subarray(at, at + L.STORE_BYTES)
  return Array.from({ length: L.STORE_SLOTS }, (_, slot) =>
    store.subarray(slot * L.STORE_STRIDE, (slot + 1) * L.STORE_STRIDE).some((byte) => byte !== 0),
  ).filter(Boolean).length
}

describe("a leg of which every tenth datagram is overtaken by up to four others", () => {
  it("takes the memory of a few, though all sequence numbers have had their turn", () => {
    const ts = numberedTs(7 * 6000)
    const rtp = { ssrc: 1, sequence: 65_000, timestamp: 0 }
    const late = impair(packetise(ts, { bitrate: 10e6, rtp }), 1, displace(0.1, 4))
    const { bytes } = simulate(core, [late])
    expect(bytes.length).toBeGreaterThan(0.99 * ts.length)
    expect(touched(0)).toBeGreaterThan(0)
    expect(touched(0)).toBeLessThanOrEqual(12)
  })
})
