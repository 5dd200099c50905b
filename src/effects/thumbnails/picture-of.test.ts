import { chmodSync, writeFileSync } from "node:fs"
import { setPriority } from "node:os"
import { delimiter, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CONTROL_PLANE_NICE, raisePriority } from "../../engine/system/priority.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { decodeKeyFrame } from "./picture-of.ts"

/** Puts another program in the place of ffmpeg. */
const withFfmpeg = (script: string) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    writeFileSync(join(directory, "ffmpeg"), `#!/bin/sh\n${script}\n`)
    chmodSync(join(directory, "ffmpeg"), 0o700)
    const path = process.env["PATH"] ?? ""
    yield* Effect.acquireRelease(
      Effect.sync(() => (process.env["PATH"] = `${directory}${delimiter}${path}`)),
      () => Effect.sync(() => (process.env["PATH"] = path)),
    )
  })

describe("decodeKeyFrame", () => {
  it.scopedLive.skipIf(process.getuid?.() !== 0)("runs at the lowest priority, whatever the control plane has", () =>
    Effect.gen(function* () {
      yield* withFfmpeg("cat > /dev/null; nice")
      yield* Effect.acquireRelease(
        Effect.sync(() => raisePriority(CONTROL_PLANE_NICE)),
        () => Effect.sync(() => setPriority(0)),
      )
      assert.strictEqual(
        Buffer.from(yield* decodeKeyFrame(new Uint8Array(188)))
          .toString()
          .trim(),
        "19",
      )
    }),
  )
})
