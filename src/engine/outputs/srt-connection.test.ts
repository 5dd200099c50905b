import { expect, it } from "vitest"
import { RING_SLOTS, SLOT_LENGTH, TX_MSGCTRL } from "../../core/assembly/memory/layout.ts"
import { SRT_ECONNLOST, SRT_EINVSOCK } from "../ffi/libsrt.ts"
import { Fences } from "../system/fences.ts"
import type { SessionContext } from "./output-session.ts"
import { SrtConnection } from "./srt-connection.ts"

/** Makes a ring with one slot of seven packets behind the place where the connection began. */
const ringOfOne = () => {
  const u32 = new Uint32Array((TX_MSGCTRL >> 2) + 12)
  u32[SLOT_LENGTH >> 2] = 1316
  let head = RING_SLOTS
  return { u32, f64: new Float64Array(64), ringHead: () => head++, slotAddress: () => 0, setMsgCtrl: () => {} }
}

/** Makes a libsrt whose every send fails with `code`. */
const libsrtFailing = (code: number) => ({
  getsockflag: () => -1,
  getsockopt: () => -1,
  connectionTime: () => 0n,
  sendmsg2: () => -1,
  getlasterror: () => code,
  getlasterrorStr: () => "Operation not supported: Invalid socket ID",
  strerror: (of: number) => (of === SRT_ECONNLOST ? "Connection was broken" : `error ${of}`),
})

it.each([
  ["none without a fence", undefined, 0x010501, -2],
  ["what is left of the lease, less what rounding could add", 6_000_000, 0x010501, 4998],
  ["0 at the end of the lease", 1_000_900, 0x010501, 0],
  ["as much as the field holds for a fence far away", 2 ** 53, 0x010501, 2 ** 31 - 1],
  ["none on libsrt 1.6, which would drop everything", 6_000_000, 0x010600, -2],
])("gives messages a time to live: %s", (_, fenceUs, version, expected) => {
  const fences = new Fences(() => 1_000_500)
  fences.set(0, fenceUs)
  const srt = { ...libsrtFailing(6001), getversion: () => version } as unknown as NonNullable<SessionContext["srt"]>
  const core = ringOfOne()
  core.u32[(TX_MSGCTRL + 4) >> 2] = -2
  const connection = new SrtConnection({ core, base: 0, srt, fences } as unknown as SessionContext, srt, 1, 0, 1316)
  expect(connection.flush(1_000_000)).toBeNull()
  expect((core.u32[(TX_MSGCTRL + 4) >> 2] ?? 0) | 0).toBe(expected)
})

it("says that the connection was broken when libsrt has taken the broken socket away already", () => {
  const srt = libsrtFailing(SRT_EINVSOCK) as unknown as NonNullable<SessionContext["srt"]>
  const context = { core: ringOfOne(), base: 0, srt, fences: new Fences() } as unknown as SessionContext
  const connection = new SrtConnection(context, srt, 1, 0, 1316)
  expect(connection.flush(1_000_000)).toEqual({
    code: "srt_2001",
    message: "SRT connection lost: Connection was broken",
    transient: true,
  })
})
