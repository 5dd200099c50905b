import { assert, describe, it } from "@effect/vitest"
import { Effect, LogLevel } from "effect"
import { layerFrom } from "./Logging.ts"
import { makeLogLines } from "./log-lines.ts"

const line = (message: string, channel: string | null = null) =>
  ({ at: "2026-01-02T03:04:05.678Z", level: "info", channel, output: null, message }) as const
const messages = (lines: ReadonlyArray<{ readonly message: string }>) => lines.map(({ message }) => message)

describe("LogLines", () => {
  it("keeps the last lines of all and of each channel, newest first", () => {
    const log = makeLogLines({ inAll: 3, perChannel: 2, channels: 2, characters: 10 })
    assert.deepStrictEqual(messages(log.all()), [])
    for (const text of ["a1", "a2", "a3"]) log.add(line(text, "a"))
    log.add(line("none"))
    assert.deepStrictEqual(messages(log.all()), ["none", "a3", "a2"])
    assert.deepStrictEqual(messages(log.ofChannel("a")), ["a3", "a2"])
    assert.deepStrictEqual(messages(log.ofChannel("b")), [])
    assert.deepStrictEqual(
      log.all().map(({ id }) => id),
      [4, 3, 2],
    )
  })

  it("lets go of the channel that wrote least recently, and cuts what is too long", () => {
    const log = makeLogLines({ inAll: 9, perChannel: 2, channels: 2, characters: 10 })
    for (const channel of ["a", "b", "a", "c"]) log.add(line("x".repeat(11), channel))
    assert.deepStrictEqual(messages(log.ofChannel("b")), [])
    assert.strictEqual(log.ofChannel("a").length, 2)
    assert.deepStrictEqual(messages(log.ofChannel("c")), [`${"x".repeat(10)}…`])
  })

  it.effect("gets what the logger writes: masked, with channel, output, level and the cause's first line", () =>
    Effect.gen(function* () {
      const log = makeLogLines()
      const url = "srt://192.0.2.1:9000?passphrase=verysecret99"
      const effect = Effect.logError(`cannot open ${url}`, new Error(`refused ${url}`)).pipe(
        Effect.annotateLogs({ channel: "news", output: "srt-1" }),
        Effect.zipRight(Effect.logDebug("noise")),
        Effect.zipRight(Effect.logWarning("no channel")),
      )
      const sink = { write: () => undefined }
      yield* Effect.provide(effect, layerFrom({ logFormat: "json", logLevel: LogLevel.Info }, sink, log))
      assert.deepStrictEqual(messages(log.all()).slice(0, 1), ["no channel"])
      const [found, ...more] = log.ofChannel("news")
      assert.deepStrictEqual(more, [])
      assert.deepInclude(found, { level: "error", channel: "news", output: "srt-1" })
      assert.include(found?.message, "192.0.2.1:9000")
      assert.notInclude(JSON.stringify(log.all()), "verysecret99")
    }),
  )
})
