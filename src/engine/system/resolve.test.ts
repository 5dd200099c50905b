import { describe, expect, it } from "vitest"
import { SetupFailure } from "../protocol/setup-failure.ts"
import { resolve } from "./resolve.ts"

describe("resolve", () => {
  it("asks anew each time: row 30, a name that moves", async () => {
    const answers = ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    const asked: string[] = []
    const lookup = async (host: string) => {
      asked.push(host)
      const address = answers[asked.length - 1] ?? ""
      return { address, family: address.includes(":") ? 6 : 4 }
    }
    expect(await resolve("far.example", false, lookup)).toEqual({ address: "192.0.2.1", family: 4 })
    expect(await resolve("far.example", false, lookup)).toEqual({ address: "192.0.2.2", family: 4 })
    expect(await resolve("far.example", false, lookup)).toEqual({ address: "2001:db8::1", family: 6 })
    expect(asked).toEqual(["far.example", "far.example", "far.example"])
  })

  it.each([
    ["127.0.0.1", 4],
    ["::1", 6],
    ["fe80::1%lo", 6],
    ["fe80::1%1", 6],
  ])("takes the literal %s without asking", async (host, family) => {
    const lookup = () => Promise.reject(new Error("asked"))
    expect(await resolve(host, false, lookup)).toEqual({ address: host, family })
  })

  it("says that the interface of a zone is not there, and tries again when it is", async () => {
    const failure = await resolve("fe80::1%nosuch0", false).catch((cause: unknown) => cause)
    expect((failure as SetupFailure).reason).toEqual({
      code: "ENODEV",
      message:
        'there is no network interface "nosuch0", the zone of fe80::1%nosuch0, now; `ip link` lists those there are',
      transient: true,
    })
  })

  it.each([
    ["10.1.2.3", "rebound.example resolves to 10.1.2.3, a private address"],
    ["::ffff:127.0.0.1", "rebound.example resolves to ::ffff:127.0.0.1, a loopback address"],
    ["169.254.169.254", "rebound.example resolves to 169.254.169.254, a link-local address"],
  ])("refuses a name that leads to %s when only public addresses are wanted", async (address, said) => {
    const answers = ["203.0.113.7", address]
    const lookup = async () => ({ address: answers.shift() ?? "", family: 4 })
    // This name was a public one a moment ago.
    expect(await resolve("rebound.example", true, lookup)).toEqual({ address: "203.0.113.7", family: 4 })
    const failure = await resolve("rebound.example", true, lookup).catch((cause: unknown) => cause)
    expect((failure as SetupFailure).reason).toMatchObject({
      code: "private_target",
      transient: false,
      message: expect.stringContaining(said),
    })
  })

  it("refuses a private literal when only public addresses are wanted", async () => {
    const failure = await resolve("192.168.1.1", true).catch((cause: unknown) => cause)
    expect((failure as SetupFailure).reason.message).toMatch(
      /^192\.168\.1\.1 is a private address, where ALLOW_PRIVATE_TARGETS=off/,
    )
    expect(await resolve("192.168.1.1", false)).toEqual({ address: "192.168.1.1", family: 4 })
  })

  it("row 30: fails with the name and the resolver's words, and works when asked again", async () => {
    let calls = 0
    const lookup = () =>
      ++calls === 1
        ? Promise.reject(new Error("getaddrinfo EAI_AGAIN"))
        : Promise.resolve({ address: "192.0.2.9", family: 4 })
    const failure = await resolve("far.example", false, lookup).catch((cause: unknown) => cause)
    expect(failure).toBeInstanceOf(SetupFailure)
    expect((failure as SetupFailure).reason).toMatchObject({
      code: "dns",
      message: "the host name far.example cannot be resolved: getaddrinfo EAI_AGAIN",
      transient: true,
    })
    expect(await resolve("far.example", false, lookup)).toEqual({ address: "192.0.2.9", family: 4 })
  })
})
