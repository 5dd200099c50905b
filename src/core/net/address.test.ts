import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import {
  addressOfWords,
  addressWords,
  bindsOverlap,
  isIPv4,
  isIPv6,
  isMulticast,
  needsZone,
  normaliseAddress,
  parseIPv4,
  parseIPv6,
  zoneProblem,
} from "./address.ts"

describe("address literals", () => {
  it.each(["0.0.0.0", "127.0.0.1", "255.255.255.255", "239.0.0.1"])("%s is IPv4", (ip) => {
    expect(isIPv4(ip)).toBe(true)
    expect(isIPv6(ip)).toBe(false)
  })

  it.each([
    "0x7f.1",
    "127.1",
    "2130706433",
    "256.0.0.1",
    "01.2.3.4",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.",
    "",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1e1.2.3.4",
    "+1.2.3.4",
  ])("%j is not IPv4", (ip) => expect(parseIPv4(ip)).toBeNull())

  it.each([
    "::",
    "::1",
    "fe80::1%eth0",
    "2001:db8::8:800:200c:417a",
    "1:2:3:4:5:6:7:8",
    "::ffff:127.0.0.1",
    "1::",
    "64:ff9b::1.2.3.4",
  ])("%s is IPv6", (ip) => expect(isIPv6(ip)).toBe(true))

  it.each([
    "",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    "g::",
    "::1%",
    "::1%a b",
    "1.2.3.4::",
    "::1.2.3",
    "[::1]",
    "1:2:3:4:5:6:7::8",
  ])("%j is not IPv6", (ip) => expect(isIPv6(ip)).toBe(false))

  it.each([
    ["224.0.0.1", true],
    ["239.255.255.255", true],
    ["223.255.255.255", false],
    ["240.0.0.1", false],
    ["ff02::1", true],
    ["fe80::1", false],
    ["not an address", false],
  ])("isMulticast(%s) is %s", (ip, is) => expect(isMulticast(ip)).toBe(is))

  it.each([
    ["::FFFF:127.0.0.1", "127.0.0.1"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["FE80::1%eth0", "fe80::1%eth0"],
    ["10.0.0.1", "10.0.0.1"],
    ["localhost", null],
  ])("normalises %s to %s", (from, to) => expect(normaliseAddress(from)).toBe(to))

  it("normalising keeps the address, and any text is answered without an exception", () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const text = groups.map((g) => g.toString(16)).join(":")
        const short = normaliseAddress(text)
        if (short !== null && isIPv6(short)) expect(parseIPv6(short)).toEqual(groups)
        else expect(groups.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0xffff])
      }),
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        isIPv4(text)
        isMulticast(text)
        normaliseAddress(text)
      }),
    )
  })
})

describe("bindsOverlap", () => {
  it.each([
    ["10.0.0.1", "10.0.0.1", true],
    ["10.0.0.1", "10.0.0.2", false],
    ["0.0.0.0", "10.0.0.1", true],
    ["", "10.0.0.1", true],
    ["0.0.0.0", "239.0.0.1", true],
    ["239.0.0.1", "239.0.0.2", false],
    ["239.0.0.1", "239.0.0.1", true],
    ["239.0.0.1", "10.0.0.1", false],
    ["::", "10.0.0.1", false],
    ["::", "0.0.0.0", false],
    ["::", "fd00::1", true],
    ["::", "ff15::1", true],
    ["", "::1", true],
    ["", "::", true],
    ["0.0.0.0", "::1", false],
    ["fe80::1%eth0", "fe80::1%eth1", false],
    ["fe80::1%eth0", "::", true],
    ["::ffff:10.0.0.1", "10.0.0.1", true],
    ["::1", "0:0:0:0:0:0:0:1", true],
  ])("%s and %s on one port: %s", (a, b, overlap) => {
    expect(bindsOverlap({ ip: a, port: 5000 }, { ip: b, port: 5000 })).toBe(overlap)
    expect(bindsOverlap({ ip: b, port: 5000 }, { ip: a, port: 5000 })).toBe(overlap)
    expect(bindsOverlap({ ip: a, port: 5000 }, { ip: b, port: 5001 })).toBe(false)
  })
})

describe("zones", () => {
  it.each([
    ["fe80::1", true],
    ["febf::1%eth0", true],
    ["fec0::1", false],
    ["ff01::1", true],
    ["ff02::1%eth0", true],
    ["ff12::1", true],
    ["ff05::1", false],
    ["ff15::1%eth0", false],
    ["fd00::1", false],
    ["::1", false],
    ["169.254.1.1", false],
    ["localhost", false],
  ])("%s needs one: %s", (ip, needs) => expect(needsZone(ip)).toBe(needs))

  it.each([
    ["fe80::1%eth0", null],
    ["ff15::1%eth0", null],
    ["fd00::1", null],
    ["fd00::1%eth0", "only link-local addresses (fe80::/10) and multicast groups have a zone: leave %eth0 out"],
    ["::1%lo", "only link-local addresses (fe80::/10) and multicast groups have a zone: leave %lo out"],
  ])("of %s is right or told: %s", (ip, problem) => expect(zoneProblem(ip)).toBe(problem))
})

describe("addressWords", () => {
  it.each(["10.1.2.3", "255.255.255.255", "::", "::1", "fd00::2", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"])(
    "and back: %s",
    (ip) => {
      const words = addressWords(ip)
      expect(words === null ? null : addressOfWords(words)).toBe(ip)
    },
  )

  it("have IPv4 mapped, no zone, and nothing for what is no address", () => {
    expect(addressWords("10.1.2.3")).toEqual([0, 0, 0xffff, 0x0a010203])
    expect(addressWords("fe80::1%eth0")).toEqual([0xfe800000, 0, 0, 1])
    expect(addressWords("localhost")).toBeNull()
  })
})
