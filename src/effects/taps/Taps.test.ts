import { existsSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Scope } from "effect"
import type { Command } from "../../engine/protocol/messages.ts"
import { EngineRefused } from "../model/Errors.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { makeTaps, tapSocketPath } from "./Taps.ts"

/** Plays the engine's part of `open_tap`, one step at a time. */
const makeSender = () => {
  const sockets: Socket[] = []
  const send = (command: Command) =>
    Effect.suspend(() => {
      if (command.cmd !== "open_tap") return Effect.dieMessage(command.cmd)
      if (command.channel_id === "gone") return new EngineRefused({ code: "no_channel", reason: "no", transient: true })
      const socket = connect(command.path, () => {
        socket.write(command.token.slice(0, 7))
        setImmediate(() => socket.write(`${command.token.slice(7)}\nG`))
      })
      socket.on("error", () => undefined)
      sockets.push(socket)
      return Effect.succeed({ re: 0, ok: true as const })
    })
  return { send, sockets }
}
const until = (what: () => boolean) =>
  Effect.promise(async () => {
    while (!what()) await new Promise((resolve) => setTimeout(resolve, 5))
  }).pipe(Effect.timeout("10 seconds"))

describe("makeTaps", () => {
  it.scopedLive("hands each its own bytes, ends with the connection, and closes it with the scope", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { send, sockets } = makeSender()
      const taps = yield* makeTaps({ send }, directory)
      assert.isFalse(existsSync(tapSocketPath(directory)))
      const got = ["", ""]
      const scope = yield* Scope.make()
      const take = (n: number) => (bytes: Uint8Array) => {
        got[n] = `${got[n] ?? ""}${Buffer.from(bytes).toString()}`
      }
      const first = yield* taps.open("a", take(0))
      yield* Scope.extend(taps.open("b", take(1)), scope)
      yield* until(() => got.every((text) => text === "G"))
      sockets[1]?.write("second")
      yield* until(() => got[1] === "Gsecond")
      assert.strictEqual(got[0], "G")

      const closed = Effect.async<void>((resume) => void sockets[1]?.once("close", () => resume(Effect.void)))
      yield* Effect.all([closed, Scope.close(scope, Exit.void)], { concurrency: 2 }).pipe(Effect.timeout("10 seconds"))
      sockets[0]?.destroy()
      const { reason } = yield* Effect.flip(Deferred.await(first)).pipe(Effect.timeout("10 seconds"))
      assert.include(reason, "the engine sends no more")
    }),
  )

  it.scopedLive("says that a channel does not run, and turns strangers away", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { send } = makeSender()
      const taps = yield* makeTaps({ send }, directory)
      assert.strictEqual((yield* Effect.flip(taps.open("gone", () => undefined))).reason, "the channel does not run")
      const stranger = connect(tapSocketPath(directory), () => stranger.write("let me in\n"))
      stranger.on("error", () => undefined)
      yield* Effect.async<void>((resume) => void stranger.once("close", () => resume(Effect.void))).pipe(
        Effect.timeout("10 seconds"),
      )
    }),
  )
})
