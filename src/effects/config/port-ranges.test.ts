import { createSocket } from "node:dgram"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { firstFreePort, isUdpPortFree } from "./port-ranges.ts"

const range = { first: 5000, last: 5003 }
const always = () => Effect.succeed(true)

describe("firstFreePort", () => {
  it.effect("is the lowest that nobody claims and this machine lets have", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* firstFreePort(range, new Set(), "udp_port", always), 5000)
      assert.strictEqual(yield* firstFreePort(range, new Set([5000, 5001]), "udp_port", always), 5002)
      const free = (port: number) => Effect.succeed(port !== 5002)
      assert.strictEqual(yield* firstFreePort(range, new Set([5000, 5001]), "udp_port", free), 5003)
    }),
  )

  it.effect("fails for the field that was left out, with the range, when there is none", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        firstFreePort(range, new Set([5000, 5001, 5002]), "udp_port", () => Effect.succeed(false)),
      )
      assert.deepStrictEqual(
        error.errors.map(({ message, path }) => [path, message.slice(0, 41)]),
        [["udp_port", "no UDP port from 5000 to 5003 is free: na"]],
      )
    }),
  )

  it.effect("does not ask the machine for ever", () =>
    Effect.gen(function* () {
      let asked = 0
      const never = () => Effect.sync(() => ++asked < 0)
      yield* Effect.flip(firstFreePort({ first: 1, last: 65_535 }, new Set(), "url", never))
      assert.strictEqual(asked, 1000)
    }),
  )
})

it.live("isUdpPortFree is false while another socket has the port, on any address, and leaves it free", () =>
  Effect.gen(function* () {
    const holder = createSocket("udp4")
    yield* Effect.promise(() => new Promise<void>((resolve) => holder.bind(0, "127.0.0.1", resolve)))
    const { port } = holder.address()
    assert.isFalse(yield* isUdpPortFree(port))
    yield* Effect.promise(() => new Promise<void>((resolve) => holder.close(() => resolve())))
    assert.isTrue(yield* isUdpPortFree(port))
    assert.isTrue(yield* isUdpPortFree(port))
  }),
)
