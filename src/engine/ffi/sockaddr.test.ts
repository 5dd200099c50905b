import { describe, expect, it } from "vitest"
import { SetupFailure } from "../protocol/setup-failure.ts"
import { encodeSockaddr, formatSockaddr, sockaddrPort, sockaddrScope } from "./sockaddr.ts"

describe("sockaddr", () => {
  it.each([
    ["127.0.0.1", 5000, "127.0.0.1:5000"],
    ["0.0.0.0", 1, "0.0.0.0:1"],
    ["239.255.1.2", 65535, "239.255.1.2:65535"],
    ["::1", 9000, "[::1]:9000"],
    ["2001:db8::5", 9000, "[2001:db8::5]:9000"],
    ["fe80::1:2:3:4", 9, "[fe80::1:2:3:4]:9"],
    ["2001:db8:1:2:3:4:5:6", 80, "[2001:db8:1:2:3:4:5:6]:80"],
    ["::", 0, "[::]:0"],
  ])("encodes %s port %i and shows it as %s", (ip, port, shown) => {
    const bytes = encodeSockaddr(ip, port)
    expect(formatSockaddr(bytes)).toBe(shown)
    expect(sockaddrPort(bytes)).toBe(port)
    expect(bytes.length).toBe(ip.includes(":") ? 28 : 16)
  })

  it("puts the family in host order and the port in network order", () => {
    expect([...encodeSockaddr("10.1.2.3", 0x1389)].slice(0, 8)).toEqual([2, 0, 0x13, 0x89, 10, 1, 2, 3])
  })

  it("maps an IPv4 tail and a zone", () => {
    expect([...encodeSockaddr("::ffff:10.0.0.1", 1)].slice(8, 24)).toEqual([
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1,
    ])
    expect(new DataView(encodeSockaddr("fe80::1%eth0", 1, () => 7).buffer).getUint32(24, true)).toBe(7)
  })

  it.each(["fe80::1%lo", "fe80::1%1", "ff02::1%lo"])("gives %s the index of its interface", (ip) => {
    expect(sockaddrScope(encodeSockaddr(ip, 9000))).toBe(1)
    expect(sockaddrScope(encodeSockaddr("fe80::1", 9000))).toBe(0)
    expect(sockaddrScope(encodeSockaddr("127.0.0.1", 9000))).toBe(0)
  })

  it("names the interface that is not there", () => {
    const failure = (() => {
      try {
        return encodeSockaddr("ff02::1%nosuch0", 9000)
      } catch (cause) {
        return cause
      }
    })()
    expect(failure).toBeInstanceOf(SetupFailure)
    expect((failure as SetupFailure).reason).toEqual({
      code: "ENODEV",
      message:
        'there is no network interface "nosuch0", the zone of ff02::1%nosuch0, now; `ip link` lists those there are',
      transient: true,
    })
  })
})
