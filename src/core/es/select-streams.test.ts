import { describe, expect, it } from "vitest"
import { type Descriptor, registrationDescriptor } from "../ts/psi.ts"
import { codecOf, selectStreams } from "./select-streams.ts"

const stream = (stream_type: number, ...descriptors: Descriptor[]) => ({ pid: 0x100, stream_type, descriptors })
const tagged = (tag: number, ...data: number[]): Descriptor => ({ tag, data: new Uint8Array(data) })

describe("codecOf", () => {
  it.each<[string, ReturnType<typeof stream>, unknown]>([
    ["H.264", stream(0x1b), { video: "h264" }],
    ["HEVC", stream(0x24), { video: "hevc" }],
    ["AAC", stream(0x0f), { audio: "aac" }],
    ["AC-3 of ATSC", stream(0x81), { audio: "ac3" }],
    ["E-AC-3 of ATSC", stream(0x87), { audio: "eac3" }],
    ["AC-3 of DVB", stream(0x06, tagged(0x6a, 0)), { audio: "ac3" }],
    ["E-AC-3 of DVB", stream(0x06, tagged(0x0a), tagged(0x7a, 0)), { audio: "eac3" }],
    ["AC-3 by registration", stream(0x06, registrationDescriptor("AC-3")), { audio: "ac3" }],
    ["Opus", stream(0x06, registrationDescriptor("Opus")), { audio: "opus" }],
    ["LATM", stream(0x11), { unsupported: "AAC in LATM" }],
    ["MPEG-2 video", stream(0x02), { unsupported: "MPEG-2 video" }],
    ["MP2", stream(0x03), { unsupported: "MPEG-1 audio" }],
    ["MP2 of MPEG-2", stream(0x04), { unsupported: "MPEG-2 audio" }],
    ["teletext", stream(0x06, tagged(0x56, 0)), null],
    ["SCTE-35", stream(0x86), null],
    ["private, of nobody", stream(0x06), null],
  ])("%s", (_, entry, codec) => {
    expect(codecOf(entry)).toEqual(codec)
  })
})

describe("selectStreams", () => {
  const at = (pid: number, stream_type: number, ...descriptors: Descriptor[]) => ({
    ...stream(stream_type, ...descriptors),
    pid,
  })

  it("prefers AAC, and takes other audio for want of it", () => {
    const ac3 = at(2, 0x81)
    expect(selectStreams({ program_number: 5, streams: [at(1, 0x1b), ac3, at(3, 0x0f), at(4, 0x0f)] }).audio?.pid).toBe(
      3,
    )
    expect(selectStreams({ program_number: 5, streams: [at(1, 0x1b), at(9, 0x03), ac3] })).toEqual({
      program_number: 5,
      video: { pid: 1, codec: "h264" },
      audio: { pid: 2, codec: "ac3", opusChannelConfig: null },
      unsupported: [{ pid: 9, stream_type: 3, name: "MPEG-1 audio" }],
    })
  })

  it("reads the channels of Opus", () => {
    const opus = at(7, 0x06, registrationDescriptor("Opus"), tagged(0x7f, 0x80, 6))
    expect(selectStreams({ program_number: 1, streams: [opus] }).audio).toEqual({
      pid: 7,
      codec: "opus",
      opusChannelConfig: 6,
    })
    expect(
      selectStreams({ program_number: 1, streams: [at(7, 0x06, registrationDescriptor("Opus"))] }).audio
        ?.opusChannelConfig,
    ).toBeNull()
  })
})
