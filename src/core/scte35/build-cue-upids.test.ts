import { describe, expect, it } from "vitest"
import { encodeUpid } from "./encode-upid.ts"

describe("UPIDs from text", () => {
  it.each([
    [0x00, "", ""],
    [0x03, "ABCD0123456H", "414243443031323334353648"],
    [
      0x04,
      "060A2B34.01010105.01010D20.13000000.01020304.05060708.090A0B0C.0D0E0F10",
      "060a2b340101010501010d20130000000102030405060708090a0b0c0d0e0f10",
    ],
    [0x06, "0000-0000-3A8D-0000-0000-0001", "000000003a8d000000000001"],
    [0x08, "0x000000002CA0A18A", "000000002ca0a18a"],
    [0x0a, "10.5240/7791-8534-2C23-9030-8610", "1478779185342c2390308610"],
    [0x0a, "10.65535/0000-0000-0000-0000-0000", "ffff00000000000000000000"],
    [0x0a, "10.5/0000-0000-0000-0000-00FF-X", "0005000000000000000000ff"],
    [0x0c, "0x4142434401", "4142434401"],
    [0x0f, "u".repeat(255), "75".repeat(255)],
    [0x10, "cb0350b7-8d4a-4ec7-8e24-0d7ae0a1b2c3", "cb0350b78d4a4ec78e240d7ae0a1b2c3"],
  ])("type %i: %j", (type, text, hex) => expect(encodeUpid(type, text)).toEqual({ ok: true, hex }))

  it.each([
    [0x00, "x", /type Not Used must be empty/],
    [0x08, "12345", /type AiringID must be 16 hexadecimal digits, is "12345"/],
    [0x09, "caffè", /type ADI must be printable ASCII/],
    [0x0a, "10.5240/7791-8534-2C23-9030", /type EIDR must be like/],
    [0x0a, "10.99999/7791-8534-2C23-9030-8610", /type EIDR must be like/],
    [0x0d, "SIG", /type MID must be 0x and hexadecimal digits/],
    [0x0f, "u".repeat(256), /at most 255 bytes, this one has 256/],
    [0x42, "", /segmentation_upid_type 66 is not defined/],
  ])("type %i refuses %j", (type, text, problem) =>
    expect(encodeUpid(type, text)).toEqual({ ok: false, problem: expect.stringMatching(problem) }),
  )
})
