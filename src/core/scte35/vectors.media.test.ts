/**
 * Sections from public test suites, with decodes made independently of the product, and sections of captured and
 * encoder-made streams.
 */
import { describe, expect, it } from "vitest"
import { hasMedia, readMedia } from "../../../test/media.ts"
import { fromHex, toHex } from "../bytes/bytes-text.ts"
import { parsePacket } from "../ts/packet.ts"
import { decodeCueText } from "./cue-text.ts"
import { decodeSpliceInfoSection } from "./decode-section.ts"
import { effectivePts } from "./effective-pts.ts"
import { encodeSpliceInfoSection } from "./encode-section.ts"
import { assemble, read } from "./testing/assemble.ts"

type Fields = Readonly<Record<string, unknown>>

interface Vector {
  readonly id: string
  readonly name: string
  readonly category: string
  readonly hex?: string
  readonly base64?: string
  readonly input?: string
  readonly expected: Fields & { readonly ok: boolean; readonly error?: string }
  readonly fields_if_crc_ignored?: Fields
  readonly structure_error_too?: string
}

const vectors: Vector[] = hasMedia ? JSON.parse(new TextDecoder().decode(readMedia("scte35-vectors.json"))).vectors : []
const having = (test: (vector: Vector) => boolean): Vector[] => vectors.filter(test)

/** Keys that are about the vector, not about the section. */
const ABOUT_THE_VECTOR = new Set(["ok", "note", "upid_text_by_comcast_scte35_go"])
/** Keys that the product adds to the fields of commands and descriptors. */
const OURS =
  /^(name|(pts_time|break_duration|preroll|pts_offset|segmentation_duration)_seconds|.*_iso|.*_name|.*_text|reserved|mpu|upids|atsc|event_id_compliance_flag|segmentation_event_id_compliance_indicator|trailing_bytes)$/

const strip = (value: unknown, drop: (key: string) => boolean): unknown => {
  if (Array.isArray(value)) return value.map((item) => strip(item, drop))
  if (value === null || typeof value !== "object") return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (drop(key) ? [] : [[key, strip(inner, drop)]])),
  )
}

/** Expects exactly the keys and values of the vector, except for those that the product adds. */
const expectContract = (section: unknown, expected: Fields): void => {
  const wanted = strip(expected, (key) => ABOUT_THE_VECTOR.has(key)) as Fields
  const got = strip(section, (key) => OURS.test(key)) as Fields
  expect(Object.fromEntries(Object.keys(wanted).map((key) => [key, got[key]]))).toEqual(wanted)
}

const bytesOf = (hex = ""): Uint8Array => fromHex(hex) ?? new Uint8Array(0)

describe.skipIf(!hasMedia)("[media] SCTE-35 vectors", () => {
  it("are all of them", () => expect(vectors).toHaveLength(164))

  it.each(having(({ hex, expected }) => hex !== undefined && expected.ok))(
    "$id $name: reads as expected, and is written again",
    (vector) => {
      const bytes = bytesOf(vector.hex)
      const section = read(bytes)
      expect(section.errors).toEqual([])
      expectContract(section, vector.expected)
      expect(section.hex).toBe(vector.hex)
      expect(section.base64).toBe(vector.base64)
      expect(effectivePts(section)).toBe(vector.expected["adjusted_pts"] ?? null)
      expect(toHex(encodeSpliceInfoSection(section))).toBe(vector.hex)
      expect(decodeCueText(vector.base64 ?? "")).toEqual({ ok: true, section, bytes })
    },
  )

  it.each(having(({ category }) => category === "crc_error"))("$id $name: CRC_32 is wrong", (vector) => {
    const section = read(bytesOf(vector.hex))
    expect(section.crc_ok).toBe(false)
    expect(section.errors[0]).toMatch(/^CRC_32 is 0x[0-9a-f]{8}, the bytes give 0x[0-9a-f]{8}/)
    if (vector.fields_if_crc_ignored !== undefined) expectContract(section, vector.fields_if_crc_ignored)
    if (vector.structure_error_too !== undefined)
      expect(section.errors.join()).toMatch(/does not fit in the loop|descriptor_loop_length/)
  })

  it.each(having(({ expected }) => expected.error === "overrun"))("$id $name: breaks its own lengths", (vector) => {
    const section = read(bytesOf(vector.hex))
    expect(section.crc_ok).toBe(true)
    expect(section.errors[0]).toMatch(/is truncated at byte \d+ of \d+/)
    expect(toHex(encodeSpliceInfoSection(section))).toBe(vector.hex)
  })

  it.each(having(({ expected }) => expected.error?.startsWith("truncated") === true))(
    "$id $name: is truncated",
    (vector) => {
      const [, length, there] =
        /section_length (\d+), have (\d+) bytes after header/.exec(vector.expected.error ?? "") ?? []
      const sentence = new RegExp(
        `^truncated at byte ${Number(there) + 3} of ${Number(length) + 3}: section_length ${length} announces`,
      )
      expect(decodeSpliceInfoSection(bytesOf(vector.hex))).toEqual({
        ok: false,
        error: expect.stringMatching(sentence),
      })
    },
  )

  it.each(having(({ expected }) => /table_id/.test(expected.error ?? "")))(
    "$id $name: is another table",
    ({ hex, input }) => {
      const decoded = input === undefined ? decodeSpliceInfoSection(bytesOf(hex)) : decodeCueText(input)
      expect(decoded).toEqual({ ok: false, error: expect.stringMatching(/^table_id is 0x[0-9A-F]{2}, not 0xFC/) })
    },
  )

  it.each([
    ["Invalid Base64 Encoding", /belongs neither to base64 nor to hexadecimal/],
    ["Invalid base64 single char", /neither hexadecimal .* nor base64/],
    ["base64 too short", /too short/],
    ["section_length too large", /^truncated at byte 36 of 4098: section_length 4095/],
  ])("refuses the text of %j", (name, reason) => {
    const [vector] = having((candidate) => candidate.name === name)
    expect(decodeCueText(vector?.input ?? "no such vector")).toEqual({
      ok: false,
      error: expect.stringMatching(reason),
    })
  })

  it.each(having(({ category }) => category === "descriptor_body"))("$id $name", ({ input = "", expected }) => {
    const length = (input.length / 2 + 4).toString(16).padStart(2, "0")
    const bytes = assemble({ type: "00", command: "", descriptors: `02${length}43554549${input}` })
    const section = read(bytes)
    expect(section.descriptors).toMatchObject([
      { name: "segmentation_descriptor", sub_segment_num: null, sub_segments_expected: null },
    ])
    // The vector says 4 bytes, but its 22 bytes hold 19 up to segments_expected.
    expect(section.errors).toEqual(expected.ok ? [] : [expect.stringMatching(/: 3 bytes left over$/)])
    expect(toHex(encodeSpliceInfoSection(section))).toBe(toHex(bytes))
  })

  it("leave none out", () => {
    const seen = having(
      ({ hex, expected, category }) =>
        (hex !== undefined && expected.ok) ||
        category === "crc_error" ||
        /^overrun|^truncated|table_id/.test(expected.error ?? "") ||
        category === "bad_input_string" ||
        category === "descriptor_body",
    )
    expect(seen).toHaveLength(vectors.length)
  })

  it("have the UPIDs that scte35-go reads", () => {
    const compared = having(({ hex, expected }) => hex !== undefined && expected.ok).flatMap(({ hex, expected }) => {
      const wanted = (expected["descriptors"] as Fields[]).map(
        (one) => one["upid_text_by_comcast_scte35_go"] as Fields[] | undefined,
      )
      return (read(bytesOf(hex)).descriptors ?? []).flatMap((descriptor, i) => {
        if (descriptor.name !== "segmentation_descriptor" || descriptor.segmentation_event_cancel_indicator) return []
        return (descriptor.upids ?? [descriptor]).flatMap((upid, j) => {
          const theirs = wanted[i]?.[j]
          return theirs === undefined ? [] : [{ upid, theirs }]
        })
      })
    })
    for (const { upid, theirs } of compared) {
      const value = String(theirs["value"])
      expect(upid.segmentation_upid_type).toBe(theirs["type"])
      if (upid.mpu !== undefined) {
        expect(upid.mpu.format_identifier).toBe(theirs["format_identifier"])
        expect(upid.mpu.private_data_hex).toBe(Buffer.from(value, "base64").toString("hex"))
      } else if (upid.upid_type_name === "AiringID") expect(BigInt(upid.upid_text ?? -1).toString()).toBe(value)
      else if (upid.upid_type_name === "ISAN")
        expect(upid.segmentation_upid_hex).toBe(Buffer.from(value, "base64").toString("hex"))
      else if (value !== "" && upid.upid_text !== null) expect(upid.upid_text).toBe(value)
    }
    expect(compared.filter(({ upid }) => upid.upid_text !== null || upid.mpu !== undefined).length).toBeGreaterThan(70)
  })
})

/** Sections of a PID whose packets hold one each, from the first byte of the payload. */
const sectionsOf = (name: string, pid: number): Uint8Array[] => {
  const stream = readMedia(name)
  const sections: Uint8Array[] = []
  for (let at = 0; at + 188 <= stream.length; at += 188) {
    const packet = parsePacket(stream.subarray(at, at + 188))
    if (packet?.pid === pid && packet.unit_start && packet.payload.length > 4) sections.push(packet.payload.subarray(1))
  }
  return sections
}

describe.skipIf(!hasMedia)("[media] sections in transport streams", () => {
  it("of an encoder that does not state splice_command_length read as TSDuck reads them", () => {
    const sections = sectionsOf("tsduck/test-091.ts", 0x13).map(read)
    expect(sections).toMatchObject([
      {
        section_length: 37,
        pts_adjustment: 880_882_211,
        splice_command_length: 0xfff,
        crc32: "0xe8676571",
        errors: [],
        command: {
          splice_event_id: 0x62001c7e,
          out_of_network_indicator: true,
          pts_time: 7_965_436_329,
          break_auto_return: true,
          break_duration: 5_400_000,
          unique_program_id: 0,
        },
        descriptors: [],
      },
    ])
  })

  it("of a packager read as the manifest says", () => {
    expect(sectionsOf("kim-company/scte35.ts", 0x100).map(read)).toMatchObject([
      {
        errors: [],
        command: {
          splice_event_id: 100,
          out_of_network_indicator: true,
          pts_time: 5_400_000,
          break_duration: 5_400_000,
          break_auto_return: false,
        },
        descriptors: [{ name: "avail_descriptor", provider_avail_id: 0x12 }],
      },
    ])
  })

  it("of a player's test stream: three, two of them different", () => {
    const sections = sectionsOf("androidx-media/sample_scte35.ts", 0x258).map(read)
    expect(sections.map(({ errors }) => errors)).toEqual([[], [], []])
    expect(new Set(sections.map(({ hex }) => hex))).toHaveLength(2)
    for (const { command } of sections)
      expect(command).toMatchObject({ name: "splice_insert", splice_immediate_flag: false })
  })
})
