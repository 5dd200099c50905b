import { describe, expect, it } from "vitest"
import { decodeCueText } from "./cue-text.ts"

/** A splice_null with cw_index 255 and tier 0xFEF, so that "+" and "/" occur in base64. */
const BYTES = Uint8Array.from([0xfc, 0x30, 0x11, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0xf0, 0, 0, 0, 0, 0, 0, 0, 0])

const base64 = Buffer.from(BYTES).toString("base64")
const hex = Buffer.from(BYTES).toString("hex")

describe("a cue as text", () => {
  it("is the same section in every notation", () => {
    expect(base64).toMatch(/[+/].*=$/)
    const notations = [
      base64,
      base64.replace(/=+$/, ""),
      Buffer.from(BYTES).toString("base64url"),
      base64.replace(/(.{7})/g, "$1\r\n "),
      hex,
      hex.toUpperCase(),
      `0x${hex}`,
      `0X${hex.toUpperCase()}`,
      hex.replace(/(..)/g, "$1 "),
      `00${hex}`,
      `  ${hex}\n`,
    ]
    for (const text of notations) {
      const decoded = decodeCueText(text)
      expect(decoded).toMatchObject({ ok: true, section: { hex, cw_index: 0xff, tier: 0xfef } })
      expect(decoded.ok && Buffer.from(decoded.bytes).toString("hex")).toBe(hex)
    }
  })

  it("is returned with its errors when it is damaged", () => {
    expect(decodeCueText(hex)).toMatchObject({
      ok: true,
      section: { crc_ok: false, errors: [expect.stringContaining("CRC_32 is 0x00000000")] },
    })
  })

  it.each([
    ["nothing", " \n", /the text is empty/],
    ["a strange character", "/DBaf%^", /character "%" at position 6 belongs neither to base64 nor to hexadecimal/],
    ["a strange character of two units", "/DBa😀", /character "😀" at position 5/],
    ["padding in the middle", "/DA=AAAA", /"=" may only stand at the end/],
    ["an odd number of digits", "fc301", /the number of digits, 5, is odd/],
    ["a digit that is none, after 0x", "0xfcg0", /"g" is not a hexadecimal digit/],
    ["0x alone", "0x", /the number of digits, 0, is odd or nought/],
    ["too much of it", "f".repeat(20_000), /the text has 20000 characters/],
    ["other bytes", "aaaaaaaa", /table_id is 0xAA, not 0xFC: 4 bytes .* too short for one/],
    [
      "base64 cut off inside a section",
      base64.slice(0, 21),
      /truncated at byte 15 of 20: .*; the base64 has one character too many or was cut off/,
    ],
    [
      "base64 of a whole section and a character more",
      `${base64.replace(/=+$/, "")}AA`,
      /^the base64 has one character too many or was cut off$/,
    ],
  ])("is refused with a reason: %s", (_, text, reason) => {
    expect(decodeCueText(text)).toEqual({ ok: false, error: expect.stringMatching(reason) })
  })
})
