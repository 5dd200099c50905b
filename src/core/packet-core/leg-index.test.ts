import { expect, it } from "vitest"
import { MAX_CHANNELS, MAX_LEGS } from "../assembly/memory/layout.ts"
import { channelOfIndex, legIndex, legNumber } from "./leg-index.ts"

it("gives each leg of each channel an index of its own, from which its channel is found again", () => {
  const channels = Array.from({ length: MAX_CHANNELS }, (_, channel) => channel)
  const indices = channels.flatMap((channel) => [legIndex(channel, "primary"), legIndex(channel, "backup")])
  expect(indices).toEqual(Array.from({ length: MAX_LEGS }, (_, index) => index))
  expect(indices.map(channelOfIndex)).toEqual(channels.flatMap((channel) => [channel, channel]))
})

it("finds the channel of what goes out behind the legs", () => {
  expect([MAX_LEGS, MAX_LEGS + 1, MAX_LEGS + MAX_CHANNELS - 1].map(channelOfIndex)).toEqual([0, 1, MAX_CHANNELS - 1])
})

it("numbers the primary 1 and the backup 2", () => {
  expect([legNumber("primary"), legNumber("backup")]).toEqual([1, 2])
})
