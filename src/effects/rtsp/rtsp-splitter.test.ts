import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { NoRtsp, type RtspPart, RtspSplitter, rtspBytes, rtspHeader } from "./rtsp-splitter.ts"

const latin1 = (text: string) => Buffer.from(text, "latin1")
const partsOf = (bytes: Uint8Array, sizes: ReadonlyArray<number>): ReadonlyArray<RtspPart> => {
  const splitter = new RtspSplitter()
  const parts: RtspPart[] = []
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] ?? 1
    parts.push(...splitter.push(bytes.subarray(at, at + size)))
    at += size
  }
  return parts
}
const bytesOf = (part: RtspPart) => Buffer.from(part.kind === "frame" ? part.bytes : rtspBytes(part))

describe("RtspSplitter", () => {
  it("gives messages and frames whole, wherever the bytes are cut", () => {
    const token = fc
      .stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/)
      .filter((name) => name.toLowerCase() !== "content-length")
    const message = fc
      .record({
        first: fc.constantFrom("ANNOUNCE rtsp://h/x RTSP/1.0", "RTSP/1.0 200 OK", "RTSP/1.0 401 Unauthorized"),
        headers: fc.array(fc.tuple(token, fc.stringMatching(/^[!-~]{0,20}$/)), { maxLength: 4 }),
        body: fc.uint8Array({ maxLength: 40 }),
      })
      .map((one) => ({ kind: "message" as const, ...one }))
    const frame = fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 60 })).map(([channel, data]) => ({
      kind: "frame" as const,
      bytes: Buffer.from([0x24, channel, data.length >> 8, data.length & 255, ...data]),
    }))
    fc.assert(
      fc.property(
        fc.array(fc.oneof(message, frame), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (sent, sizes) => {
          const bytes = Buffer.concat(sent.map(bytesOf))
          const got = partsOf(bytes, sizes)
          expect(got.map(({ kind }) => kind)).toEqual(sent.map(({ kind }) => kind))
          expect(Buffer.compare(Buffer.concat(got.map(bytesOf)), bytes)).toBe(0)
        },
      ),
    )
  })

  it("reads any bytes or refuses them, in bounded memory", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          partsOf(bytes, [7])
        } catch (error) {
          expect(error).toBeInstanceOf(NoRtsp)
        }
      }),
    )
    expect(() => new RtspSplitter().push(Buffer.alloc(20_000, 0x41))).toThrow(NoRtsp)
    expect(() => new RtspSplitter().push(latin1("RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n"))).toThrow(NoRtsp)
  })

  it("finds headers whatever their case", () => {
    const [part] = partsOf(latin1("RTSP/1.0 200 OK\r\ncseq:  7 \r\n\r\n"), [1000])
    expect(part?.kind === "message" && rtspHeader(part, "cseq")).toBe("7")
  })
})
