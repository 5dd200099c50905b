import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { RELEASE_MAX, RING_HEADS } from "../core/assembly/memory/layout.ts"
import { PacketCore } from "../core/packet-core/packet-core.ts"
import { QUEUE_SLOTS } from "./ring/ring-reader.ts"
import { TurnLag } from "./turn-lag.ts"

const MOST = 256
let drainUs = 0
/** Room in a drain of its own. */
const roomOf = (lag: TurnLag, channel = CHANNEL) => lag.room(channel, ++drainUs)
const CHANNEL = 3

const core = await PacketCore.instantiate(readFileSync(new URL("../../build/core.wasm", import.meta.url)))
const advance = (slots: number) => {
  const at = (RING_HEADS + CHANNEL * 64) >> 2
  core.u32[at] = (core.u32[at] ?? 0) + slots
}

describe.each([0, 2 ** 31 - 100, 2 ** 32 - 100])("with rings that begin at %d", (head) => {
  const begin = () => {
    core.u32[(RING_HEADS + CHANNEL * 64) >> 2] = head
    const lag = new TurnLag(core)
    lag.turned(CHANNEL, true, true)
    return lag
  }

  it("leaves room for what one leg has at once, and less the further the ring is ahead", () => {
    const lag = begin()
    expect(roomOf(lag)).toBe(MOST)
    advance(MOST)
    const left = QUEUE_SLOTS - RELEASE_MAX - MOST
    expect(roomOf(lag)).toBe(left)
    advance(left)
    expect(roomOf(lag)).toBe(0)
    advance(RELEASE_MAX)
    expect(roomOf(lag)).toBe(0)
  })

  it("is shared by the legs of a channel alike, whichever is read first", () => {
    const lag = begin()
    lag.share(CHANNEL, 2)
    const all = QUEUE_SLOTS - RELEASE_MAX
    drainUs += 1
    expect(lag.room(CHANNEL, drainUs)).toBe(all / 2)
    advance(all / 2)
    expect(lag.room(CHANNEL, drainUs)).toBe(all / 2)
    advance(all / 2)
    expect(roomOf(lag)).toBe(0)
    expect(lag.room(CHANNEL + 1, drainUs)).toBe(MOST)
    lag.turned(CHANNEL, true, true)
    expect(roomOf(lag)).toBe(all / 2)
  })

  it("is no more in all when a leg has two sockets, and asks for each", () => {
    const lag = begin()
    lag.share(CHANNEL, 2)
    drainUs += 1
    let filled = 0
    for (let asked = 0; asked < 4; asked++) {
      const room = lag.room(CHANNEL, drainUs)
      advance(room)
      filled += room
    }
    expect(filled).toBe(QUEUE_SLOTS - RELEASE_MAX)
  })

  it("goes by the outputs that are furthest behind: those of the tick, or those that are spread over it", () => {
    const lag = begin()
    advance(QUEUE_SLOTS - RELEASE_MAX)
    lag.turned(CHANNEL, true, false)
    expect(roomOf(lag)).toBe(0)
    lag.turned(CHANNEL, false, true)
    expect(roomOf(lag)).toBe(MOST)
    advance(QUEUE_SLOTS - RELEASE_MAX)
    lag.turned(CHANNEL, false, true)
    expect(roomOf(lag)).toBe(0)
    expect(roomOf(lag, CHANNEL + 1)).toBe(MOST)
  })
})
