import { describe, expect, it } from "vitest"
import { type EndLoan, UdpPortRegistry } from "./udp-port-registry.ts"

const borrow = (registry: UdpPortRegistry, ip: string, port: number) => {
  const loan = { yields: 0, end: (() => {}) as EndLoan, refusal: "" }
  const lent = registry.lend(ip, port, () => {
    loan.yields += 1
  })
  if (typeof lent === "string") loan.refusal = lent
  else loan.end = lent
  return loan
}

describe("UdpPortRegistry", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1", true],
    ["127.0.0.1", "0.0.0.0", true],
    ["0.0.0.0", "127.0.0.1", true],
    ["0.0.0.0", "", true],
    ["127.0.0.1", "::", false],
    ["::1", "::", true],
    ["::", "::1", true],
    ["::1", "", true],
    ["239.1.1.1", "239.1.1.1", true],
    ["239.1.1.1", "0.0.0.0", true],
    ["127.0.0.1", "127.0.0.2", false],
    ["239.1.1.1", "239.1.1.2", false],
    ["0.0.0.0", "::1", false],
  ])("a loan of %s and a claim of %s on one port: yields, or is refused: %s", (lent, claimed, overlap) => {
    const before = new UdpPortRegistry()
    const loan = borrow(before, lent, 5002)
    before.claim(claimed, 5002)
    expect(loan.yields).toBe(overlap ? 1 : 0)
    const after = new UdpPortRegistry()
    after.claim(claimed, 5002, "another input")
    expect(borrow(after, lent, 5002).refusal).toBe(overlap ? "another input" : "")
  })

  it("leaves other ports alone", () => {
    const registry = new UdpPortRegistry()
    const loan = borrow(registry, "0.0.0.0", 5002)
    registry.claim("0.0.0.0", 5004)
    expect(loan).toMatchObject({ yields: 0, refusal: "" })
  })

  it("asks each borrower to yield once, all of them", () => {
    const registry = new UdpPortRegistry()
    const loans = [borrow(registry, "127.0.0.1", 5002), borrow(registry, "127.0.0.2", 5002)]
    registry.claim("0.0.0.0", 5002)
    registry.claim("0.0.0.0", 5002)
    expect(loans.map((l) => l.yields)).toEqual([1, 1])
  })

  it("does not ask a borrower that has ended its loan", () => {
    const registry = new UdpPortRegistry()
    const loan = borrow(registry, "127.0.0.1", 5002)
    loan.end()
    loan.end()
    registry.claim("127.0.0.1", 5002)
    expect(loan.yields).toBe(0)
  })

  it("lends again when every claim is released, and ignores a release too many", () => {
    const registry = new UdpPortRegistry()
    registry.claim("0.0.0.0", 5002)
    registry.claim("0.0.0.0", 5002)
    registry.release("0.0.0.0", 5002)
    expect(borrow(registry, "127.0.0.1", 5002).refusal).not.toBe("")
    registry.release("127.0.0.1", 5002)
    expect(borrow(registry, "127.0.0.1", 5002).refusal).not.toBe("")
    registry.release("0.0.0.0", 5002)
    registry.release("0.0.0.0", 5002)
    expect(borrow(registry, "127.0.0.1", 5002).refusal).toBe("")
  })

  it("lends a unicast address once and a group to many", () => {
    const registry = new UdpPortRegistry()
    const unicast = borrow(registry, "127.0.0.1", 5004)
    expect(borrow(registry, "127.0.0.1", 5004).refusal).toBe("the FEC of another input")
    unicast.end()
    expect(borrow(registry, "127.0.0.1", 5004).refusal).toBe("")
    expect([borrow(registry, "239.1.1.1", 5004), borrow(registry, "239.1.1.1", 5004)].map((l) => l.refusal)).toEqual([
      "",
      "",
    ])
  })
})
