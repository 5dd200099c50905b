import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { joinBytes } from "../bytes/join-bytes.ts"
import { buildPacket } from "../ts/packet.ts"
import { buildPat, buildPmt } from "../ts/psi.ts"
import { VIDEO_PES_MAX } from "./pes-assembler.ts"
import { adtsFrame } from "./testing/audio.ts"
import { AUDIO_PID, H264_AAC, PMT_PID, pesPacket, TsWriter, VIDEO_PID } from "./testing/build-ts.ts"
import { type Collected, collect } from "./testing/collect.ts"
import { block, hex, inter, key, units, video } from "./testing/pictures.ts"
import { TsDemuxer } from "./ts-demuxer.ts"
import type { VideoUnit } from "./units.ts"

describe("faults", () => {
  const withFault = (change: (packet: Uint8Array, index: number) => Uint8Array | null): Collected => {
    const writer = video(new TsWriter().tables(), key(), 0)
    writer.pes(VIDEO_PID, pesPacket(inter(900), { pts: 3600 }), change)
    video(writer, inter(50, 9), 7200)
    return collect(writer.bytes)
  }
  const rest = [hex(key()), hex(inter(50, 9))]
  const nth = (n: number, change: (packet: Uint8Array) => Uint8Array | null) => (packet: Uint8Array, index: number) =>
    index === n ? change(packet) : packet
  const set = (at: number, bits: number) => (packet: Uint8Array) => {
    const changed = packet.slice()
    changed[at] = (changed[at] ?? 0) | bits
    return changed
  }

  it.each<[string, number, (packet: Uint8Array) => Uint8Array | null, string]>([
    ["a packet is missing", 2, () => null, "continuity"],
    ["transport_error_indicator", 2, set(1, 0x80), "transport_error"],
    ["scrambled", 2, set(3, 0x80), "scrambled"],
    ["no start code", 0, set(4, 0x40), "malformed"],
  ])("%s: the unit is dropped and reported, the others are not touched", (_, index, change, reason) => {
    const all = withFault(nth(index, change))
    expect(units(all)).toEqual(rest)
    expect(all.losses.map((loss) => loss.reason)).toContain(reason)
    expect(all.losses.filter(({ bytes }) => bytes > 0)).toHaveLength(1)
  })

  it("a packet without sync byte is a missing one", () => {
    expect(withFault(nth(2, (packet) => packet.slice().fill(0, 0, 1))).losses.map(({ reason }) => reason)).toEqual([
      "continuity",
    ])
  })

  it("a repeated packet counts once", () => {
    const writer = video(new TsWriter().tables(), key(), 0)
    writer.pes(VIDEO_PID, pesPacket(inter(900), { pts: 3600 }), (packet, index) => {
      writer.packet(packet)
      return index === 2 ? packet : null
    })
    const all = collect(writer.bytes)
    expect(units(all)).toEqual([key(), inter(900)].map(hex))
    expect(all.losses).toEqual([])
  })

  it("discontinuity_indicator without payload drops what is at hand, and whatever counter follows is right", () => {
    const writer = video(new TsWriter().tables(), key(), 0)
    video(writer, inter(900), 3600)
    writer.packet(buildPacket({ pid: VIDEO_PID, continuity_counter: 11, discontinuity: true }))
    writer.take(VIDEO_PID, 5)
    video(writer, key(80, 3), 90_000)
    const all = collect(writer.bytes)
    expect(units(all)).toEqual([key(), key(80, 3)].map(hex))
    expect(all.losses).toMatchObject([{ kind: "video", reason: "discontinuity" }])
    expect(all.discontinuities).toBe(1)
  })

  it("discontinuity_indicator at the beginning of a packet leaves the one before whole, if no counter is missing", () => {
    const send = (skip: number) => {
      const writer = video(new TsWriter().tables(), key(), 0)
      writer.take(VIDEO_PID, skip)
      const pes = pesPacket(inter(10), { pts: 9 })
      writer.packet(
        buildPacket({
          pid: VIDEO_PID,
          continuity_counter: writer.take(VIDEO_PID, 1),
          unit_start: true,
          discontinuity: true,
          payload: pes,
        }),
      )
      return collect(writer.bytes)
    }
    expect(units(send(0))).toEqual([key(), inter(10)].map(hex))
    expect(units(send(3))).toEqual([hex(inter(10))])
  })

  it("bounds a packet that does not end", () => {
    const writer = video(new TsWriter().tables(), key(), 0)
    const endless = video(new TsWriter(), joinBytes([inter(), new Uint8Array(VIDEO_PES_MAX).fill(1)]), 3600).bytes
    const demuxed: VideoUnit[] = []
    const losses: string[] = []
    const none = () => undefined
    const demuxer = new TsDemuxer({
      video: (unit) => demuxed.push(unit),
      audio: none,
      streams: none,
      lost: ({ reason }) => losses.push(reason),
      discontinuity: none,
    })
    demuxer.push(writer.bytes)
    for (let at = 0; at < endless.length; at += 188)
      endless[at + 3] = ((endless[at + 3] ?? 0) & 0xf0) | writer.take(VIDEO_PID, 1)
    demuxer.push(endless)
    expect(losses).toEqual(["too_large"])
    demuxer.push(video(writer, inter(), 7200).bytes.subarray(writer.bytes.length - 188))
    demuxer.flush()
    expect(demuxed).toHaveLength(2)
  })

  it("takes any packets", () => {
    const packet = fc.uint8Array({ minLength: 188, maxLength: 188 }).chain((bytes) =>
      fc.constantFrom(0, VIDEO_PID, AUDIO_PID, PMT_PID).map((pid) => {
        bytes.set([0x47, ((bytes[1] ?? 0) & 0xe0) | (pid >> 8), pid & 255])
        return bytes
      }),
    )
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 40 }), (packets) => {
        const all = collect(joinBytes([new TsWriter().tables().bytes, ...packets]))
        expect(all.streams.length).toBeGreaterThan(0)
      }),
    )
  })
})

describe("programmes", () => {
  const hevc = { pid: 0x200, stream_type: 0x24 }
  const one = { program_number: 1, pid: 0x20 }
  const two = { program_number: 2, pid: 0x30 }

  it("chooses the first with video, in the order of the PAT", () => {
    const writer = new TsWriter().pat([one, two])
    writer.pmt([hevc], 2, two.pid)
    expect(collect(writer.bytes).streams).toEqual([])
    expect(collect(writer.pmt([{ pid: 0x201, stream_type: 0x0f }], 1, one.pid).bytes).streams).toMatchObject([
      { program_number: 2 },
    ])
    const both = new TsWriter().pat([one, two]).pmt([hevc], 2, two.pid).pmt(H264_AAC, 1, one.pid)
    expect(collect(both.bytes).streams).toMatchObject([{ program_number: 1, video: { pid: VIDEO_PID } }])
  })

  it("does not wait for ever for a PMT that is missing", () => {
    const writer = new TsWriter().pat([one, two]).pmt([hevc], 2, two.pid).pmt([hevc], 2, two.pid)
    expect(collect(writer.bytes).streams).toMatchObject([{ program_number: 2, video: { pid: 0x200, codec: "hevc" } }])
  })

  it("waits on after a PMT that is damaged: nothing was seen of it", () => {
    const damaged = buildPmt({ program_number: 2, version: 0, pcr_pid: 0x200, descriptors: [], streams: [] })
    damaged[damaged.length - 1] = (damaged[damaged.length - 1] ?? 0) ^ 1
    const writer = new TsWriter().pat([one, two]).section(two.pid, damaged).pmt([hevc], 2, two.pid)
    expect(collect(writer.bytes).streams).toEqual([])
    expect(collect(writer.pmt(H264_AAC, 1, one.pid).bytes).streams).toMatchObject([{ program_number: 1 }])
  })

  it("takes the programme and the PIDs that it is told", () => {
    const writer = new TsWriter()
      .pat([one, two])
      .pmt(H264_AAC, 1, one.pid)
      .pmt([hevc, { pid: 0x201, stream_type: 0x81 }, ...H264_AAC], 2, two.pid)
    expect(collect(writer.bytes, { programNumber: 2 }).streams).toMatchObject([
      { video: { pid: 0x200 }, audio: { pid: AUDIO_PID } },
    ])
    const chosen = collect(writer.bytes, { programNumber: 2, videoPid: VIDEO_PID, audioPid: 0x201 })
    expect(chosen.streams).toMatchObject([{ video: { pid: VIDEO_PID }, audio: { pid: 0x201, codec: "ac3" } }])
    expect(collect(writer.bytes, { audioPid: 0x999 }).streams).toMatchObject([{ audio: null }])
  })

  it("follows a PMT: audio that comes later, video that moves", () => {
    const writer = new TsWriter().tables([{ pid: VIDEO_PID, stream_type: 0x1b }])
    video(writer, key(), 0)
    writer.pmt(H264_AAC, 1, PMT_PID, 1)
    writer.pes(AUDIO_PID, pesPacket(adtsFrame(block(30)), { pts: 5, bounded: true }))
    writer.pmt(
      [
        { pid: 0x300, stream_type: 0x1b },
        { pid: AUDIO_PID, stream_type: 0x0f },
      ],
      1,
      PMT_PID,
      2,
    )
    writer.pes(0x300, pesPacket(inter(), { pts: 3600 }))
    const all = collect(writer.bytes)
    expect(all.streams.map(({ video, audio }) => [video?.pid, audio?.pid])).toEqual([
      [VIDEO_PID, undefined],
      [VIDEO_PID, AUDIO_PID],
      [0x300, AUDIO_PID],
    ])
    expect(units(all)).toEqual([key(), inter()].map(hex))
    expect(all.frames).toHaveLength(1)
    expect(all.losses).toEqual([])
  })

  it("follows a PAT to another PMT PID", () => {
    const writer = new TsWriter().tables()
    writer.pat([{ program_number: 7, pid: 0x77 }], 1).pmt([hevc], 7, 0x77)
    expect(collect(writer.bytes).streams.map(({ program_number }) => program_number)).toEqual([1, 7])
  })

  it("follows the PAT of another encoder, and that of the first one when it is back", () => {
    const patOf = (transport_stream_id: number, program: typeof one) =>
      buildPat({ transport_stream_id, version: 0, programs: [program] })
    const writer = new TsWriter().section(0, patOf(1, one)).pmt(H264_AAC, 1, one.pid)
    writer.section(0, patOf(2, two)).pmt([hevc], 2, two.pid)
    writer.section(0, patOf(1, one)).pmt(H264_AAC, 1, one.pid)
    expect(collect(writer.bytes).streams.map(({ program_number }) => program_number)).toEqual([1, 2, 1])
  })

  it("follows a programme that is listed again, on the PMT PID that another had meanwhile", () => {
    const other = { program_number: 2, pid: one.pid }
    const writer = new TsWriter().pat([one], 0).pmt(H264_AAC, 1, one.pid)
    writer.pat([other], 1).pmt([hevc], 2, one.pid)
    writer.pat([one], 2).pmt(H264_AAC, 1, one.pid)
    expect(collect(writer.bytes).streams.map(({ program_number }) => program_number)).toEqual([1, 2, 1])
  })

  it("says the same selection once", () => {
    const writer = new TsWriter().tables().pmt(H264_AAC).pmt(H264_AAC, 1, PMT_PID, 5)
    expect(collect(writer.bytes).streams).toHaveLength(1)
  })
})
