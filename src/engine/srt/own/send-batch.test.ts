import { expect, it } from "vitest"
import { Fences } from "../../system/fences.ts"
import { SrtArena } from "./arena.ts"
import { SendBatch } from "./send-batch.ts"

const packet = new Uint8Array(64)

it("throws away what waits when a fence among it has run out, and sends what comes after", () => {
  const arena = new SrtArena()
  let nowUs = 1000
  const batch = new SendBatch(arena, new Fences(() => nowUs))
  const to = { name: arena.take(16).at, nameLength: 16, segments: true }
  // No socket: the kernel refuses each message, which shows that it was handed one.
  const handed = () => batch.figures.calls
  batch.control(to, packet)
  batch.leaveBefore(5000)
  batch.leaveBefore(9000)
  batch.submit()
  expect(handed()).toBe(1)
  batch.control(to, packet)
  batch.leaveBefore(9000)
  batch.leaveBefore(5000)
  nowUs = 5000
  batch.submit()
  expect(handed()).toBe(1)
  // A channel without a fence, and one whose fence is still ahead.
  batch.control(to, packet)
  batch.submit()
  batch.control(to, packet)
  batch.leaveBefore(5001)
  batch.submit()
  expect(handed()).toBe(3)
})
