import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { privateKind } from "./private-address.ts"

const LOOPBACK = "a loopback address"
const LINK_LOCAL = "a link-local address"
const PRIVATE = "a private address"
const UNSPECIFIED = "an unspecified address"
const OF_THIS_MACHINE = "a name of this machine"

const CASES: ReadonlyArray<readonly [string, string | null]> = [
  ["127.0.0.1", LOOPBACK],
  ["127.255.255.255", LOOPBACK],
  ["126.255.255.255", null],
  ["128.0.0.1", null],
  ["0.0.0.0", UNSPECIFIED],
  ["0.1.2.3", UNSPECIFIED],
  ["10.0.0.0", PRIVATE],
  ["10.255.255.255", PRIVATE],
  ["11.0.0.0", null],
  ["100.63.255.255", null],
  ["100.64.0.0", PRIVATE],
  ["100.127.255.255", PRIVATE],
  ["100.128.0.0", null],
  ["169.254.169.254", LINK_LOCAL],
  ["169.253.255.255", null],
  ["172.15.255.255", null],
  ["172.16.0.0", PRIVATE],
  ["172.31.255.255", PRIVATE],
  ["172.32.0.0", null],
  ["192.167.255.255", null],
  ["192.168.0.0", PRIVATE],
  ["192.169.0.0", null],
  ["203.0.113.7", null],
  ["239.1.1.1", null],
  // Other spellings of the same addresses.
  ["0x7f.1", LOOPBACK],
  ["0x7F000001", LOOPBACK],
  ["2130706433", LOOPBACK],
  ["017700000001", LOOPBACK],
  ["0177.0.0.1", LOOPBACK],
  ["127.1", LOOPBACK],
  ["127.0.1", LOOPBACK],
  ["127.0.0.1.", LOOPBACK],
  ["0", UNSPECIFIED],
  ["0x0", UNSPECIFIED],
  ["10.1", PRIVATE],
  ["0xa9fea9fe", LINK_LOCAL],
  ["3232235521", PRIVATE],
  ["1.1", null],
  ["16843009", null],
  ["4294967296", null],
  ["256.0.0.1", null],
  ["127.0.0.1.5", null],
  // IPv6.
  ["::1", LOOPBACK],
  ["[::1]", LOOPBACK],
  ["0:0:0:0:0:0:0:1", LOOPBACK],
  ["::", UNSPECIFIED],
  ["[::]", UNSPECIFIED],
  ["fe80::1", LINK_LOCAL],
  ["fe80::1%eth0", LINK_LOCAL],
  ["febf::1", LINK_LOCAL],
  ["fec0::1", PRIVATE],
  ["fc00::1", PRIVATE],
  ["FDFF::1", PRIVATE],
  ["fbff::1", null],
  ["fe00::1", null],
  ["2001:db8::1", null],
  ["2606:4700::1111", null],
  ["::ffff:127.0.0.1", LOOPBACK],
  ["::ffff:7f00:1", LOOPBACK],
  ["::ffff:0:10.0.0.1", PRIVATE],
  ["::ffff:203.0.113.7", null],
  ["::127.0.0.1", LOOPBACK],
  ["64:ff9b::169.254.169.254", LINK_LOCAL],
  ["64:ff9b::cb00:7107", null],
  ["2002:c0a8:1::1", PRIVATE],
  ["2002:cb00:7107::1", null],
  // Names.
  ["localhost", OF_THIS_MACHINE],
  ["LOCALHOST.", OF_THIS_MACHINE],
  ["a.localhost", OF_THIS_MACHINE],
  ["localhost.example.com", null],
  ["notlocalhost", null],
  ["far.example", null],
  ["10.example", null],
  ["", null],
]

describe("privateKind", () => {
  it.each(CASES)("%s: %s", (host, kind) => {
    expect(privateKind(host)).toBe(kind)
  })

  it("sees through every way to write an IPv4 address", () => {
    const octet = fc.nat(255)
    const octets = fc.tuple(octet, octet, octet, octet)
    const spell = fc.constantFrom<(n: number) => string>(
      String,
      (n) => `0x${n.toString(16)}`,
      (n) => `0${n.toString(8)}`,
    )
    fc.assert(
      fc.property(octets, fc.tuple(spell, spell, spell, spell), fc.nat(3), ([a, b, c, d], spells, joined) => {
        const plain = [a, b, c, d].join(".")
        const parts = [a, b, c, d]
        const last = parts.slice(3 - joined).reduce((sum, part) => sum * 256 + part, 0)
        const written = [...parts.slice(0, 3 - joined), last].map((n, i) => (spells[i] ?? String)(n)).join(".")
        expect([written, privateKind(written)]).toEqual([written, privateKind(plain)])
        expect(privateKind(`[::ffff:${plain}]`)).toBe(privateKind(plain))
      }),
    )
  })
})
