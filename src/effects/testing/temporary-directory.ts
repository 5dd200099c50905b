/** A directory of its own for a test, removed with the scope. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, type Scope } from "effect"

export const temporaryDirectory: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "distributor-test-"))),
  (directory) =>
    Effect.sync(() => {
      chmodSync(directory, 0o700)
      rmSync(directory, { recursive: true, force: true })
    }),
)
