import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { SetupFailure } from "../setup-failure.ts"
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
  it.each([
    ["10.1.2.3", 0x0a010203, 0xffffffff],
    ["255.255.255.255", 0xffffffff, 0xffffffff],
    ["10.0.0.0/8", 0x0a000000, 0xff000000],
    ["10.1.2.3/8", 0x0a000000, 0xff000000],
    ["192.168.5.130/25", 0xc0a80580, 0xffffff80],
    ["172.16.0.1/31", 0xac100000, 0xfffffffe],
    ["172.16.0.1/32", 0xac100001, 0xffffffff],
    ["128.0.0.0/1", 0x80000000, 0x80000000],
    ["0.0.0.0/0", 0, 0],
    ["203.0.113.9/0", 0, 0],
  ])("%s", (text, address, mask) => {
    expect(parseAllowedSenders([text])).toEqual([{ address, mask }])
  })

  it("keeps the order, and takes nothing for nothing", () => {
    expect(parseAllowedSenders(["10.0.0.2", "10.0.0.1"]).map((n) => n.address & 255)).toEqual([2, 1])
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
    "::1",
    "host",
    " 10.0.0.1",
  ])('refuses "%s" by name', (text) => {
    expect(refusal(["10.0.0.1", text])).toMatchObject({
      code: "allowed_senders",
      message: expect.stringContaining(`"${text}" is neither an IPv4 address nor a network`),
      transient: false,
    })
  })

  it("takes 8 entries and refuses 9", () => {
    const list = (count: number) => Array.from({ length: count }, (_, i) => `10.0.0.${i}`)
    expect(parseAllowedSenders(list(8))).toHaveLength(8)
    expect(refusal(list(9))?.message).toMatch(/9 entries are too many, at most 8/)
  })

  it("contains exactly the senders whose first bits agree", () => {
    const ipv4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))
    const bits = (octets: ReadonlyArray<number>) => octets.map((o) => o.toString(2).padStart(8, "0")).join("")
    fc.assert(
      fc.property(ipv4, fc.nat(32), ipv4, fc.nat(32), (network, prefix, other, shared) => {
        // A sender that agrees with the network in its first `shared` bits, so that both outcomes are common.
        const sender = Number.parseInt(bits(network).slice(0, shared) + bits(other).slice(shared), 2)
        const [parsed] = parseAllowedSenders([`${network.join(".")}/${prefix}`])
        const inside = sender.toString(2).padStart(32, "0").slice(0, prefix) === bits(network).slice(0, prefix)
        expect(parsed !== undefined && (sender & parsed.mask) >>> 0 === parsed.address).toBe(inside)
      }),
    )
  })
})
