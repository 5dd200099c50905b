import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { VIDEO_PID as PROGRAMME_VIDEO_PID } from "../../test-source/program-tables.ts"
import { generateTs } from "../../test-source/test-programme.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { adtsFrame } from "./testing/audio.ts"
import { AUDIO_PID, pesPacket, TsWriter, VIDEO_PID } from "./testing/build-ts.ts"
import { collect } from "./testing/collect.ts"
import { annexB, H264_AUD_NAL, h264Pps, h264Slice, h264Sps, RECOVERY_POINT_NAL } from "./testing/parameter-sets.ts"
import { block, hex, inter, key, times, units, video } from "./testing/pictures.ts"

describe("a stream without faults", () => {
  it("gives every byte of every unit, with its times", () => {
    const writer = new TsWriter().tables()
    const sent = [key(5000), inter(10), inter(180), key(40_000, 5)]
    sent.forEach((unit, i) => {
      video(writer, unit, 2 ** 33 - 3600 + i * 3600 >= 2 ** 33 ? i * 3600 - 3600 : 2 ** 33 - 3600 + i * 3600, i * 3600)
      writer.pes(
        AUDIO_PID,
        pesPacket(adtsFrame(block(200)), { pts: i * 1920, bounded: true, streamId: 0xc0, stuffing: 3 }),
      )
    })
    const all = collect(writer.bytes)
    expect(units(all)).toEqual(sent.map(hex))
    expect(times(all)).toEqual([
      [2 ** 33 - 3600, 0],
      [0, 3600],
      [3600, 7200],
      [7200, 10_800],
    ])
    expect(all.units.map(({ idr, randomAccess }) => [idr, randomAccess])).toEqual([
      [true, true],
      [false, false],
      [false, false],
      [true, true],
    ])
    expect(all.units[0]?.nals).toHaveLength(8)
    expect(all.audio.map(({ pts90k, bytes }) => [pts90k, bytes.length])).toEqual(
      [0, 1920, 3840, 5760].map((pts) => [pts, 207]),
    )
    expect([all.losses, all.skipped, all.streams.length]).toEqual([[], 0, 1])
  })

  it("holds the last picture back until it is known to be whole, but no audio", () => {
    const writer = new TsWriter().tables()
    video(writer, key(), 0)
    writer.pes(AUDIO_PID, pesPacket(adtsFrame(block(50)), { pts: 0, bounded: true }))
    expect(collect(writer.bytes, {}, false)).toMatchObject({ units: [], audio: [{ pts90k: 0 }] })
    expect(collect(writer.bytes).units).toHaveLength(1)
  })

  it("carries the test programme whole", () => {
    const ts = generateTs(4)
    const all = collect(ts)
    let pictures = 0
    for (let at = 0; at < ts.length; at += 188)
      if ((ts[at + 1] ?? 0) === (0x40 | (PROGRAMME_VIDEO_PID >> 8)) && ts[at + 2] === (PROGRAMME_VIDEO_PID & 255))
        pictures++
    expect(pictures).toBeGreaterThan(95)
    expect(all.units).toHaveLength(pictures)
    expect(all.frames.length).toBeGreaterThan(170)
    expect([all.losses, all.skipped]).toEqual([[], 0])
    expect(all.units.filter(({ idr }) => idr).length).toBe(2)
  })

  it("takes any sizes and cuts", () => {
    const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 2000 }), fc.boolean()), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(sizes, fc.boolean(), (shapes, bounded) => {
        const writer = new TsWriter().tables()
        const sent = shapes.map(([size, idr], i) => (idr ? key(size, i) : inter(size, i)))
        for (const [i, unit] of sent.entries())
          writer.pes(VIDEO_PID, pesPacket(unit, { pts: i * 3600 + 7200, dts: i * 3600, bounded }))
        const all = collect(writer.bytes)
        expect(units(all)).toEqual(sent.map(hex))
        expect(times(all)).toEqual(sent.map((_, i) => [i * 3600 + 7200, i * 3600]))
      }),
    )
  })
})

describe("access units and PES packets", () => {
  it("splits a packet with several units, and steps their times", () => {
    const writer = video(new TsWriter().tables(), key(), 0)
    video(writer, inter(), 3000)
    video(writer, joinBytes([inter(50, 3), inter(60, 4), annexB(h264Slice({ data: [5] }))]), 6000)
    video(writer, inter(70, 5), 15_000)
    const all = collect(writer.bytes)
    expect(times(all).map(([pts]) => pts)).toEqual([0, 3000, 6000, 9000, 12_000, 15_000])
    expect(units(all).slice(2, 4)).toEqual([hex(inter(50, 3)), hex(inter(60, 4))])
  })

  it("keeps the slices and both fields of a frame together", () => {
    const sps = h264Sps({ interlaced: true })
    const slices = annexB(
      H264_AUD_NAL,
      sps,
      h264Pps(),
      h264Slice({ idr: true, field: null }),
      h264Slice({ idr: true, firstMb: 40, field: null }),
    )
    const pair = annexB(
      H264_AUD_NAL,
      h264Slice({ frameNum: 1, field: "top" }),
      H264_AUD_NAL,
      h264Slice({ frameNum: 1, field: "bottom" }),
    )
    const other = annexB(h264Slice({ frameNum: 2, field: "bottom" }))
    const writer = video(new TsWriter().tables(), slices, 0)
    video(writer, joinBytes([pair, other]), 3600)
    expect(units(collect(writer.bytes))).toEqual([slices, pair, other].map(hex))
  })

  it("joins a unit that long packets share", () => {
    const big = key(150_000)
    const writer = new TsWriter().tables()
    for (let at = 0, first = true; at < big.length; at += 65_000, first = false) {
      writer.pes(VIDEO_PID, pesPacket(big.subarray(at, at + 65_000), { bounded: true, ...(first ? { pts: 100 } : {}) }))
    }
    video(writer, inter(), 3700)
    const all = collect(writer.bytes)
    expect(units(all)).toEqual([big, inter()].map(hex))
    expect(times(all)).toEqual([
      [100, 100],
      [3700, 3700],
    ])
  })

  it("lets a unit go with the first packet of the next", () => {
    const writer = new TsWriter().tables()
    writer.pes(VIDEO_PID, pesPacket(key(40_000), { pts: 0, bounded: true }))
    const before = writer.bytes.length
    video(writer, inter(5000), 3600)
    expect(collect(writer.bytes.subarray(0, before), {}, false).units).toHaveLength(0)
    expect(collect(writer.bytes.subarray(0, before + 188), {}, false).units).toHaveLength(1)
  })

  it("joins units that go on in the next packet, wherever they are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 6, max: 1000 }), { minLength: 1, maxLength: 6 }), (cuts) => {
        const writer = video(new TsWriter().tables(), key(), 0)
        const cut = inter(1000)
        cuts.forEach((at, i) => {
          video(writer, cut.subarray(0, at), 3600 * (i + 1))
          video(writer, cut.subarray(at))
        })
        video(writer, inter(), 90_000)
        const all = collect(writer.bytes)
        expect(units(all)).toEqual([key(), ...cuts.map(() => cut), inter()].map(hex))
        expect(times(all).map(([pts]) => pts)).toEqual([0, ...cuts.map((_, i) => 3600 * (i + 1)), 90_000])
        expect(all.losses).toEqual([])
      }),
    )
  })

  it("puts parameter sets of a packet of their own in front of their picture", () => {
    const sets = annexB(H264_AUD_NAL, h264Sps(), h264Pps())
    const picture = annexB(h264Slice({ idr: true }))
    const writer = video(new TsWriter().tables(), sets, 0)
    video(writer, picture, 900)
    expect(units(collect(writer.bytes))).toEqual([hex(joinBytes([sets, picture]))])
  })

  it("ignores PES_packet_length of video, of which pictures over 65 kB have the low bits only", () => {
    const writer = new TsWriter().tables()
    writer.pes(VIDEO_PID, pesPacket(key(70_000), { pts: 0, bounded: true }))
    video(writer, inter(), 3600)
    expect(units(collect(writer.bytes))).toEqual([key(70_000), inter()].map(hex))
  })

  it("knows a recovery point", () => {
    const unit = annexB(H264_AUD_NAL, RECOVERY_POINT_NAL, h264Slice())
    expect(collect(video(new TsWriter().tables(), unit, 0).bytes).units).toMatchObject([
      { idr: false, randomAccess: true },
    ])
  })

  it("gives no unit without a time before the first that has one", () => {
    const writer = video(new TsWriter().tables(), key())
    video(writer, inter(), 3600)
    expect(times(collect(writer.bytes))).toEqual([[3600, 3600]])
  })
})
