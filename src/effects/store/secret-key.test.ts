import { readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { loadSecretKey } from "./secret-key.ts"

describe("loadSecretKey", () => {
  it.scoped("makes the file once, for its owner only, and reads it afterwards", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "deep", "secret.key")
      const made = yield* loadSecretKey(file)
      assert.strictEqual(made.length, 32)
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
      assert.deepStrictEqual(Buffer.from(yield* loadSecretKey(file)), Buffer.from(made))
    }),
  )

  it.scoped.each(["", "abc", `${"0".repeat(63)}g`, "0".repeat(66)])(
    "refuses a file that holds %j, and leaves it",
    (text) =>
      Effect.gen(function* () {
        const file = join(yield* temporaryDirectory, "secret.key")
        writeFileSync(file, text)
        const { message } = yield* Effect.flip(loadSecretKey(file))
        assert.include(message, `KEY_FILE: ${file} cannot be used`)
        assert.strictEqual(readFileSync(file, "utf8"), text)
      }),
  )
})
