import { expect, it } from "vitest"
import { RING_SLOTS, SLOT_LENGTH } from "../../core/assembly/memory/layout.ts"
import { SRT_ECONNLOST, SRT_EINVSOCK } from "../ffi/libsrt.ts"
import { Fences } from "../system/fences.ts"
import type { SessionContext } from "./output-session.ts"
import { SrtConnection } from "./srt-connection.ts"

/** Makes a ring with one slot of seven packets behind the place where the connection began. */
const ringOfOne = () => {
  const u32 = new Uint32Array(64)
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
