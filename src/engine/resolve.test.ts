import { describe, expect, it } from "vitest"
import { resolve } from "./resolve.ts"
import { SetupFailure } from "./setup-failure.ts"

describe("resolve", () => {
  it("asks anew each time: row 30, a name that moves", async () => {
    const answers = ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    const asked: string[] = []
    const lookup = async (host: string) => {
      asked.push(host)
      const address = answers[asked.length - 1] ?? ""
      return { address, family: address.includes(":") ? 6 : 4 }
    }
    expect(await resolve("far.example", lookup)).toEqual({ address: "192.0.2.1", family: 4 })
    expect(await resolve("far.example", lookup)).toEqual({ address: "192.0.2.2", family: 4 })
    expect(await resolve("far.example", lookup)).toEqual({ address: "2001:db8::1", family: 6 })
    expect(asked).toEqual(["far.example", "far.example", "far.example"])
  })

  it.each([
    ["127.0.0.1", 4],
    ["::1", 6],
    ["fe80::1%eth0", 6],
  ])("takes the literal %s without asking", async (host, family) => {
    const lookup = () => Promise.reject(new Error("asked"))
    expect(await resolve(host, lookup)).toEqual({ address: host, family })
  })

  it("row 30: fails with the name and the resolver's words, and works when asked again", async () => {
    let calls = 0
    const lookup = () =>
      ++calls === 1 ? Promise.reject(new Error("getaddrinfo EAI_AGAIN")) : Promise.resolve({ address: "192.0.2.9", family: 4 })
    const failure = await resolve("far.example", lookup).catch((cause: unknown) => cause)
    expect(failure).toBeInstanceOf(SetupFailure)
    expect((failure as SetupFailure).reason).toMatchObject({
      code: "dns",
      message: "the host name far.example cannot be resolved: getaddrinfo EAI_AGAIN",
      transient: true,
    })
    expect(await resolve("far.example", lookup)).toEqual({ address: "192.0.2.9", family: 4 })
  })
})
