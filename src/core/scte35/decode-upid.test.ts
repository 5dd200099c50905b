import { describe, expect, it } from "vitest"
import { segmentationTypes } from "./segmentation-types.ts"
import { descriptor, readOne, SEGMENT } from "./testing/read-descriptor.ts"
import { upidTypes } from "./upid-types.ts"

describe("UPIDs", () => {
  const readUpid = (type: string, bytes: string) => {
    const digits = bytes.replaceAll(" ", "")
    const length = (digits.length / 2).toString(16).padStart(2, "0")
    return readOne(descriptor("02", `${SEGMENT} ${type} ${length} ${digits} 34 00 00`))
  }

  it.each<[string, string, string, string]>([
    ["01", "User Defined", "48443031", "HD01"],
    ["02", "ISCI", "4142434431323334", "ABCD1234"],
    ["03", "Ad-ID", "414243443031323334353648", "ABCD0123456H"],
    [
      "04",
      "UMID",
      "060a2b340101010501010d20130000000102030405060708090a0b0c0d0e0f10",
      "060A2B34.01010105.01010D20.13000000.01020304.05060708.090A0B0C.0D0E0F10",
    ],
    ["05", "ISAN (8 bytes)", "000000003a8d0000", "0000-0000-3A8D-0000"],
    ["06", "ISAN", "000000003a8d000000000001", "0000-0000-3A8D-0000-0000-0001"],
    ["07", "TID", "4d5630303034313436343030", "MV0004146400"],
    ["08", "AiringID", "000000002ca0a18a", "0x000000002ca0a18a"],
    ["09", "ADI", "5349474e414c3a31", "SIGNAL:1"],
    ["0a", "EIDR", "1478 7791 8534 2c23 9030 8610", "10.5240/7791-8534-2C23-9030-8610"],
    ["0e", "ADS Information", "61203d7e", "a =~"],
    ["0f", "URI", "75726e3a78", "urn:x"],
    ["10", "UUID", "cb0350b7 8d4a 4ec7 8e24 0d7ae0a1b2c3", "cb0350b7-8d4a-4ec7-8e24-0d7ae0a1b2c3"],
    ["11", "SCR", "6162", "ab"],
  ])("type 0x%s, %s", (type, upid_type_name, bytes, upid_text) => {
    const one = readUpid(type, bytes)
    expect(one.warnings).toEqual([])
    expect(one.descriptor).toMatchObject({
      segmentation_upid_type: Number.parseInt(type, 16),
      upid_type_name,
      upid_text,
      segmentation_upid_hex: bytes.replaceAll(" ", ""),
    })
  })

  it("splits an MPU into its owner and what is the owner's", () => {
    expect(readUpid("0c", "44495343 594d57").descriptor).toMatchObject({
      upid_type_name: "MPU",
      upid_text: null,
      mpu: {
        format_identifier: 0x44495343,
        format_identifier_text: "DISC",
        private_data_hex: "594d57",
        private_data_text: "YMW",
      },
    })
  })

  it("takes an MPU of an owner alone, and a text of no characters", () => {
    expect(readUpid("0c", "44495343")).toMatchObject({ warnings: [], descriptor: { mpu: { private_data_hex: "" } } })
    expect(readUpid("09", "")).toMatchObject({ warnings: [], descriptor: { upid_text: null } })
  })

  it("splits an ATSC content identifier", () => {
    expect(readUpid("0b", "00f1 ee07 6162").descriptor).toMatchObject({
      atsc: { tsid: 241, end_of_day: 23, unique_for: 7, content_id_hex: "6162", content_id_text: "ab" },
    })
  })

  it("reads every UPID of a MID, and those of a MID inside it", () => {
    const one = readUpid("0d", "08 08 000000002ca0a18a 0d 05 09 03 53 49 47 0c 05 41424344 ff 00 00 42 01 7f")
    expect(one.errors).toEqual([])
    expect(one.descriptor).toMatchObject({
      upids: [
        { upid_type_name: "AiringID", upid_text: "0x000000002ca0a18a" },
        {
          upid_type_name: "MID",
          segmentation_upid_hex: "0903534947",
          upids: [{ upid_type_name: "ADI", upid_text: "SIG" }],
        },
        {
          upid_type_name: "MPU",
          mpu: { format_identifier_text: "ABCD", private_data_hex: "ff", private_data_text: null },
        },
        { upid_type_name: "Not Used", segmentation_upid_length: 0 },
        { upid_type_name: "Reserved 0x42", segmentation_upid_hex: "7f", upid_text: null },
      ],
    })
  })

  it.each<[string, string, string, string]>([
    [
      "a MID whose UPID runs past it",
      "0d",
      "09 04 534947",
      "MID of 5 bytes is truncated at its byte 0: UPID 1 does not fit",
    ],
    [
      "a MID that ends after a type",
      "0d",
      "0901 41 08",
      "MID of 4 bytes is truncated at its byte 3: UPID 2 does not fit",
    ],
    ["an EIDR of one byte", "0a", "30", "UPID of type EIDR has 1 byte, the specification says 12"],
    ["an MPU without owner", "0c", "4142", "UPID of type MPU has 2 bytes, it needs at least 4"],
  ])("%s is unusual, not wrong, and kept", (_, type, bytes, warning) => {
    const one = readUpid(type, bytes)
    expect(one.errors).toEqual([])
    expect(one.warnings).toEqual([warning])
    expect(one.descriptor).toMatchObject({ segmentation_upid_hex: bytes.replaceAll(" ", "") })
  })
})

describe("tables", () => {
  it("know every segmentation type of Table 23, starts before their ends", () => {
    const types = segmentationTypes()
    const ids = types.map(({ id }) => id.toString(16).padStart(2, "0")).join(" ")
    expect(ids).toBe(
      "00 01 02 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f 40 41 42 43 44 45 46 47 50 51",
    )
    for (const { id, name, role } of types.filter(({ name }) => name.endsWith(" End"))) {
      const start = types.find((type) => type.id === id - 1)
      expect([role, start?.role, start?.name]).toEqual(["end", "start", name.replace(/End$/, "Start")])
    }
    expect(types.filter(({ sub_segments }) => sub_segments).map(({ id }) => id)).toEqual([
      0x30, 0x32, 0x34, 0x36, 0x38, 0x3a, 0x44, 0x46,
    ])
  })

  it("know every UPID type of Table 22", () => {
    expect(upidTypes().flatMap(({ id, deprecated }) => (deprecated ? [id] : []))).toEqual([1, 2, 5])
    expect(upidTypes().map(({ id }) => id)).toEqual(Array.from({ length: 0x12 }, (_, id) => id))
  })
})
