import { describe, expect, it } from "vitest"
import { describeCue } from "./describe-cue.ts"
import { encodeSpliceInfoSection } from "./encode-section.ts"
import { assemble, type Parts, read } from "./testing/assemble.ts"
import { clockText, secondsText } from "./timing.ts"

const AVAIL = "0000 00 00"
const SEGMENT = "43554549 00000005 7f bf"

const descriptor = (data: string): string => {
  const digits = data.replaceAll(" ", "")
  return `02${(digits.length / 2).toString(16).padStart(2, "0")}${digits}`
}

describe("a cue in one line", () => {
  it.each<[Parts, string]>([
    [{ type: "00", command: "" }, "splice_null"],
    [{ type: "07", command: "" }, "bandwidth_reservation"],
    [{ type: "06", command: "7f" }, "time_signal at a time not specified"],
    [{ type: "06", command: "fe 00000000", adjustment: "01fffffffe" }, "time_signal at 26:30:43.718"],
    [{ type: "ff", command: "41424344 01" }, "private_command of ABCD, 1 byte"],
    [{ type: "ff", command: "00000001 0102" }, "private_command of 0x00000001, 2 bytes"],
    [{ type: "42", command: "0102" }, "unknown command of type 0x42, 2 bytes"],
    [{ type: "05", command: "00000007" }, "malformed splice_insert; damaged (CRC_32 good)"],
    [{ type: "05", command: "00000007 ff" }, "splice_insert, event 7 cancelled"],
    [
      { type: "05", command: `00000007 7f ef fe 00015f90 7e 00002328 ${AVAIL}` },
      "splice_insert out, event 7, at 00:01, break 0.1 s, no auto-return",
    ],
    [{ type: "05", command: `00000007 7f 4f 7f ${AVAIL}` }, "splice_insert in, event 7, at a time not specified"],
    [
      { type: "05", command: `00000007 7f 8f 02 01 fe 0002bf20 02 fe 00015f90 ${AVAIL}`, adjustment: "0000015f90" },
      "splice_insert out, event 7, 2 components, at 00:02",
    ],
    [
      { type: "04", command: `02 00000001 ff 00000002 7f 5f 49ab0f12 ${AVAIL}` },
      "splice_schedule of 2; event 1 cancelled; event 2 in, at 2019-03-06T22:41:04Z",
    ],
    [
      { type: "04", command: `01 00000002 7f 9f 01 09 49ab0f12 ${AVAIL}` },
      "splice_schedule of 1; event 2 out, at 2019-03-06T22:41:04Z",
    ],
    [
      { type: "06", command: "fe 00015f90", descriptors: descriptor(`${SEGMENT} 08 08 000000002ca0a18a 34 01 02`) },
      "time_signal at 00:01; Provider Placement Opportunity Start, event 5, segment 1 of 2, AiringID 0x000000002ca0a18a",
    ],
    [
      {
        type: "06",
        command: "fe 00015f90",
        descriptors: descriptor(`${SEGMENT} 0d 10 0c06 44495343 5959 0b06 00f1 ee07 6162 31 00 00`),
      },
      "time_signal at 00:01; Provider Advertisement End, event 5, MPU DISC YY, ATSC Content Identifier ab",
    ],
    [
      { type: "06", command: "fe 00015f90", descriptors: descriptor(`${SEGMENT} 09 02 ff00 23 00 00`) },
      "time_signal at 00:01; Break End, event 5, ADI 0xff00",
    ],
  ])("%j", (parts, line) => expect(describeCue(read(assemble(parts)))).toBe(line))

  it("says that a section is encrypted", () => {
    const bytes = encodeSpliceInfoSection({
      encrypted_packet: true,
      encryption_algorithm: 3,
      cw_index: 8,
      command: null,
      encrypted_bytes: "0011",
    })
    expect(describeCue(read(bytes))).toBe("encrypted section (triple DES EDE3-ECB, control word 8)")
  })

  it("says that a section is damaged", () => {
    const bytes = assemble({ type: "00", command: "" })
    bytes[9] = 1
    expect(describeCue(read(bytes))).toBe("splice_null; damaged (CRC_32 wrong)")
  })
})

describe("times for people", () => {
  it.each([
    [0, "00:00"],
    [90_000 * 10, "00:10"],
    [90_000 * 754.5, "12:34.5"],
    [90_000 * 3600, "1:00:00"],
    [90_000 * 59.9996, "01:00"],
    [2 ** 33 - 1, "26:30:43.718"],
  ])("%d ticks are %s", (ticks, text) => expect(clockText(ticks)).toBe(text))

  it("seconds to the millisecond", () => expect([5_426_421, 90_000].map(secondsText)).toEqual(["60.294 s", "1 s"]))
})
