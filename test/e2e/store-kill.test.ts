import { spawn } from "node:child_process"
import { join } from "node:path"
import { isDeepStrictEqual } from "node:util"
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { expect } from "vitest"
import { contentsAfter, contentsOf } from "../../src/effects/testing/store-changes.ts"
import { DATABASES, execute, places, using } from "../../src/effects/testing/stores.ts"
import { temporaryDirectory } from "../../src/effects/testing/temporary-directory.ts"
import { home } from "./product.ts"

/** `STORE_KILL_ROUNDS=200` for the whole of it. */
const ROUNDS = Number(process.env["STORE_KILL_ROUNDS"] ?? 20)
const SCRIPT = join(home, "src", "effects", "testing", "change-writer.ts")

/** Starts the writer at a step and kills it; the number of steps that it said were done. */
const killedWriter = (place: string, step: number, afterSteps: number, afterMs: number) =>
  Effect.async<number>((resume) => {
    const args = ["Deno" in globalThis ? ["run", "-A"] : [], SCRIPT, place, `${step}`].flat()
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
    let told = ""
    let killing = false
    child.stdout.on("data", (chunk: Buffer) => {
      told += chunk.toString()
      if (killing || told.split("\n").length <= afterSteps) return
      killing = true
      setTimeout(() => child.kill("SIGKILL"), afterMs)
    })
    // A line that the kill cut off was written after its change all the same, but it may lack digits.
    child.once("close", () => resume(Effect.succeed(Number(told.split("\n").slice(0, -1).at(-1) ?? step))))
  })

describe.each(DATABASES)("a store in %s", (database) => {
  const file = places(database, temporaryDirectory)

  it.live(
    `row 38: loses no acknowledged change and holds no half of one after ${ROUNDS} times kill -9 while it is written`,
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const place = yield* file
          let step = 0
          let killedInside = 0
          for (let round = 1; round <= ROUNDS; round++) {
            const acknowledged = yield* killedWriter(place, step, 1 + Math.floor(Math.random() * 12), Math.random() * 8)
            expect(acknowledged, `round ${round}: the writer wrote`).toBeGreaterThan(step)
            const found = yield* using(place, contentsOf)
            // The change under way when it was killed may be there, whole.
            const inside = !isDeepStrictEqual(found, contentsAfter(acknowledged))
            if (inside)
              expect(found, `round ${round}, after step ${acknowledged}`).toEqual(contentsAfter(acknowledged + 1))
            if (inside) killedInside++
            step = acknowledged + (inside ? 1 : 0)
          }
          // So that the test is seen to be able to fail: a change that is taken away is missed.
          yield* execute(place, "DELETE FROM channel_events WHERE id = (SELECT min(id) FROM channel_events)")
          expect(yield* using(place, contentsOf)).not.toEqual(contentsAfter(step))
          yield* Effect.log(
            `${database}: ${step} changes, ${ROUNDS} kills, ${killedInside} of them between a commit and its acknowledgement`,
          )
        }),
      ),
  )
})
