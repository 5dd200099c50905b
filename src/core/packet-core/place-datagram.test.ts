/** Datagrams that another than the kernel put into the receive batch, as messages received by SRT are. */
import { readFileSync } from "node:fs"
import { beforeEach, describe, expect, it } from "vitest"
import * as L from "../assembly/memory/layout.ts"
import { PacketCore } from "./packet-core.ts"
import { placeDatagram } from "./place-datagram.ts"
import { nullPacket } from "./testing/insertion.ts"

const wasm = readFileSync(new URL("../../../build/core.wasm", import.meta.url))
const NOW_US = 5_000_000_000

describe("placeDatagram", () => {
  let core: PacketCore
  beforeEach(async () => {
    core = await PacketCore.instantiate(wasm)
    core.bind(0)
    core.resetChannel(0)
    core.resetLeg(0)
    core.setSource(0, 1, true)
  })

  it.each([
    ["in the second before now", NOW_US - 300_000.25, NOW_US - 300_001],
    ["now", NOW_US, NOW_US],
    ["in the future: now", NOW_US + 1000, NOW_US],
    ["long ago: a second ago", NOW_US - 5e6, NOW_US - 1e6],
  ])("a message is received when it is said to be: %s", (_, at, expected) => {
    core.u8.set(nullPacket(), L.RX_DATA)
    placeDatagram(core, 0, 188, at)
    expect(core.ingest(0, 1, 0, NOW_US)).toBe(1)
    expect(core.legField(0, L.LEG_LAST_RX_US)).toBe(expected)
    expect(core.f64[(core.slotAddress(0, 0) + L.SLOT_RX_US) >> 3]).toBe(expected)
  })

  it("has no source, whatever the datagram before it had, and leaves the header as the kernel needs it", () => {
    const header = L.RX_MMSG >> 2
    const before = core.u32.slice(header, header + L.MMSGHDR_SIZE / 4 - 2)
    core.u8.fill(0x77, L.RX_NAME, L.RX_NAME + L.RX_NAME_SIZE)
    core.u8.set(nullPacket(), L.RX_DATA)
    placeDatagram(core, 0, 188, NOW_US)
    core.ingest(0, 1, 0, NOW_US)
    expect(core.legField(0, L.LEG_SOURCE_PORT)).toBe(0)
    expect([...core.u32.slice(header, header + L.MMSGHDR_SIZE / 4 - 2)]).toEqual([...before])
  })

  it("messages of one sender follow each other, whatever address they came from", () => {
    for (let i = 0; i < L.RX_BATCH; i++) {
      core.u8.set(nullPacket(), L.RX_DATA + i * L.RX_STRIDE)
      placeDatagram(core, i, 188, NOW_US + i)
    }
    core.ingest(0, L.RX_BATCH, 0, NOW_US + 1000)
    expect(core.legSnapshot(0)).toMatchObject({ ts_packets: L.RX_BATCH, forwarded: L.RX_BATCH, foreign: 0 })
  })
})
