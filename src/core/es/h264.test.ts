import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { buildAvcC, hasRecoveryPoint, parseH264SliceStart, parseH264Sps } from "./h264.ts"
import { h264Pps, h264Slice, h264Sps, RECOVERY_POINT_NAL, type SpsOptions } from "./testing/parameter-sets.ts"

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"))

describe("SPS", () => {
  it.each<[string, SpsOptions, Record<string, unknown>]>([
    [
      "640x480",
      {},
      { width: 640, height: 480, profile_idc: 77, level_idc: 30, frame_rate: null, frame_mbs_only: true },
    ],
    ["1080 lines by cropping", { widthMbs: 120, heightMbs: 68, crop: [0, 0, 0, 4] }, { width: 1920, height: 1080 }],
    [
      "fields: crop units are twice as high",
      { widthMbs: 120, heightMbs: 68, crop: [0, 0, 0, 2], interlaced: true },
      { width: 1920, height: 1080 },
    ],
    ["High with scaling lists", { profile: 100, scaling: true }, { width: 640, height: 480, chroma_format_idc: 1 }],
    [
      "4:2:2, 10 bit",
      { profile: 122, chroma: 2, bitDepth: 10, crop: [1, 1, 1, 1] },
      { width: 636, height: 478, bit_depth_luma: 10 },
    ],
    [
      "4:4:4 in planes of their own",
      { profile: 244, chroma: 3, separatePlanes: true, crop: [1, 0, 0, 1] },
      { width: 639, height: 479 },
    ],
    ["monochrome", { profile: 100, chroma: 0, crop: [1, 0, 0, 1] }, { width: 639, height: 479 }],
    ["picture order type 1", { picOrderType: 1 }, { width: 640, height: 480 }],
    ["picture order type 2", { picOrderType: 2 }, { width: 640, height: 480 }],
    ["25 frames a second", { timing: [1, 50, true] }, { frame_rate: 25 }],
    ["59.94 frames a second", { timing: [1001, 120_000, true] }, { frame_rate: 60_000 / 1001 }],
    ["a rate that is not fixed", { timing: [1, 50, false] }, { frame_rate: null }],
    ["a rate of nothing", { timing: [0, 50, true] }, { frame_rate: null }],
  ])("%s", (_, options, facts) => {
    expect(parseH264Sps(h264Sps(options))).toMatchObject(facts)
  })

  it("reads sizes and crops of every kind", () => {
    const size = fc.integer({ min: 2, max: 300 })
    const edge = fc.integer({ min: 0, max: 3 })
    fc.assert(
      fc.property(
        size,
        size,
        fc.tuple(edge, edge, edge, edge),
        fc.boolean(),
        fc.boolean(),
        (w, half, crop, interlaced, high) => {
          const sps = parseH264Sps(
            h264Sps({ widthMbs: w, heightMbs: 2 * half, crop, interlaced, profile: high ? 100 : 66 }),
          )
          expect(sps?.width).toBe(16 * w - 2 * (crop[0] + crop[1]))
          expect(sps?.height).toBe(32 * half - (interlaced ? 4 : 2) * (crop[2] + crop[3]))
        },
      ),
    )
  })

  it("takes any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (body) => void parseH264Sps(Uint8Array.of(0x67, ...body))))
    expect(parseH264Sps(h264Sps().subarray(0, 8))).toBeNull()
    expect(parseH264Sps(h264Pps())).toBeNull()
  })
})

describe("avcC", () => {
  it("of Main profile ends behind the PPS", () => {
    const sps = bytes("674d401e aabb")
    const whole = h264Sps()
    const pps = bytes("68ee3c80")
    expect(buildAvcC([sps], [pps])).toBeNull()
    expect(Buffer.from(buildAvcC([whole], [pps]) ?? []).toString("hex")).toBe(
      `014d401effe1${whole.length.toString(16).padStart(4, "0")}${Buffer.from(whole).toString("hex")}01000468ee3c80`,
    )
  })

  it("of High profile states chroma and bit depths", () => {
    const avcC = buildAvcC([h264Sps({ profile: 122, chroma: 2, bitDepth: 10 })], [h264Pps(0), h264Pps(1)])
    expect([...(avcC ?? []).slice(-4)]).toEqual([0xfe, 0xfa, 0xfa, 0])
  })

  it("needs both, and has its limits", () => {
    expect(buildAvcC([], [h264Pps()])).toBeNull()
    expect(buildAvcC([h264Sps()], [])).toBeNull()
    expect(buildAvcC(new Array(32).fill(h264Sps()), [h264Pps()])).toBeNull()
    expect(buildAvcC([h264Sps()], [new Uint8Array(65_536)])).toBeNull()
  })
})

describe("SEI and slices", () => {
  it.each([
    ["alone", RECOVERY_POINT_NAL, true],
    [
      "behind a long message with emulation prevention",
      bytes(`06 05 ff03 00000300 ${"11".repeat(255)} 06 01 c4 80`),
      true,
    ],
    ["missing", bytes("06 05 03 112233 80"), false],
    ["cut short", bytes("06 ff"), false],
  ])("a recovery point %s", (_, nal, found) => {
    expect(hasRecoveryPoint(nal)).toBe(found)
  })

  it("tells fields apart", () => {
    const sps = parseH264Sps(h264Sps({ interlaced: true }))
    if (sps === null) throw new Error("no SPS")
    expect(parseH264SliceStart(h264Slice({ frameNum: 9, field: "top" }), sps)).toEqual({
      frame_num: 9,
      field: true,
      bottom: false,
    })
    expect(parseH264SliceStart(h264Slice({ frameNum: 3, field: "bottom" }), sps)).toEqual({
      frame_num: 3,
      field: true,
      bottom: true,
    })
    expect(parseH264SliceStart(h264Slice({ frameNum: 3, field: null }), sps)).toEqual({
      frame_num: 3,
      field: false,
      bottom: false,
    })
  })
})
