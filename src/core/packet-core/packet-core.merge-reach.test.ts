/** How far apart two paths may be, at which bit rate, so that identical legs are found and merged. */
import { beforeAll, describe, expect, it } from "vitest"
import { feedBatch } from "../../../test/feed-core.ts"
import { loadCore } from "../../../test/load-core.ts"
import * as L from "../assembly/memory/layout.ts"
import type { PacketCore } from "./packet-core.ts"

const PACKETS = 7
const DATAGRAM_BITS = PACKETS * 188 * 8

const datagram = (number: number, ssrc: number): Uint8Array => {
  const bytes = new Uint8Array(12 + PACKETS * 188)
  bytes.set([0x80, 33, (number >> 8) & 255, number & 255])
  bytes[11] = ssrc
  for (let i = 0; i < PACKETS; i++)
    bytes.set(
      [0x47, 1, 0, 0x10 | ((number * PACKETS + i) & 15), number & 255, (number >> 8) & 255, (number >> 16) & 255, i],
      12 + i * 188,
    )
  return bytes
}

let core: PacketCore
beforeAll(async () => {
  core = await loadCore()
})

/**
 * Plays both legs for `seconds`, the backup `skewMs` behind. The numbers that `lose` names are missing on the primary.
 */
const play = (
  mbit: number,
  skewMs: number,
  windowMs: number,
  seconds: number,
  lose: (number: number) => boolean = () => false,
) => {
  core.resetChannel(0)
  for (const leg of [0, 1]) {
    core.resetLeg(leg)
    core.setLegField(leg, L.LEG_REORDER_US, 50_000)
    core.setLegField(leg, L.LEG_REORDER_MAX, 64)
  }
  core.setSource(0, 1)
  core.allowMerge(0, true, windowMs * 1000)
  const stepUs = DATAGRAM_BITS / mbit
  const late = Math.round((skewMs * 1000) / stepUs)
  const found: number[] = []
  let [us, tickUs, head, mostHeld] = [1e7, 1e7, core.ringHead(0), 0]
  for (let i = 0; i < (seconds * 1e6) / stepUs; i++) {
    us += stepUs
    const rx_us = Math.floor(us)
    if (!lose(i)) feedBatch(core, [{ bytes: datagram(i, 1), rx_us, ipv4: 1, port: 5 }], 0)
    if (i >= late) feedBatch(core, [{ bytes: datagram(i - late, 2), rx_us, ipv4: 2, port: 6 }], 1)
    if (us > tickUs) {
      core.tick(rx_us)
      core.takeEvents()
      tickUs = us + 10_000
    }
    mostHeld = Math.max(mostHeld, core.channelField(0, L.CHANNEL_HELD))
    for (; head !== core.ringHead(0); head = (head + 1) >>> 0) {
      const at = core.slotAddress(0, head) + L.SLOT_PAYLOAD
      for (let packet = 0; packet < core.view.getUint32(at - L.SLOT_PAYLOAD + L.SLOT_LENGTH, true) / 188; packet++) {
        const bytes = core.u8.subarray(at + packet * 188, at + packet * 188 + 8)
        found.push(((bytes[4] ?? 0) | ((bytes[5] ?? 0) << 8) | ((bytes[6] ?? 0) << 16)) * PACKETS + (bytes[7] ?? 0))
      }
    }
  }
  return {
    found,
    mostHeld,
    merge: core.channelField(0, L.CHANNEL_MERGE),
    alignment: core.channelField(0, L.CHANNEL_ALIGNMENT),
  }
}

describe("identical legs", () => {
  it.each([
    [10, 450],
    [10, 1500],
    [20, 600],
    [20, 1990],
    [30, 450],
    [50, 300],
    [50, 450],
    [80, 500],
    [0.3, 1900],
  ])("at %d Mbit/s are merged with paths %d ms apart", (mbit, skewMs) => {
    const { alignment, merge } = play(mbit, skewMs, 2000, 6)
    expect({ alignment, merge }).toEqual({ alignment: L.ALIGNMENT_SAME, merge: L.MERGE_RTP })
  })

  it("repair each other over the whole window, wherever the slower path is: nothing is missing, all is in order", () => {
    const { found, mostHeld } = play(20, 1900, 2000, 12, (number) => number > 9000 && number % 997 === 0)
    expect(mostHeld).toBeGreaterThan((1.8 * 20e6) / 1504)
    expect(found.length).toBeGreaterThan((8 * 20e6) / 1504)
    expect(found.findIndex((packet, i) => packet !== i)).toBe(-1)
  })
})
