import { chmodSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { runOnTakeover, type Takeover } from "./on-takeover.ts"

const TAKEOVER: Takeover = {
  from: "node-a",
  to: "node-b",
  channels: [
    { id: "1", slug: "news" },
    { id: "2", slug: "sports; touch /tmp/never" },
  ],
}

/** Runs a program of these lines for the takeover; gives what was logged. */
const run = (script: string, directory: string) =>
  Effect.gen(function* () {
    const program = join(directory, "moved")
    writeFileSync(program, `#!/bin/sh\n${script}\n`)
    chmodSync(program, 0o700)
    const lines: string[] = []
    const logger = Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ logLevel, message }) => void lines.push(`${logLevel.label} ${String(message)}`)),
    )
    yield* runOnTakeover(program, TAKEOVER).pipe(Effect.provide(logger))
    return lines
  })

describe("the program of NODE_ON_TAKEOVER", () => {
  it.scoped("gets the nodes and the channels, without a shell and without the service's environment", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const seen = join(directory, "seen")
      process.env["API_KEY"] = "a-secret"
      yield* Effect.addFinalizer(() => Effect.sync(() => delete process.env["API_KEY"]))
      const lines = yield* run(
        `printf '%s\\n' "$@" "$NODE_FROM $NODE_TO $CHANNEL_IDS" "key:$API_KEY" > ${seen}; echo moved`,
        directory,
      )
      assert.deepStrictEqual(readFileSync(seen, "utf8").trim().split("\n"), [
        "node-a",
        "node-b",
        "news",
        "sports; touch /tmp/never",
        "node-a node-b 1,2",
        "key:",
      ])
      assert.match(lines.join("\n"), /^INFO NODE_ON_TAKEOVER: .* has run for news, sports.*: moved$/)
    }),
  )

  it.scoped("that fails, or is not there, is a line of the log", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      assert.match((yield* run("echo no address >&2; exit 3", directory)).join(), /^ERROR .* failed .*no address/)
      const lines: string[] = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => void lines.push(String(message))),
      )
      yield* runOnTakeover(join(directory, "nowhere"), TAKEOVER).pipe(Effect.provide(logger))
      assert.match(lines.join(), /NODE_ON_TAKEOVER.*nowhere/)
    }),
  )
})
