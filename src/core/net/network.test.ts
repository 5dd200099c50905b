import { describe, expect, it } from "vitest"
import { isInNetworks, parseNetwork } from "./network.ts"

const within = (networks: ReadonlyArray<string>, ip: string) =>
  isInNetworks(
    networks.map(parseNetwork).filter((network) => network !== null),
    ip,
  )

describe("parseNetwork", () => {
  it.each([
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/08",
    "10.0.0.0/8/8",
    "10.0.0",
    "0x0a.0.0.0/8",
    "2001:db8::/129",
    "::ffff:10.0.0.0/8",
    "fe80::1%eth0",
    "far.example",
    "",
  ])("refuses %j", (text) => {
    expect(parseNetwork(text)).toBeNull()
  })
})

describe("isInNetworks", () => {
  it.each([
    [["127.0.0.2"], "127.0.0.2", true],
    [["127.0.0.2"], "127.0.0.1", false],
    [["10.0.0.0/8"], "10.255.0.1", true],
    [["10.77.0.0/8"], "10.0.0.1", true],
    [["10.0.0.0/8"], "11.0.0.1", false],
    [["192.0.2.128/25"], "192.0.2.127", false],
    [["192.0.2.128/25"], "192.0.2.128", true],
    [["0.0.0.0/0"], "203.0.113.7", true],
    [["0.0.0.0/0"], "2001:db8::1", false],
    [["0.0.0.0/0"], "::ffff:203.0.113.7", true],
    [["::ffff:203.0.113.7"], "203.0.113.7", true],
    [["2001:db8::/32"], "2001:db8:1::7", true],
    [["2001:db8::/32"], "2001:db9::7", false],
    [["fe80::/10"], "fe80::1%eth0", true],
    [["::/0"], "2001:db8::1", true],
    [["192.0.2.1", "2001:db8::/32", "198.51.100.0/24"], "198.51.100.9", true],
    [[], "198.51.100.9", false],
    [["0.0.0.0/0"], "nonsense", false],
  ] as const)("%j holds %s: %s", (networks, ip, expected) => {
    expect(within(networks, ip)).toBe(expected)
  })
})
