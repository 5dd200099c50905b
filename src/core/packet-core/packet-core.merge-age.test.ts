/**
 * A merge that is older than half of the 2^32 packets that its positions count. It becomes so old as it would in
 * service: by packets, most of which are lost on the way.
 */
import { describe, expect, it } from "vitest"
import { feedBatch } from "../../../test/feed-core.ts"
import { loadCore } from "../../../test/load-core.ts"
import * as L from "../assembly/memory/layout.ts"
import type { CoreEvent } from "./event-records.ts"
import type { PacketCore } from "./packet-core.ts"

const STRIDE = 7
/** By how much the sequence number of a datagram may be ahead of the last without being a restart. */
const LEAP = 2900
const STEP_US = 526
const TICK_EVERY = 19

/** Seven packets that no other sequence number has, and no other `salt`. */
const datagram = (sequence: number, salt: number, ssrc: number): Uint8Array => {
  const bytes = new Uint8Array(12 + STRIDE * 188)
  bytes[0] = 0x80
  bytes[1] = 33
  bytes[2] = (sequence >> 8) & 255
  bytes[3] = sequence & 255
  bytes[11] = ssrc
  for (let i = 0; i < STRIDE; i++) {
    const at = 12 + i * 188
    bytes.set([0x47, 1, 0, 0x10 | ((sequence * STRIDE + i) & 15), sequence & 255, (sequence >> 8) & 255, i, salt], at)
  }
  return bytes
}

class Legs {
  readonly core: PacketCore
  readonly ended: CoreEvent[] = []
  #sequence = 0
  #us = 10_000_000

  constructor(core: PacketCore) {
    this.core = core
    core.resetChannel(0)
    for (const leg of [0, 1]) {
      core.resetLeg(leg)
      core.setLegField(leg, L.LEG_REORDER_US, 50_000)
      core.setLegField(leg, L.LEG_REORDER_MAX, 64)
    }
    core.setSource(0, 1)
    core.allowMerge(0, true, 200_000)
    core.takeEvents()
  }

  /** Plays `count` datagrams on each leg, each `leap` numbers after the last one; the backup's come `skewUs` later. */
  play(count: number, how: { leap?: number; skewUs?: number; salts?: readonly [number, number] } = {}): void {
    const { leap = 1, skewUs = 100, salts = [3, 3] } = how
    for (let i = 0; i < count; i++) {
      this.#sequence = (this.#sequence + leap) & 0xffff
      this.#us += STEP_US
      for (const leg of [0, 1] as const) {
        const rx_us = this.#us + leg * skewUs
        feedBatch(
          this.core,
          [{ bytes: datagram(this.#sequence, salts[leg], leg + 1), rx_us, ipv4: 1 + leg, port: 5 }],
          leg,
        )
      }
      if (i % TICK_EVERY !== 0) continue
      this.core.tick(this.#us)
      this.ended.push(...this.core.takeEvents().filter(({ type, a }) => type === L.EVENT_MERGE && a === L.MERGE_OFF))
    }
  }

  field(field: number): number {
    return this.core.channelField(0, field)
  }
}

describe("a merge that is older than 2^31 packets, which are 1.9 days at 20 Mbit/s", () => {
  it("goes on measuring how far the paths are apart, and comparing: legs that part end it, and that is told", async () => {
    const legs = new Legs(await loadCore())
    legs.play(2000)
    expect(legs.field(L.CHANNEL_MERGE)).toBe(L.MERGE_RTP)
    // Each leap gives up what neither leg has brought, and so carries the joint stream forward.
    legs.play(Math.ceil((2 ** 31 + 20_000) / (LEAP * STRIDE)), { leap: LEAP })
    legs.play(2000, { skewUs: 2000 })
    expect(legs.ended).toEqual([])
    expect(legs.field(L.CHANNEL_MERGE_BOTH)).toBe(1)
    expect(legs.field(L.CHANNEL_PATH_DIFFERENCE_US)).toBeCloseTo(2000, 0)
    legs.play(200, { salts: [3, 5] })
    expect(legs.ended.map(({ b }) => b)).toEqual([L.MERGE_END_DIFFERENT])
    expect(legs.field(L.CHANNEL_MERGE)).toBe(L.MERGE_OFF)
  })
})
