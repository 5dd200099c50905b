import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { hasFfmpeg, runFfmpeg } from "../../../test/ffmpeg.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import {
  AAC_SAMPLE_RATES,
  aacChannels,
  buildAudioSpecificConfig,
  parseAdtsHeader,
  parseAudioSpecificConfig,
  silentAacBlock,
} from "./aac.ts"
import { adtsFrame } from "./testing/audio.ts"

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"))

describe("ADTS", () => {
  it.each([
    [
      "LC, 48 kHz, stereo, no CRC",
      "fff14c80 01 7ffc",
      { object_type: 2, sample_rate: 48_000, channel_configuration: 2, header_size: 7, frame_size: 11, blocks: 1 },
    ],
    [
      "LC, 44.1 kHz, mono, CRC, MPEG-2",
      "fff8504002 1ffc",
      { object_type: 2, sample_rate: 44_100, channel_configuration: 1, header_size: 9, frame_size: 16, blocks: 1 },
    ],
    ["7.1, two blocks", "fff14dc00c9ffd", { channel_configuration: 7, frame_size: 100, blocks: 2 }],
  ])("%s", (_, bytes, header) => {
    expect(parseAdtsHeader(hex(bytes))).toMatchObject(header)
  })

  it.each([
    ["layer is not 0", "fff34c80017ffc"],
    ["no syncword", "fef14c80017ffc"],
    ["a reserved sampling frequency", "fff17480017ffc"],
    ["a frame shorter than its header", "fff14c8000dffc"],
    ["six bytes", "fff14c80017f"],
  ])("refuses: %s", (_, bytes) => {
    expect(parseAdtsHeader(hex(bytes))).toBeNull()
  })

  it("reads what the tests write", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 8000 }),
        (index, channels, crc, size) => {
          const frame = adtsFrame(new Uint8Array(size), { index, channels, crc })
          const expected = {
            sampling_frequency_index: index,
            channel_configuration: channels,
            header_size: crc ? 9 : 7,
            frame_size: frame.length,
          }
          expect(parseAdtsHeader(frame)).toMatchObject(expected)
        },
      ),
    )
  })
})

describe("AudioSpecificConfig", () => {
  it.each([
    ["1190", { object_type: 2, sampling_frequency_index: 3, channel_configuration: 2 }],
    ["1208", { object_type: 2, sampling_frequency_index: 4, channel_configuration: 1 }],
    ["1210", { object_type: 2, sampling_frequency_index: 4, channel_configuration: 2 }],
    ["1310", { object_type: 2, sampling_frequency_index: 6, channel_configuration: 2 }],
  ])("%s", (bytes, config) => {
    expect(Buffer.from(buildAudioSpecificConfig(config)).toString("hex")).toBe(bytes)
    expect(parseAudioSpecificConfig(hex(bytes))).toEqual(config)
  })

  it("does not read escapes", () => {
    expect(parseAudioSpecificConfig(hex("f810"))).toBeNull()
    expect(parseAudioSpecificConfig(hex("1780"))).toBeNull()
    expect(parseAudioSpecificConfig(hex("11"))).toBeNull()
    expect(aacChannels(7)).toBe(8)
  })
})

describe("silence", () => {
  it("is as small as it can be", () => {
    expect(silentAacBlock(1)).toHaveLength(4)
    expect(silentAacBlock(2)).toHaveLength(6)
  })
})

describe.skipIf(!hasFfmpeg)("silence as ffmpeg decodes it", () => {
  const CASES = AAC_SAMPLE_RATES.slice(0, 12).flatMap((rate, index) =>
    ([1, 2] as const).map((channels) => ({ rate, index, channels })),
  )
  let decoded: ReturnType<typeof runFfmpeg>
  beforeAll(() => {
    const jobs = CASES.map(({ channels, index }) => ({
      input: joinBytes(new Array<Uint8Array>(20).fill(adtsFrame(silentAacBlock(channels), { index, channels }))),
      format: "aac",
      outputs: [{ maps: [], options: ["-f", "s16le"] }],
    }))
    decoded = runFfmpeg(jobs, ["-xerror"])
  })

  it("makes no error", () => {
    expect([decoded.stderr, decoded.status]).toEqual(["", 0])
  })

  it.each(CASES)("has nothing but zeros at $rate Hz (index $index) with $channels channels", (one) => {
    const bytes = decoded.files[CASES.indexOf(one)]?.[0] ?? new Uint8Array()
    expect(bytes.length).toBe(20 * 1024 * 2 * one.channels)
    expect(bytes.every((byte) => byte === 0)).toBe(true)
    expect(one.rate).toBe(AAC_SAMPLE_RATES[one.index])
  })
})
