/** The payloads of a channel are kept for as long as somebody may ask for them, and no longer. */
import { describe, expect, it } from "vitest"
import { RING_SLOTS, SLOT_PAYLOAD, SLOT_RX_US, SLOT_STRIDE } from "../../../core/assembly/memory/layout.ts"
import type { PacketCore } from "../../../core/packet-core/packet-core.ts"
import { SrtArena } from "./arena.ts"
import { PayloadRing } from "./payload-ring.ts"

/** One slot each millisecond. */
const SLOT_US = 1000
const PASS_SLOTS = 8

/** A ring over a core whose positions begin at `start`. */
const ringFrom = (start: number) => {
  const arena = new SrtArena(64 << 20)
  const core = arena.take(RING_SLOTS * SLOT_STRIDE).at
  let head = start >>> 0
  let nowUs = 1e9
  const slotAddress = (_: number, position: number) => core + (position & (RING_SLOTS - 1)) * SLOT_STRIDE
  const ring = new PayloadRing(arena, { ringHead: () => head, slotAddress } as unknown as PacketCore, arena.base, 0)
  const run = (us: number) => {
    for (const end = nowUs + us; nowUs < end; ) {
      for (let i = 0; i < PASS_SLOTS; i++) {
        arena.f64[(slotAddress(0, head) + SLOT_RX_US) >> 3] = nowUs
        arena.u32[(slotAddress(0, head) + SLOT_PAYLOAD) >> 2] = head
        head = (head + 1) >>> 0
        nowUs += SLOT_US
      }
      ring.sync(nowUs)
    }
  }
  const ageUs = () => nowUs - ring.receivedUs(ring.tail)
  /** Whether the slot at a position has the payload that came for it. */
  const marked = (position: number) => arena.u32[ring.payload(position) >> 2] === position
  return { ring, run, ageUs, marked, held: () => arena.held }
}

describe.each([0, 2 ** 31 - 3000, 2 ** 32 - 3000])("a ring of payloads from position %d on", (start) => {
  it("keeps what is younger than it was asked to keep, and stays as large as that needs", () => {
    const { ageUs, held, ring, run } = ringFrom(start)
    ring.keepFor(3e6)
    run(4e6)
    expect(ageUs()).toBeGreaterThanOrEqual(3e6)
    const memory = held()
    run(20e6)
    expect(held()).toBe(memory)
    expect(ageUs()).toBeGreaterThanOrEqual(3e6)
  })

  it("keeps what a connection that gives nothing up has not acknowledged, for seven seconds at most", () => {
    const { ageUs, held, ring, run } = ringFrom(start)
    ring.keepFor(0.5e6)
    let unacknowledged: number | null = null
    const connection = {
      get unacknowledged() {
        return unacknowledged
      },
    }
    ring.hold(connection)
    const before = held()
    run(10e6)
    expect(held()).toBe(before)
    unacknowledged = (ring.head - 100) >>> 0
    const receivedUs = ring.receivedUs(unacknowledged)
    run(5e6)
    expect(ring.receivedUs(unacknowledged)).toBe(receivedUs)
    expect((unacknowledged - ring.tail) | 0).toBeGreaterThanOrEqual(0)
    expect(held()).toBeGreaterThan(before)
    run(10e6)
    expect((unacknowledged - ring.tail) | 0).toBeLessThan(0)
    expect(ageUs()).toBeLessThan(9e6)
    unacknowledged = (ring.head - 100) >>> 0
    run(100)
    unacknowledged = null
    run(60e6)
    expect(held()).toBe(before)
    expect(ageUs()).toBeGreaterThanOrEqual(0.5e6)
  })

  it("keeps the payloads in their places when it becomes smaller", () => {
    const { held, marked, ring, run } = ringFrom(start)
    ring.keepFor(0.5e6)
    const before = held()
    const connection = { unacknowledged: ring.head }
    ring.hold(connection)
    run(5e6)
    expect(held()).toBeGreaterThan(before)
    ring.letGo(connection)
    const young = Array.from({ length: 400 }, (_, i) => i + 1)
    for (let pass = 0; pass < 600 && held() > before; pass++) {
      run(100_000)
      expect(young.filter((back) => !marked((ring.head - back) >>> 0))).toEqual([])
    }
    expect(held()).toBe(before)
  })

  it("keeps no more for a connection that has ended", () => {
    const { held, ring, run } = ringFrom(start)
    const connection = { unacknowledged: ring.head }
    ring.hold(connection)
    ring.letGo(connection)
    const before = held()
    run(10e6)
    expect(held()).toBe(before)
  })
})

it("the pages of a large block that is released go back to the machine, and of its neighbours none", () => {
  const arena = new SrtArena(16 << 20)
  const [before, large, after] = [arena.take(4096), arena.take(2 << 20), arena.take(4096)]
  for (const block of [before, large, after]) arena.bytes.fill(7, block.at, block.at + block.size)
  arena.release(large)
  // What is read anew is empty.
  expect(arena.bytes[large.at + (1 << 20)]).toBe(0)
  for (const block of [before, after])
    expect(arena.bytes.subarray(block.at, block.at + block.size).every((byte) => byte === 7)).toBe(true)
  expect(arena.take(2 << 20).at).toBe(large.at)
})
