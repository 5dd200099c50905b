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
})
