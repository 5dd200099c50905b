import { closeSync, openSync, readSync } from "node:fs"
import { expect, it } from "vitest"
import { HANDLING_BYTES, readHandling } from "../protocol/handling-memory.ts"
import { COMMANDED, Handling, RECEIVING, SENDING } from "./handling.ts"

const CHANNEL = "11111111-1111-4111-8111-111111111111"

it("is read by others while it changes, and says nothing between turns", () => {
  const handling = new Handling(true)
  if (handling.fd === null) throw new Error("this kernel has no memfd_create")
  const other = openSync(`/proc/${process.pid}/fd/${handling.fd}`, "r")
  const seen = () => {
    const bytes = new Uint8Array(HANDLING_BYTES)
    return readHandling(bytes.subarray(0, readSync(other, bytes, 0, HANDLING_BYTES, 0)))
  }
  try {
    expect(seen()).toBeNull()
    handling.name(0, CHANNEL)
    handling.name(63, "last")
    handling.begin(0, RECEIVING)
    expect(seen()).toEqual({ channelId: CHANNEL, stage: "receiving" })
    handling.begin(63, SENDING)
    expect(seen()).toEqual({ channelId: "last", stage: "sending" })
    handling.name(63, "")
    expect(seen()).toBeNull()
    handling.begin(0, COMMANDED)
    handling.end()
    expect(seen()).toBeNull()
  } finally {
    closeSync(other)
  }
})

it("works in private memory where nobody asked for more", () => {
  const handling = new Handling()
  handling.name(5, CHANNEL)
  handling.begin(5, SENDING)
  expect(handling.fd).toBeNull()
})

it.each([0, 63, HANDLING_BYTES - 1])("%d bytes are no such memory", (length) => {
  expect(readHandling(new Uint8Array(length).fill(1))).toBeNull()
})

it("a number of a channel or stage that is none says nothing", () => {
  const bytes = new Uint8Array(HANDLING_BYTES).fill(0x41)
  expect(readHandling(bytes)).toBeNull()
})
