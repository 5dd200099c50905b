import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { joinBytes } from "../bytes/join-bytes.ts"
import { AC3_HEADER, parseAc3Header } from "./ac3.ts"
import { type AudioFrame, AudioFrames } from "./audio-frames.ts"
import { buildOpusHead, opusPacketSamples, parseOpusControl } from "./opus.ts"
import { ac3Frame, adtsFrame, eac3Frame, opusUnit } from "./testing/audio.ts"
import type { AudioCodec } from "./units.ts"

interface Run {
  readonly frames: AudioFrame[]
  skipped: number
  readonly feed: (bytes: Uint8Array, pts: number | null) => void
  readonly lose: () => void
}

const run = (codec: AudioCodec): Run => {
  const frames: AudioFrame[] = []
  const state = { frames, skipped: 0 }
  const keep = (frame: AudioFrame) => frames.push({ ...frame, bytes: frame.bytes.slice(), whole: frame.whole.slice() })
  const splitter = new AudioFrames(codec, keep, (bytes) => {
    state.skipped += bytes
  })
  return Object.assign(state, {
    feed: (bytes: Uint8Array, pts90k: number | null) => splitter.push({ codec, pts90k, bytes }),
    lose: () => splitter.lost(),
  })
}

const block = (seed: number, size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (seed * 31 + i * 7) & 0x7f)

describe("AAC frames", () => {
  it("counts the time of each from the PES packet in which it begins", () => {
    const [a, b, c, d] = [1, 2, 3, 4].map((seed) => adtsFrame(block(seed, 40 + seed)))
    if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error("no frames")
    const r = run("aac")
    r.feed(joinBytes([a, b, c.subarray(0, 3)]), 9000)
    r.feed(joinBytes([c.subarray(3), d]), 20_000)
    r.feed(a, null)
    expect(r.frames.map(({ pts90k, offset }) => [pts90k, offset])).toEqual([
      [9000, 0],
      [9000, 1024],
      [9000, 2048],
      [20_000, 0],
      [20_000, 1024],
    ])
    expect(r.skipped).toBe(0)
  })

  it("a frame that alone begins in a packet, and ends in the next, has that packet's time", () => {
    const frame = adtsFrame(block(1, 100))
    const r = run("aac")
    r.feed(frame.subarray(0, 50), 100)
    r.feed(joinBytes([frame.subarray(50), frame]), 3000)
    expect(r.frames.map(({ pts90k, offset }) => [pts90k, offset])).toEqual([
      [100, 0],
      [3000, 0],
    ])
  })

  it("are the same however they are cut, with and without CRC", () => {
    const frame = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.boolean(), fc.nat(255))
    fc.assert(
      fc.property(
        fc.array(frame, { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 400 })),
        (shapes, cuts) => {
          const blocks = shapes.map(([size, , seed]) => block(seed, size))
          const stream = joinBytes(blocks.map((bytes, i) => adtsFrame(bytes, { crc: shapes[i]?.[1] ?? false })))
          const r = run("aac")
          let at = 0
          for (const cut of [...cuts, stream.length]) {
            if (at < stream.length) r.feed(stream.subarray(at, at + cut), at === 0 ? 0 : null)
            at += cut
          }
          expect(r.frames.map(({ bytes }) => [...bytes])).toEqual(blocks.map((bytes) => [...bytes]))
          expect(r.frames.map(({ offset }) => offset)).toEqual(blocks.map((_, i) => i * 1024))
          expect(r.skipped).toBe(0)
        },
      ),
    )
  })

  it("finds its place after a loss and in noise", () => {
    const [a, b] = [adtsFrame(block(1, 60)), adtsFrame(block(2, 70))]
    const r = run("aac")
    r.feed(a.subarray(0, 30), 0)
    r.lose()
    r.feed(joinBytes([a.subarray(30), Uint8Array.of(0xff, 0xf1, 0x4c, 0x80, 0x02, 0x1f, 0xfc, 1, 2), a, b]), 5000)
    expect(r.frames.map(({ whole }) => whole.length)).toEqual([67, 77])
    expect(r.skipped).toBe(37 + 9)
    r.feed(joinBytes([a, b]), 6000)
    expect(r.frames).toHaveLength(4)
  })

  it("keeps nothing before the first time, and takes any bytes", () => {
    const r = run("aac")
    r.feed(adtsFrame(block(1, 60)), null)
    expect(r.frames).toEqual([])
    for (const codec of ["aac", "ac3", "eac3", "opus"] as const) {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (parts) => {
          const noise = run(codec)
          for (const part of parts) noise.feed(part, 0)
          const kept = noise.frames.reduce((sum, { whole }) => sum + whole.length, 0)
          expect(kept + noise.skipped).toBeLessThanOrEqual(parts.reduce((sum, part) => sum + part.length, 0))
        }),
      )
    }
  })
})

describe("AC-3 and E-AC-3", () => {
  it.each(Array.from({ length: 38 }, (_, code) => code))("frmsizecod %i", (code) => {
    const frame = ac3Frame(code)
    expect(parseAc3Header(frame)).toEqual({
      codec: "ac3",
      sample_rate: 48_000,
      frame_size: frame.length,
      samples: 1536,
      channels: 2,
      begins: true,
    })
  })

  it.each([
    [
      "44.1 kHz, 384 kbit/s, odd",
      [0x0b, 0x77, 0, 0, 0x40 | 29, 0x40, 0xe0, 0],
      { sample_rate: 44_100, frame_size: 1672 },
    ],
    [
      "44.1 kHz, 384 kbit/s, even",
      [0x0b, 0x77, 0, 0, 0x40 | 28, 0x40, 0xe0, 0],
      { sample_rate: 44_100, frame_size: 1670 },
    ],
    ["32 kHz, 448 kbit/s", [0x0b, 0x77, 0, 0, 0x80 | 30, 0x40, 0xe0, 0], { sample_rate: 32_000, frame_size: 2688 }],
    // With acmod 7 (3/2), cmixlev and surmixlev stand before lfeon.
    ["5.1", [0x0b, 0x77, 0, 0, 30, 0x40, 0xe1, 0], { channels: 6 }],
    ["5.0", [0x0b, 0x77, 0, 0, 30, 0x40, 0xe0, 0], { channels: 5 }],
    ["mono", [0x0b, 0x77, 0, 0, 30, 0x40, 0x20, 0], { channels: 1 }],
    [
      "E-AC-3 with half the rate",
      [0x0b, 0x77, 0, 0xff, 0xd4, 0x80, 0, 0],
      { codec: "eac3", sample_rate: 22_050, samples: 1536, frame_size: 512 },
    ],
    ["E-AC-3 with one block", [0x0b, 0x77, 0, 0xff, 0x0f, 0x80, 0, 0], { samples: 256, channels: 6 }],
  ])("%s", (_, bytes, header) => {
    expect(parseAc3Header(new Uint8Array(bytes))).toMatchObject(header)
  })

  it.each([
    ["a reserved rate", [0x0b, 0x77, 0, 0, 0xc0, 0x40, 0, 0]],
    ["a reserved size", [0x0b, 0x77, 0, 0, 38, 0x40, 0, 0]],
    ["a reserved stream type", [0x0b, 0x77, 0xc0, 0xff, 0, 0x80, 0, 0]],
    ["bsid 17", [0x0b, 0x77, 0, 0, 0, 17 << 3, 0, 0]],
  ])("refuses %s", (_, bytes) => {
    expect(bytes).toHaveLength(AC3_HEADER)
    expect(parseAc3Header(new Uint8Array(bytes))).toBeNull()
  })

  it("splits AC-3 across PES packets", () => {
    const [a, b] = [ac3Frame(20), ac3Frame(21)]
    const stream = joinBytes([a, b, a])
    const r = run("ac3")
    r.feed(stream.subarray(0, 900), 0)
    r.feed(stream.subarray(900), 2880)
    expect(r.frames.map(({ whole, offset, pts90k }) => [whole.length, pts90k, offset])).toEqual([
      [a.length, 0, 0],
      [b.length, 0, 1536],
      [a.length, 2880, 0],
    ])
  })

  it("keeps dependent substreams with the frame they belong to", () => {
    const r = run("eac3")
    const [main, more] = [eac3Frame(400), eac3Frame(200, true)]
    r.feed(joinBytes([main, more, main, more]), 0)
    r.feed(joinBytes([main, more, main]), 6000)
    expect(r.frames.map(({ whole }) => whole.length)).toEqual([600, 600, 600, 400])
    expect(r.frames.map(({ offset }) => offset)).toEqual([0, 1536, 0, 1536])
  })
})

describe("Opus", () => {
  it.each([
    [0x00, 480],
    [0x18, 2880],
    [0x60, 480],
    [0x68, 960],
    [0x80, 120],
    [0xf8, 960],
    [0xf9, 1920],
    [0xfa, 1920],
  ])("TOC %i: %i samples", (toc, samples) => {
    expect(opusPacketSamples(Uint8Array.of(toc, 1, 2))).toBe(samples)
  })

  it("counts the frames of a packet that says how many", () => {
    expect(opusPacketSamples(Uint8Array.of(0xfb, 6))).toBe(5760)
    expect(opusPacketSamples(Uint8Array.of(0xfb, 7))).toBe(0)
    expect(opusPacketSamples(new Uint8Array(0))).toBe(0)
  })

  it("reads the control header", () => {
    const unit = opusUnit(new Uint8Array(510), { start: 312, end: 5, extension: 3 })
    expect(parseOpusControl(unit)).toEqual({
      header_size: 2 + 3 + 2 + 2 + 4,
      payload_size: 510,
      start_trim: 312,
      end_trim: 5,
    })
    expect(parseOpusControl(unit.subarray(0, 4))).toBeNull()
    expect(parseOpusControl(Uint8Array.of(0x7f, 0xc0, 1))).toBeNull()
  })

  it("takes packets out of several PES packets", () => {
    const packets = [300, 20, 255].map((size) => Uint8Array.from({ length: size }, (_, i) => (i === 0 ? 0xf8 : 1)))
    const stream = joinBytes(packets.map((packet) => opusUnit(packet)))
    const r = run("opus")
    r.feed(stream.subarray(0, 310), 90)
    r.feed(stream.subarray(310), 1890)
    expect(r.frames.map(({ bytes }) => bytes.length)).toEqual([300, 20, 255])
    expect(r.frames.map(({ pts90k, offset }) => [pts90k, offset])).toEqual([
      [90, 0],
      [90, 960],
      [1890, 0],
    ])
  })

  it.each([
    [1, "4f707573486561640101000080bb0000000000"],
    [2, "4f707573486561640102000080bb0000000000"],
    [0, "4f707573486561640102000080bb00000000ff02000001"],
    [6, "4f707573486561640106000080bb000000000104020004 01020305".replace(" ", "")],
  ])("OpusHead of channel_config_code %i", (code, hex) => {
    expect(Buffer.from(buildOpusHead(code) ?? []).toString("hex")).toBe(hex)
  })

  it("does not know every code", () => {
    expect(buildOpusHead(9)).toBeNull()
    expect(buildOpusHead(0x82)).toBeNull()
  })
})
