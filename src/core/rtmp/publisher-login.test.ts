import { describe, expect, it } from "vitest"
import type { AuthRound } from "./auth.ts"
import { adobeLogin, llnwLogin } from "./testing/auth-server.ts"
import { testUrl, Wire } from "./testing/publish-to.ts"
import type { TestServerOptions } from "./testing/rtmp-server.ts"

describe("a login", () => {
  /** Connects, again and again as long as the server asks for it. */
  const connect = (url: string, server: TestServerOptions): { rounds: number; wire: Wire } => {
    let auth: AuthRound | null = null
    for (let rounds = 1; ; rounds++) {
      const wire: Wire = new Wire({ url: testUrl(url), auth }, server)
      auth = wire.failure?.auth ?? null
      if (auth === null || rounds > 5) return { rounds, wire }
      expect(wire.failure).toMatchObject({ code: "Auth.Needed", transient: true })
    }
  }

  it.each([
    ["adobe", adobeLogin("bob", "s3cret")],
    ["adobe without an opaque string", adobeLogin("bob", "s3cret", false)],
    ["llnw", llnwLogin("bob", "s3cret")],
  ])("of %s takes three connections", (_, refuseConnect) => {
    const { rounds, wire } = connect("rtmp://bob:s3cret@h/live/key", { refuseConnect })
    expect([rounds, wire.types]).toEqual([3, ["ready"]])
    expect(connect("rtmp://bob:s3cret@h/app/inst/key", { refuseConnect }).wire.types).toEqual(["ready"])
  })

  it.each([
    ["a wrong password", "rtmp://bob:wrong@h/live/key", adobeLogin("bob", "s3cret"), "Auth.Failed", 3],
    ["a wrong password for llnw", "rtmp://bob:wrong@h/live/key", llnwLogin("bob", "s3cret"), "Auth.Failed", 3],
    ["an unknown user", "rtmp://eve:s3cret@h/live/key", adobeLogin("bob", "s3cret"), "Auth.NoSuchUser", 2],
  ])("ends with %s for the operator", (_, url, refuseConnect, code, rounds) => {
    const result = connect(url, { refuseConnect })
    expect([result.rounds, result.wire.failure]).toMatchObject([rounds, { code, transient: false }])
    expect(JSON.stringify(result.wire.failure)).not.toMatch(/s3cret|wrong"/)
  })
})

describe("a probe", () => {
  it("goes as far as createStream, without a word that others could notice", () => {
    const wire = new Wire({ mode: "probe" })
    expect(wire.events).toEqual([{ type: "probed", stage: "createStream" }])
    wire.pass(wire.publisher.close())
    expect(wire.server.commands.map(({ name }) => name)).toEqual(["connect", "createStream", "deleteStream"])
    expect(wire.publisher.reached).toBe("createStream")
  })

  it("announces itself when it is told to", () => {
    const wire = new Wire({ mode: "probe", announce: true })
    wire.pass(wire.publisher.close())
    const names = ["connect", "releaseStream", "FCPublish", "createStream", "FCUnpublish", "deleteStream"]
    expect(wire.server.commands.map(({ name }) => name)).toEqual(names)
  })

  it("that publishes tells of itself without ending the session of whoever is live with the key", () => {
    const wire = new Wire({ mode: "publish", announce: "without_release" })
    expect(wire.types).toEqual(["ready"])
    wire.pass(wire.publisher.close())
    const names = ["connect", "FCPublish", "createStream", "publish", "FCUnpublish", "deleteStream"]
    expect(wire.server.commands.map(({ name }) => name)).toEqual(names)
  })

  it("says how far it came when it fails", () => {
    const wire = new Wire({ mode: "probe" }, { silentAt: ["createStream"] })
    expect([wire.publisher.timedOut().events, wire.publisher.reached]).toMatchObject([
      [{ failure: { code: "Timeout.createStream" } }],
      "connect",
    ])
  })
})
