import { assert, describe, it } from "@effect/vitest"
import { Effect, LogLevel } from "effect"
import { layerFrom } from "./Logging.ts"

const logged = (format: "json" | "pretty", effect: Effect.Effect<unknown>) => {
  const lines: Array<string> = []
  const sink = { write: (line: string) => lines.push(line) }
  return Effect.as(Effect.provide(effect, layerFrom({ logFormat: format, logLevel: LogLevel.Info }, sink)), lines)
}

describe("Logging", () => {
  it.effect("writes annotations as fields of one JSON line", () =>
    Effect.gen(function* () {
      const effect = Effect.logWarning("lost").pipe(Effect.annotateLogs({ channel: "news", output: "srt-1" }))
      const [line, ...more] = yield* logged("json", effect)
      assert.deepStrictEqual(more, [])
      assert.deepInclude(JSON.parse(line ?? ""), { level: "warn", msg: "lost", channel: "news", output: "srt-1" })
    }),
  )

  it.effect("leaves out what is below the level", () =>
    Effect.map(logged("json", Effect.logDebug("noise")), (lines) => assert.deepStrictEqual(lines, [])),
  )

  it.effect("never writes a passphrase, wherever the URL stands", () =>
    Effect.gen(function* () {
      const url = "srt://192.0.2.1:9000?passphrase=verysecret99&mode=caller"
      const effect = Effect.logError(`cannot open ${url}`, new Error(url)).pipe(Effect.annotateLogs({ url }))
      for (const format of ["json", "pretty"] as const) {
        const text = (yield* logged(format, effect)).join("")
        assert.include(text, "192.0.2.1:9000")
        assert.notInclude(text, "verysecret99")
      }
    }),
  )

  it.effect("writes what a stranger sent without its control characters", () =>
    Effect.gen(function* () {
      const effect = Effect.logError("it says \u001b]0;pwn\u0007\u001b[31mno\r \u202egpj").pipe(
        Effect.annotateLogs({ peer: "\u009b2J" }),
      )
      for (const format of ["json", "pretty"] as const) {
        const text = (yield* logged(format, effect)).join("")
        assert.include(text, "pwn")
        assert.notMatch(text.trimEnd(), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/)
      }
      const [line] = yield* logged("json", effect)
      assert.include(JSON.parse(line ?? "").msg, "\\u001b]0;pwn\\u0007\\u001b[31mno\\u000d \\u202egpj")
    }),
  )
})
