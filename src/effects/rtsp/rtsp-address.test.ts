import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { publicRtspUrl } from "./rtsp-address.ts"

const at = (address: string) => () => Promise.resolve({ address })

describe("publicRtspUrl", () => {
  it.effect("puts the address that was looked at in the place of the name", () =>
    Effect.gen(function* () {
      const url = "rtsp://ada:p%40ss@far.example:8554/live/one?x=far.example"
      assert.strictEqual(
        yield* publicRtspUrl(url, at("203.0.113.7")),
        "rtsp://ada:p%40ss@203.0.113.7:8554/live/one?x=far.example",
      )
      assert.strictEqual(yield* publicRtspUrl("rtsps://far.example/a", at("2001:db8::1")), "rtsps://[2001:db8::1]/a")
      assert.strictEqual(
        yield* publicRtspUrl("rtsp://[2001:db8::2]:8554/a", at("127.0.0.1")),
        "rtsp://[2001:db8::2]:8554/a",
      )
    }),
  )

  it.effect("refuses what is, or leads to, a private address, and says which", () =>
    Effect.gen(function* () {
      const named = yield* Effect.flip(publicRtspUrl("rtsp://far.example/a", at("10.0.0.1")))
      assert.deepInclude(named, { code: "private_target", transient: false })
      assert.match(
        named.reason,
        /^far\.example resolves to 10\.0\.0\.1, a private address, where ALLOW_PRIVATE_TARGETS=off/,
      )
      const literal = yield* Effect.flip(publicRtspUrl("rtsp://[::1]/a", at("203.0.113.7")))
      assert.match(literal.reason, /^::1 is a loopback address/)
    }),
  )

  it.effect("tells of a name that cannot be resolved", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(
        publicRtspUrl("rtsp://far.example/a", () => Promise.reject(new Error("EAI_AGAIN"))),
      )
      assert.deepInclude(failure, {
        code: "dns",
        transient: true,
        reason: "the host name far.example cannot be resolved: EAI_AGAIN",
      })
    }),
  )
})
