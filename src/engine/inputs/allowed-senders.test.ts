import { describe, expect, it } from "vitest"
import { SetupFailure } from "../protocol/setup-failure.ts"
import { parseAllowedSenders } from "./allowed-senders.ts"

const refusal = (list: ReadonlyArray<string>) => {
  try {
    parseAllowedSenders(list)
    return null
  } catch (cause) {
    return cause instanceof SetupFailure ? cause.reason : null
  }
}

describe("parseAllowedSenders", () => {
  it.each<[string, ReadonlyArray<number>, number]>([
    ["10.1.2.3", [0, 0, 0xffff, 0x0a010203], 128],
    ["255.255.255.255", [0, 0, 0xffff, 0xffffffff], 128],
    ["10.0.0.0/8", [0, 0, 0xffff, 0x0a000000], 104],
    ["0.0.0.0/0", [0, 0, 0xffff, 0], 96],
    ["::ffff:10.1.2.3", [0, 0, 0xffff, 0x0a010203], 128],
    ["2001:db8::/32", [0x20010db8, 0, 0, 0], 32],
    ["fd00::2", [0xfd000000, 0, 0, 2], 128],
    ["::/0", [0, 0, 0, 0], 0],
  ])("%s", (text, words, prefix) => {
    expect(parseAllowedSenders([text])).toEqual([{ words, prefix }])
  })

  it("keeps the order, and takes nothing for nothing", () => {
    expect(parseAllowedSenders(["10.0.0.2", "10.0.0.1"]).map(({ words }) => words[3] & 255)).toEqual([2, 1])
    expect(parseAllowedSenders([])).toEqual([])
  })

  it.each([
    "",
    "10.0.0",
    "10.0.0.256",
    "010.0.0.1",
    "10.0.0.1/",
    "10.0.0.1/33",
    "10.0.0.1/-1",
    "10.0.0.1/08",
    "10.0.0.1/8/8",
    "::1/129",
    "fe80::1%eth0",
    "::ffff:10.0.0.0/104",
    "host",
    " 10.0.0.1",
  ])('refuses "%s" by name', (text) => {
    expect(refusal(["10.0.0.1", text])).toMatchObject({
      code: "allowed_senders",
      message: expect.stringContaining(`"${text}" is neither an IP address nor a network`),
      transient: false,
    })
  })

  it("takes 8 entries and refuses 9", () => {
    const list = (count: number) => Array.from({ length: count }, (_, i) => `10.0.0.${i}`)
    expect(parseAllowedSenders(list(8))).toHaveLength(8)
    expect(refusal(list(9))?.message).toMatch(/9 entries are too many, at most 8/)
  })
})
