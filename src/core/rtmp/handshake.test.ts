import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { joinBytes } from "../bytes/join-bytes.ts"
import { buildC0C1, ClientHandshake, HANDSHAKE_RANDOM_SIZE, HANDSHAKE_SIZE, type HandshakeStep } from "./handshake.ts"
import { hex } from "./testing/hex.ts"

const random = Uint8Array.from({ length: HANDSHAKE_RANDOM_SIZE }, (_, i) => (i * 31) & 0xff)
const s1 = Uint8Array.from({ length: HANDSHAKE_SIZE }, (_, i) => (i * 17 + 3) & 0xff)
const c1 = buildC0C1(0x01020304, random).subarray(1)

const start = () => new ClientHandshake(0x01020304, random)

describe("the client's handshake", () => {
  it("opens with version 3, the time, four zeros and the random bytes", () => {
    const { c0c1 } = start()
    expect(c0c1.subarray(0, 9)).toEqual(hex("03 01020304 00000000"))
    expect(c0c1.subarray(9)).toEqual(random)
    expect(() => buildC0C1(0, new Uint8Array(1527))).toThrow(RangeError)
  })

  it("answers S1 with a copy of it as soon as it is there, and is done with S2", () => {
    const handshake = start()
    expect(handshake.push(joinBytes([hex("03"), s1.subarray(0, 1535)]))).toEqual({ state: "more", toSend: null })
    expect(handshake.push(s1.subarray(1535))).toEqual({ state: "more", toSend: s1 })
    expect(handshake.push(c1.subarray(0, 1535))).toEqual({ state: "more", toSend: null })
    expect(handshake.push(joinBytes([c1.subarray(1535), hex("aabb")]))).toEqual({
      state: "done",
      toSend: null,
      rest: hex("aabb"),
      echoed: true,
    })
  })

  it("takes any pieces alike", () => {
    const bytes = joinBytes([hex("03"), s1, c1, hex("c0ffee")])
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (cuts) => {
        const borders = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
        const handshake = start()
        const sent: Uint8Array[] = []
        let rest = new Uint8Array(0)
        let done = false
        for (const [index, from] of borders.slice(0, -1).entries()) {
          const piece = bytes.subarray(from, borders[index + 1])
          const step: HandshakeStep = done
            ? { state: "done", toSend: null, rest: piece, echoed: true }
            : handshake.push(piece)
          if (step.state === "failed") throw new Error(step.error)
          if (step.toSend !== null) sent.push(step.toSend)
          if (step.state !== "done") continue
          done = true
          rest = joinBytes([rest, step.rest])
        }
        expect([sent, done, rest]).toEqual([[s1], true, hex("c0ffee")])
      }),
      { numRuns: 50 },
    )
  })

  it("tells whether S2 repeats C1, whose second time the server may fill in", () => {
    const withTime = c1.slice()
    withTime.set(hex("99999999"), 4)
    expect(start().push(joinBytes([hex("03"), s1, withTime]))).toMatchObject({ state: "done", echoed: true })
    expect(start().push(joinBytes([hex("03"), s1, s1]))).toMatchObject({ state: "done", echoed: false })
  })

  it.each([
    [6, /RTMPE.*use rtmps/],
    [0x15, /TLS: use rtmps/],
    [0x48, /like a web server/],
    [0, /begins with 0 instead of 3/],
    [4, /begins with 4 instead of 3/],
  ])("fails at once when S0 is %d", (s0, error) => {
    expect(start().push(Uint8Array.of(s0))).toEqual({ state: "failed", error: expect.stringMatching(error) })
  })
})
