import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { parseNetwork } from "../../core/net/network.ts"
import { makeTestApp, withKey } from "../testing/test-app.ts"
import { clientAddress } from "./requester.ts"

const networks = (...texts: ReadonlyArray<string>) => texts.flatMap((text) => parseNetwork(text) ?? [])
const TRUSTED = networks("127.0.0.1", "10.0.0.0/8", "fd00::/8")

describe("the address of a client", () => {
  it.each([
    ["203.0.113.9", undefined, "203.0.113.9"],
    ["127.0.0.1", undefined, "127.0.0.1"],
    ["127.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["127.0.0.1", "203.0.113.9:4711", "203.0.113.9"],
    ["127.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"],
    ["127.0.0.1", "2001:DB8::7", "2001:db8::7"],
    // The request came through two proxies.
    ["127.0.0.1", "203.0.113.9, 10.1.2.3", "203.0.113.9"],
    // Addresses written by the client itself do not count.
    ["127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"],
    ["127.0.0.1", "127.0.0.1, 203.0.113.9", "203.0.113.9"],
    ["203.0.113.9", "198.51.100.1", "203.0.113.9"],
    ["127.0.0.1", "unknown", "127.0.0.1"],
    ["127.0.0.1", "", "127.0.0.1"],
    ["127.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"],
  ])("with a socket from %s and X-Forwarded-For %s is %s", (socket, forwarded, wanted) => {
    expect(clientAddress(socket, forwarded, TRUSTED)).toBe(wanted)
  })
})

describe("behind a reverse proxy", () => {
  const KEY = "k".repeat(32)
  const start = async (trustedProxies: ReturnType<typeof networks>) => {
    const { accounts, app, logs } = makeTestApp({ settings: { ...withKey(KEY), trustedProxies } })
    await Effect.runPromise(accounts.createUser({ name: "ada", password: "correct horse 1", role: "admin" }))
    // As the Node server hands it to the app: the socket is the proxy's.
    const incoming = { incoming: { socket: { remoteAddress: "127.0.0.1", remotePort: 4711, remoteFamily: "IPv4" } } }
    const ask = (client: string, key: string) =>
      app.request("/api/channels", { headers: { "X-API-Key": key, "X-Forwarded-For": client } }, incoming)
    const logIn = (client: string, user: string, password: string) =>
      app.request(
        "/login",
        {
          method: "POST",
          headers: { "Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": client },
          body: new URLSearchParams({ user, password }).toString(),
        },
        incoming,
      )
    const attack = async () => {
      for (let n = 0; n < 40; n++) await ask("203.0.113.9", `guess${n}`)
      for (let n = 0; n < 11; n++) await logIn("203.0.113.9", `nobody${n}`, "x".repeat(10))
    }
    return { ask, attack, logIn, logs }
  }

  it("a stranger who guesses keys and passwords locks nobody else out", async () => {
    const { ask, attack, logIn, logs } = await start(networks("127.0.0.1"))
    await attack()
    expect((await ask("203.0.113.9", "one more")).status).toBe(429)
    expect((await ask("198.51.100.7", KEY)).status).toBe(200)
    expect((await logIn("198.51.100.7", "ada", "correct horse 1")).status).toBe(303)
    expect(logs).toEqual([])
  })

  it("that is not trusted, clients count as one, and the log says once how to tell them apart", async () => {
    const { ask, attack, logs } = await start([])
    await attack()
    expect((await ask("198.51.100.7", KEY)).status).toBe(429)
    expect(logs.filter((line) => line.includes("TRUSTED_PROXIES"))).toHaveLength(1)
  })
})
