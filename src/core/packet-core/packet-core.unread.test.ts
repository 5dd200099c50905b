/** Gaps age by the time until which a leg has been read: what would fill them may wait in its socket. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest"
import { numberedTs } from "../../../test/e2e/datagrams.ts"
import { feedBatch } from "../../../test/feed-core.ts"
import { packetise } from "../../../test/impairments.ts"
import { loadCore } from "../../../test/load-core.ts"
import * as L from "../assembly/memory/layout.ts"
import type { PacketCore } from "./packet-core.ts"

const START_US = 10_000_000
const STEP_US = 1000
const REORDER_US = 50_000
const WINDOW_US = 200_000
const datagrams = packetise(numberedTs(7 * 400), { rtp: { ssrc: 1, sequence: 65_400, timestamp: 0 } })

let core: PacketCore
beforeAll(async () => {
  core = await loadCore()
})
beforeEach(() => {
  core.resetChannel(0)
  for (const leg of [0, 1]) {
    core.resetLeg(leg)
    core.setLegField(leg, L.LEG_REORDER_US, REORDER_US)
    core.setLegField(leg, L.LEG_REORDER_MAX, L.REORDER_DATAGRAMS_MAX)
  }
  core.setSource(0, 0)
  core.setSource(0, 1)
})

/** Gives a leg the datagram `number`, received at the time of its place. */
const give = (number: number, leg = 0) =>
  feedBatch(
    core,
    [{ bytes: datagrams[number]?.bytes ?? Buffer.alloc(0), rx_us: atOf(number), ipv4: 1, port: 5000 + leg }],
    leg,
  )
const atOf = (number: number) => START_US + number * STEP_US
const sent = () => core.ringHead(0)

describe("a gap of one leg", () => {
  beforeEach(() => {
    for (const number of [0, 1, 3]) give(number)
    expect(sent()).toBe(2)
  })

  it("is given up when its time is over, all that came having been read", () => {
    core.tick(atOf(3) + REORDER_US - 1)
    expect(sent()).toBe(2)
    core.tick(atOf(3) + REORDER_US)
    expect([sent(), core.legField(0, L.LEG_RTP_UNRECOVERED)]).toEqual([3, 1])
  })

  it("waits while more of the leg is unread, and is filled by what comes up then", () => {
    core.setLegField(0, L.LEG_READ_US, L.UNREAD_BEHIND_LAST)
    core.tick(atOf(3) + 10 * REORDER_US)
    expect(sent()).toBe(2)
    give(2)
    core.setLegField(0, L.LEG_READ_US, 0)
    core.tick(atOf(3) + 10 * REORDER_US)
    expect([sent(), core.legField(0, L.LEG_RTP_UNRECOVERED)]).toEqual([4, 0])
  })

  it("ages with what is read of the leg, though there is always more", () => {
    core.setLegField(0, L.LEG_READ_US, L.UNREAD_BEHIND_LAST)
    for (let number = 4; atOf(number) < atOf(3) + REORDER_US; number++) give(number)
    core.tick(atOf(390))
    expect(sent()).toBe(2)
    give(3 + REORDER_US / STEP_US)
    core.tick(atOf(390))
    expect(core.legField(0, L.LEG_RTP_UNRECOVERED)).toBe(1)
    expect(sent()).toBe(3 + REORDER_US / STEP_US)
  })

  it("ages up to the time when the leg was last read, and no further than now", () => {
    core.setLegField(0, L.LEG_READ_US, atOf(3) + REORDER_US - 1)
    core.tick(atOf(390))
    expect(sent()).toBe(2)
    core.setLegField(0, L.LEG_READ_US, atOf(390))
    core.tick(atOf(3) + REORDER_US - 1)
    expect(sent()).toBe(2)
    core.tick(atOf(3) + REORDER_US)
    expect(sent()).toBe(3)
  })

  it("does not wait for another channel's leg", () => {
    core.setLegField(2, L.LEG_READ_US, L.UNREAD_BEHIND_LAST)
    core.tick(atOf(3) + REORDER_US)
    expect(sent()).toBe(3)
    core.setLegField(2, L.LEG_READ_US, 0)
  })
})

it("nothing is expected of a leg that has left the merge, though more of it is to be read", () => {
  core.allowMerge(0, true, WINDOW_US)
  for (let number = 0; number < 100; number++) for (const leg of [0, 1]) give(number, leg)
  const at = (number: number) => atOf(number) + 1_500_000
  const later = (number: number) => {
    const bytes = datagrams[number]?.bytes ?? Buffer.alloc(0)
    feedBatch(core, [{ bytes, rx_us: at(number), ipv4: 1, port: 5000 }], 0)
  }
  later(100)
  core.tick(at(100))
  expect(core.channelField(0, L.CHANNEL_MERGE_BOTH)).toBe(0)
  core.setLegField(1, L.LEG_READ_US, L.UNREAD_BEHIND_LAST)
  later(102)
  core.tick(at(102) + WINDOW_US)
  expect(core.channelField(0, L.CHANNEL_MERGE_LOST)).toBe(7)
})

describe.each([
  ["the leg that fills it", 1],
  ["the leg that has it", 0],
] as const)("a gap of two merged legs, with more to be read of %s", (_of, unread) => {
  beforeEach(() => {
    core.allowMerge(0, true, WINDOW_US)
    for (let number = 0; number < 100; number++) for (const leg of [0, 1]) give(number, leg)
    expect(core.channelField(0, L.CHANNEL_MERGE)).toBe(L.MERGE_RTP)
    for (const number of [100, 102]) give(number, 0)
    expect(sent()).toBe(101)
    core.setLegField(unread, L.LEG_READ_US, L.UNREAD_BEHIND_LAST)
  })

  it("is not given up", () => {
    core.tick(atOf(102) + 2 * WINDOW_US)
    expect(sent()).toBe(101)
    for (const number of [100, 101]) give(number, 1)
    expect([sent(), core.channelField(0, L.CHANNEL_MERGE_LOST)]).toEqual([103, 0])
  })

  it("is given up once all is read", () => {
    core.setLegField(unread, L.LEG_READ_US, 0)
    core.tick(atOf(102) + WINDOW_US)
    expect([sent(), core.channelField(0, L.CHANNEL_MERGE_LOST)]).toEqual([102, 7])
  })
})

it("a merged leg of which more is to be read is not silent, however far the other one is", () => {
  core.allowMerge(0, true, WINDOW_US)
  for (let number = 0; number < 100; number++) for (const leg of [0, 1]) give(number, leg)
  const far = { bytes: datagrams[100]?.bytes ?? Buffer.alloc(0), rx_us: atOf(100) + 1_500_000, ipv4: 1, port: 5000 }
  feedBatch(core, [far], 0)
  core.setLegField(1, L.LEG_READ_US, L.UNREAD_BEHIND_LAST)
  core.tick(far.rx_us)
  expect(core.channelField(0, L.CHANNEL_MERGE_BOTH)).toBe(1)
  core.setLegField(1, L.LEG_READ_US, 0)
  core.tick(far.rx_us)
  expect(core.channelField(0, L.CHANNEL_MERGE_BOTH)).toBe(0)
})

it("tells until when a leg has been read", () => {
  give(7)
  expect(core.readUntil(0, atOf(20))).toBe(atOf(20))
  core.setLegField(0, L.LEG_READ_US, atOf(15))
  expect([core.readUntil(0, atOf(20)), core.readUntil(0, atOf(10))]).toEqual([atOf(15), atOf(10)])
  core.setLegField(0, L.LEG_READ_US, L.UNREAD_BEHIND_LAST)
  expect(core.readUntil(0, atOf(20))).toBe(atOf(7))
})
