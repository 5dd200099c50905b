import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { findNals } from "../es/nal.ts"
import { opusUnit } from "../es/testing/audio.ts"
import { AUDIO_PID, H264_AAC, PMT_PID, pesPacket, VIDEO_PID } from "../es/testing/build-ts.ts"
import { h264Pps } from "../es/testing/parameter-sets.ts"
import { wrap33 } from "../es/unwrap.ts"
import { registrationDescriptor } from "../ts/psi.ts"
import { FlvMuxer } from "./flv-muxer.ts"
import type { FlvMessage } from "./message.ts"
import { decodeAudioBody } from "./tag-body.ts"
import { ALLOW_ALL, mux } from "./testing/mux.ts"

import { FRAME, inter, key, kinds, only, Source, source, sps, VIDEO_ONLY } from "./testing/source.ts"

describe("the source's times", () => {
  const stream = (ts: Source, from: number, count: number): Source => {
    for (let i = 0; i < count; i++) {
      ts.picture(i === 0 ? key() : inter(), from + i * FRAME)
      ts.sound(from + i * FRAME, 1)
    }
    return ts
  }
  const isSteady = (messages: ReadonlyArray<FlvMessage>) => {
    for (const type of [8, 9]) {
      const times = messages.filter((message) => message.type === type).map(({ timestampMs }) => timestampMs)
      for (const [i, time] of times.slice(1).entries()) {
        expect(time).toBeGreaterThanOrEqual(times[i] ?? 0)
        expect(time - (times[i] ?? 0)).toBeLessThanOrEqual(80)
      }
    }
  }

  it("row 15: may wrap", () => {
    const { messages, muxer } = mux(stream(source(), 2 ** 33 - 50 * FRAME, 100).bytes)
    isSteady(messages)
    expect(only(messages, "key", "inter").at(-1)?.timestampMs).toBe(99 * 40)
    expect(muxer.rebases).toBe(0)
    expect(muxer.mediaTimeMs(50 * FRAME)).toBe(4000)
  })

  it("row 17: may jump with another source, and other parameter sets", () => {
    const ts = stream(source(), 5_000_000, 50)
    const other = new Source().tables()
    other.picture(key(sps(20), h264Pps()), 77)
    other.sound(77)
    stream(other, 77 + FRAME, 50)
    const { messages, muxer } = mux(Uint8Array.from([...ts.bytes, ...other.bytes]))
    isSteady(messages)
    expect(muxer.rebases).toBe(1)
    expect(only(messages, "video_header")).toHaveLength(3)
    const at = messages.findLastIndex(({ kind }) => kind === "video_header")
    expect(messages[at + 1]?.kind).toBe("key")
  })

  it("go on whatever they do", () => {
    const jump = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 33 - 1 }))
    fc.assert(
      fc.property(fc.array(jump, { minLength: 1, maxLength: 6 }), (jumps) => {
        const ts = source()
        let from = 0
        for (const by of jumps) {
          from = wrap33(from + by)
          stream(ts, from, 8)
          from += 8 * FRAME
        }
        const { messages } = mux(ts.bytes)
        for (const type of [8, 9]) {
          const times = messages.filter((message) => message.type === type).map(({ timestampMs }) => timestampMs)
          for (const [i, time] of times.slice(1).entries()) {
            expect(time).toBeGreaterThanOrEqual(times[i] ?? 0)
            expect(time - (times[i] ?? 0)).toBeLessThanOrEqual(1300)
          }
        }
        expect(only(messages, "key", "inter")).toHaveLength(jumps.length * 8)
      }),
      { numRuns: 40 },
    )
  })

  it("row 26: pass 2^24 ms (4 h 39 min) without a break", () => {
    const messages: FlvMessage[] = []
    const muxer = new FlvMuxer({ message: (message) => messages.push(message), problem: () => undefined })
    muxer.streams({ program_number: 1, video: { pid: VIDEO_PID, codec: "h264" }, audio: null, unsupported: [] })
    const units = [key(), inter()].map((bytes) => ({ codec: "h264" as const, bytes, nals: findNals(bytes) }))
    const [first, other] = units
    if (first === undefined || other === undefined) throw new Error("no units")
    // Pictures are a second apart, the longest distance that is no jump.
    let wrong = 0
    for (let n = 0; n * 1000 < 2 ** 24 + 10_000; n++) {
      const time = wrap33(2 ** 33 - 1000 + n * 90_000)
      muxer.video({ ...(n === 0 ? first : other), pts90k: time, dts90k: time, idr: n === 0, randomAccess: n === 0 })
      if (messages.at(-1)?.timestampMs !== n * 1000) wrong++
      messages.length = 0
    }
    expect(wrong).toBe(0)
    expect(muxer.latestMs).toBeGreaterThan(2 ** 24)
    expect(muxer.rebases).toBe(0)
  })
})

describe("what is not H.264 and AAC", () => {
  const ac3 = { pid: AUDIO_PID, stream_type: 0x81 }

  it("is left out and said, unless it is allowed", () => {
    const streams = [{ pid: VIDEO_PID, stream_type: 0x24 }, ac3, { pid: 0x150, stream_type: 0x03 }]
    const { messages, problems } = mux(source(streams).picture(key(), 0).tables(streams).bytes)
    expect(messages).toEqual([])
    expect(problems).toEqual([
      "The HEVC video on PID 0x100 is left out: allow hevc where the destination takes Enhanced RTMP, or send H.264.",
      "The AC-3 audio on PID 0x101 is left out: allow ac3 where the destination takes Enhanced RTMP, or send AAC.",
      "The MPEG-1 audio on PID 0x150 is left out: RTMP cannot carry it, send H.264 video and AAC audio.",
    ])
    expect(mux(source(streams).bytes, { allow: ALLOW_ALL }).problems).toHaveLength(1)
  })

  it("Opus goes with its header", () => {
    const streams = [
      ...VIDEO_ONLY,
      {
        pid: AUDIO_PID,
        stream_type: 6,
        descriptors: [registrationDescriptor("Opus"), { tag: 0x7f, data: Uint8Array.of(0x80, 2) }],
      },
    ]
    const ts = source(streams).picture(key(), 0)
    ts.pes(AUDIO_PID, pesPacket(opusUnit(Uint8Array.of(0xf8, 1, 2)), { pts: 1800, streamId: 0xbd, bounded: true }))
    const { messages } = mux(ts.picture(inter(), FRAME).bytes, { allow: ALLOW_ALL })
    const tags = messages
      .filter(({ type }) => type === 8)
      .map(({ body, timestampMs }) => ({ ...decodeAudioBody(body), timestampMs }))
    expect(tags).toMatchObject([
      { codec: "Opus", packet: "header", timestampMs: 0 },
      { codec: "Opus", packet: "frame", timestampMs: 20, data: Uint8Array.of(0xf8, 1, 2) },
    ])
  })
})

describe("silence", () => {
  const pictures = (ts: Source, from: number, to: number): Source => {
    for (let i = from; i < to; i++) ts.picture(i === 0 ? key() : inter(), i * FRAME)
    return ts
  }
  const sounds = (messages: ReadonlyArray<FlvMessage>): number[] =>
    only(messages, "audio").map(({ timestampMs }) => timestampMs)

  it("fills a stream without audio, in exact steps", () => {
    const { messages } = mux(pictures(source(VIDEO_ONLY), 0, 100).bytes, { audio: "silence" })
    expect(kinds(messages).slice(0, 4)).toEqual(["metadata 0", "video_header 0", "audio_header 0", "key 0"])
    const times = sounds(messages)
    expect(times).toHaveLength(Math.floor((99 * 40 * 48) / 1024) + 1)
    expect(times).toEqual(times.map((_, i) => Math.round((i * 1024) / 48)))
    expect(only(messages, "metadata")).toHaveLength(1)
  })

  it("is not there when nobody asked, and not where the source has audio", () => {
    expect(sounds(mux(pictures(source(VIDEO_ONLY), 0, 100).bytes).messages)).toEqual([])
    const ts = source()
    for (let i = 0; i < 100; i++) pictures(ts, i, i + 1).sound(i * FRAME)
    expect(sounds(mux(ts.bytes, { audio: "silence" }).messages)).toHaveLength(100)
  })

  it("stands for audio that the output cannot take, and for audio that is listed but does not come", () => {
    const mp2 = [...VIDEO_ONLY, { pid: AUDIO_PID, stream_type: 3 }]
    expect(sounds(mux(pictures(source(mp2), 0, 50).bytes, { audio: "silence" }).messages).length).toBeGreaterThan(90)
    expect(sounds(mux(pictures(source(), 0, 100).bytes, { audio: "silence" }).messages).length).toBeGreaterThan(180)
  })

  it("gives way to audio that is added later, without a step back", () => {
    const ts = pictures(source(VIDEO_ONLY), 0, 50)
    ts.pmt(H264_AAC, 1, PMT_PID, 3)
    for (let i = 50; i < 100; i++) pictures(ts, i, i + 1).sound(i * FRAME, 2, AUDIO_PID, { index: 4 })
    const { messages } = mux(ts.bytes, { audio: "silence" })
    const times = sounds(messages)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(only(messages, "audio_header").map(({ body }) => Buffer.from(body).toString("hex"))).toEqual([
      "af001190",
      "af001210",
    ])
    expect(times.at(-1)).toBeGreaterThan(3900)
  })
})
