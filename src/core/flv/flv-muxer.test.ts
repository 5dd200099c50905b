import { describe, expect, it } from "vitest"
import { joinBytes } from "../bytes/join-bytes.ts"
import { findNals } from "../es/nal.ts"
import { AUDIO_PID } from "../es/testing/build-ts.ts"
import { annexB, H264_AUD_NAL, h264Pps, h264Slice, RECOVERY_POINT_NAL } from "../es/testing/parameter-sets.ts"
import { FlvMuxer, MESSAGE_MAX } from "./flv-muxer.ts"
import type { FlvMessage } from "./message.ts"
import { decodeVideoBody } from "./tag-body.ts"
import { mux } from "./testing/mux.ts"
import { readAmf0 } from "./testing/read-amf0.ts"

import { FRAME, inter, key, kinds, nalTypes, only, source, sps, VIDEO_ONLY } from "./testing/source.ts"

describe("the beginning", () => {
  it("is an IDR picture behind its headers; audio before it is dropped, but known", () => {
    const ts = source()
      .picture(inter(), 100_000 - FRAME)
      .sound(100_000 - 3840, 2)
      .picture(key(), 100_000)
      .picture(inter(), 100_000 + FRAME).bytes
    const { messages } = mux(ts)
    expect(kinds(messages)).toEqual(["metadata 0", "video_header 0", "audio_header 0", "key 0", "inter 40"])
    expect(mux(source().picture(inter(), 0).sound(100, 3).bytes).messages).toEqual([])
  })

  it("keeps the frame that begins with the picture", () => {
    const ts = source()
      .picture(key(), 100_000)
      .sound(100_000 - 1920, 3)
      .picture(inter(), 103_600).bytes
    expect(kinds(only(mux(ts).messages, "audio"))).toEqual(["audio 0", "audio 21"])
  })

  it("tells what the stream is", () => {
    const { messages } = mux(source().sound(0).picture(key(), 0).bytes, { encoder: "test 1" })
    expect(readAmf0(messages[0]?.body ?? new Uint8Array(0))).toEqual([
      "onMetaData",
      [
        ["duration", 0],
        ["fileSize", 0],
        ["width", 640],
        ["height", 480],
        ["videocodecid", 7],
        ["framerate", 25],
        ["audiocodecid", 10],
        ["audiosamplerate", 48_000],
        ["audiosamplesize", 16],
        ["audiochannels", 2],
        ["stereo", true],
        ["encoder", "test 1"],
      ],
    ])
    expect(Buffer.from(messages[2]?.body ?? []).toString("hex")).toBe("af001190")
  })

  it("waits up to a second for the audio that the PMT lists", () => {
    const late = (seconds: number) => {
      const ts = source()
      for (let t = 0; t < 90_000 * 2; t += FRAME) {
        ts.picture(t === 0 ? key() : inter(), t)
        if (t >= seconds * 90_000) ts.sound(t)
      }
      return mux(ts.bytes).messages.map(({ kind }) => kind)
    }
    expect(late(0.5).slice(0, 4)).toEqual(["metadata", "video_header", "audio_header", "key"])
    const missing = late(1.5)
    expect(missing.slice(0, 3)).toEqual(["metadata", "video_header", "key"])
    expect(missing.filter((kind) => kind === "metadata")).toHaveLength(2)
    expect(missing[missing.indexOf("audio_header") + 1]).toBe("audio")
  })

  it("of a stream without IDR pictures is its second recovery point, without the pictures shown before", () => {
    const recovery = annexB(H264_AUD_NAL, sps(), h264Pps(), RECOVERY_POINT_NAL, h264Slice())
    const ts = source(VIDEO_ONLY)
      .picture(recovery, 0)
      .picture(inter(), FRAME)
      .picture(recovery, 4 * FRAME, 2 * FRAME)
    ts.picture(inter(), 3 * FRAME)
      .picture(inter(), 5 * FRAME, 4 * FRAME)
      .picture(inter(), 4.5 * FRAME, 5 * FRAME)
    expect(kinds(mux(ts.bytes).messages)).toEqual(["metadata 0", "video_header 0", "key 0", "inter 80", "inter 120"])
    const idr = source(VIDEO_ONLY)
      .picture(recovery, 0)
      .picture(key(), FRAME)
      .picture(recovery, 2 * FRAME)
    expect(kinds(mux(idr.bytes).messages).slice(2)).toEqual(["key 0", "key 40"])
  })

  it("says why it does not begin", () => {
    const { messages, problems } = mux(
      source(VIDEO_ONLY).picture(annexB(H264_AUD_NAL, h264Slice({ idr: true })), 0).bytes,
    )
    expect(messages).toEqual([])
    expect(problems).toEqual([expect.stringContaining("without parameter sets")])
  })

  it("of audio alone is its first frame", () => {
    const { messages, muxer } = mux(source([{ pid: AUDIO_PID, stream_type: 0x0f }]).sound(777, 2).bytes)
    expect(kinds(messages)).toEqual(["metadata 0", "audio_header 0", "audio 0", "audio 21"])
    expect(muxer.audioOnly).toBe(true)
  })
})

describe("pictures", () => {
  it("lose delimiters and filler, and keep the rest, parameter sets too", () => {
    const filler = Uint8Array.of(12, 0xff, 0x80)
    const sei = Uint8Array.of(6, 5, 1, 0xaa, 0x80)
    const ts = source(VIDEO_ONLY).picture(
      annexB(H264_AUD_NAL, sps(), h264Pps(), sei, h264Slice({ idr: true }), filler),
      0,
    )
    ts.picture(annexB(H264_AUD_NAL, filler, sei, h264Slice()), FRAME)
    expect(only(mux(ts.bytes).messages, "key", "inter").map(nalTypes)).toEqual([
      [7, 8, 6, 5],
      [6, 1],
    ])
  })

  it("have composition times, rounded from absolute times", () => {
    const ts = source(VIDEO_ONLY)
    const dts = (i: number) => 1501.5 * 2 * i
    for (let i = 0; i < 100; i++) ts.picture(i === 0 ? key() : inter(), dts(i) + 2 * 3003, dts(i))
    const messages = only(mux(ts.bytes).messages, "key", "inter")
    expect(messages).toHaveLength(100)
    for (const [i, { timestampMs, body }] of messages.entries()) {
      expect(timestampMs).toBe(Math.round((i * 3003) / 90))
      expect(timestampMs + (decodeVideoBody(body)?.compositionTimeMs ?? 0)).toBe(Math.round(((i + 2) * 3003) / 90))
    }
  })

  it("that should have been shown before they are decoded are shown at once", () => {
    const { messages } = mux(
      source(VIDEO_ONLY)
        .picture(key(), 9000)
        .picture(inter(), 9000, 9000 + FRAME).bytes,
    )
    expect(decodeVideoBody(messages.at(-1)?.body ?? new Uint8Array(0))?.compositionTimeMs).toBe(0)
  })

  it("a new SPS or PPS comes as a header right before its IDR picture, the same one does not", () => {
    const ts = source(VIDEO_ONLY)
      .picture(key(), 0)
      .picture(key(), FRAME)
      .picture(key(sps(20), h264Pps()), 2 * FRAME)
    ts.picture(inter(), 3 * FRAME).picture(key(sps(20), h264Pps(0, 1)), 4 * FRAME)
    const { messages } = mux(ts.bytes)
    expect(kinds(messages)).toEqual([
      "metadata 0",
      "video_header 0",
      "key 0",
      "key 40",
      "metadata 80",
      "video_header 80",
      "key 80",
      "inter 120",
      "video_header 160",
      "key 160",
    ])
  })
})

describe("audio", () => {
  it("has exact times over any number of frames, from each PES packet's own", () => {
    for (const [index, rate] of [
      [3, 48_000],
      [4, 44_100],
      [7, 22_050],
    ] as const) {
      const ts = source().picture(key(), 90_000)
      for (let i = 0; i < 40; i++)
        ts.sound(90_000 + Math.round((i * 5 * 1024 * 90_000) / rate), 5, AUDIO_PID, { index })
      const times = only(mux(ts.picture(inter(), 93_600).bytes).messages, "audio").map(({ timestampMs }) => timestampMs)
      expect(times).toHaveLength(200)
      for (const [i, time] of times.entries())
        expect(Math.abs(time - (i * 1024 * 1000) / rate)).toBeLessThanOrEqual(0.51)
    }
  })

  it("changes its header with its configuration", () => {
    const ts = source().picture(key(), 0).sound(0, 2).sound(3840, 2, AUDIO_PID, { channels: 1 })
    const { messages } = mux(ts.picture(inter(), FRAME).bytes)
    const headers = only(messages, "audio_header").map(({ body }) => Buffer.from(body).toString("hex"))
    expect(headers).toEqual(["af001190", "af001188"])
    expect(kinds(messages).slice(-5, -1)).toEqual(["metadata 43", "audio_header 43", "audio 43", "audio 64"])
  })

  it("that FLV cannot carry is left out, and said once", () => {
    const { messages, problems } = mux(
      source().picture(key(), 0).sound(0, 2, AUDIO_PID, { blocks: 2 }).picture(inter(), FRAME).bytes,
    )
    expect(only(messages, "audio")).toEqual([])
    expect(problems).toEqual([expect.stringContaining("2 raw data blocks")])
    const pce = mux(source().picture(key(), 0).sound(0, 2, AUDIO_PID, { channels: 0 }).bytes)
    expect(pce.problems).toEqual([expect.stringContaining("channel_configuration 0")])
  })
})

describe("what no message may be", () => {
  const unit = (bytes: Uint8Array, n: number) => ({
    codec: "h264" as const,
    pts90k: n * FRAME,
    dts90k: n * FRAME,
    bytes,
    nals: findNals(bytes),
    idr: n === 0,
    randomAccess: n === 0,
  })

  it("a body beyond the 24 bits of its length field is left out and told; the next picture goes out", () => {
    const messages: FlvMessage[] = []
    const faults: string[] = []
    const muxer = new FlvMuxer({
      message: (message) => messages.push(message),
      problem: () => {},
      fault: (sentence) => faults.push(sentence),
    })
    muxer.streams({ program_number: 1, video: { pid: 0x100, codec: "h264" }, audio: null, unsupported: [] })
    muxer.video(unit(key(), 0))
    muxer.video(unit(joinBytes([inter(), new Uint8Array(MESSAGE_MAX).fill(7)]), 1))
    muxer.video(unit(inter(), 2))
    muxer.flush()
    expect(kinds(only(messages, "key", "inter"))).toEqual(["key 0", "inter 80"])
    expect(faults).toEqual([expect.stringContaining("16777215")])
  })

  it("the first messages do not wait for the audio without end when the times of the pictures stand still", () => {
    const messages: FlvMessage[] = []
    const muxer = new FlvMuxer({ message: (message) => messages.push(message), problem: () => {} })
    const audio = { pid: 0x101, codec: "aac" as const, opusChannelConfig: null }
    muxer.streams({ program_number: 1, video: { pid: 0x100, codec: "h264" }, audio, unsupported: [] })
    for (let i = 0; i < 1100; i++)
      muxer.video({ ...unit(i === 0 ? key() : inter(), i === 0 ? 0 : 1), pts90k: 0, dts90k: 0 })
    expect(messages.length).toBeGreaterThan(1000)
  })
})
