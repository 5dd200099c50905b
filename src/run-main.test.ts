import { spawn } from "node:child_process"
import { once } from "node:events"
import { describe, expect, it } from "vitest"

/** A program whose end takes 600 ms where 200 are usual; `finalizer` is an Effect that has `rest` and `allow`. */
const program = (finalizer: string) => `
  import { Effect } from "effect"
  import { ExitDeadline } from "./src/effects/model/ExitDeadline.ts"
  import { runMain } from "./src/run-main.ts"
  const ending = Effect.flatMap(ExitDeadline, ({ allow }) => {
    const rest = Effect.sleep(600)
    return ${finalizer}
  })
  // Signals are listened for once the first turn is over.
  const up = Effect.delay(Effect.sync(() => process.stdout.write("up")), 1)
  runMain(Effect.scoped(Effect.zipRight(Effect.acquireRelease(up, () => ending), Effect.never)), 200)
`
/** The exit code behind SIGTERM. */
const ended = async (finalizer: string) => {
  const child = spawn(process.execPath, ["-e", program(finalizer)], { stdio: ["ignore", "pipe", "inherit"] })
  const exit = once(child, "exit")
  await once(child.stdout, "data")
  child.kill("SIGTERM")
  const [code] = await exit
  return code
}

describe("a process that was told to end", () => {
  it.each([
    ["is ended when that takes longer than usual", "rest", 1],
    ["ends by itself", "Effect.void", 0],
    ["is given the time that it asks for", "Effect.zipRight(allow(60_000), rest)", 0],
    ["is ended when it takes longer than it asked for", "Effect.zipRight(allow(100), rest)", 1],
    [
      "is ended when it goes on for longer than usual behind what it asked for",
      "allow(60_000).pipe(Effect.zipRight(allow(0)), Effect.zipRight(rest))",
      1,
    ],
  ])("%s", async (_, finalizer, code) => expect(await ended(finalizer)).toBe(code))
})
