import { describe, expect, it } from "vitest"
import { encodeSockaddr, formatSockaddr, sockaddrPort } from "./sockaddr.ts"

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
    expect([...encodeSockaddr("::ffff:10.0.0.1", 1)].slice(8, 24)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1])
    expect(new DataView(encodeSockaddr("fe80::1%eth0", 1, () => 7).buffer).getUint32(24, true)).toBe(7)
  })
})
