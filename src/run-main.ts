/** Runs the service until it ends or is told to, and turns how it ended into an exit code. */
import { defaultTeardown, makeRunMain, type Teardown } from "@effect/platform/Runtime"
import { Cause, Effect, Exit, Option } from "effect"
import { ExitDeadline } from "./effects/model/ExitDeadline.ts"

/** Every step of the shutdown has its own deadline; this one catches what none of them foresaw. */
const EXIT_WITHIN_MS = 4800

/** One line for what an operator can put right, everything for what only a developer can. */
const explain = (cause: Cause.Cause<unknown>): string => {
  const failure = Option.getOrUndefined(Cause.failureOption(cause))
  return failure instanceof Error ? failure.message : Cause.pretty(cause)
}

const teardown: Teardown = (exit, onExit) => {
  if (Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause))
    process.stderr.write(`distributor: ${explain(exit.cause)}\n`)
  defaultTeardown(exit, onExit)
}

/** Ends the process when it has taken longer than `usualMs`, and what it was allowed beside, to end by itself. */
const makeDeadline = (usualMs: number) => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const begin = (extraMs: number) => {
    clearTimeout(timer)
    timer = setTimeout(() => process.exit(1), usualMs + extraMs)
    timer.unref()
  }
  return {
    begin: () => begin(0),
    allow: (extraMs: number) => Effect.sync(() => (timer === undefined ? undefined : begin(extraMs))),
  }
}

/**
 * Runs to the end: exit code 0 after a signal, 1 with a line on standard error when the service cannot run, and 1 when
 * it does not end within `exitWithinMs` of a signal beside what `ExitDeadline` was asked for.
 */
export const runMain = (effect: Effect.Effect<never, unknown>, exitWithinMs = EXIT_WITHIN_MS): void => {
  const { allow, begin } = makeDeadline(exitWithinMs)
  const run = makeRunMain(({ fiber, teardown }) => {
    // Holds the process while nothing but fibers waits.
    const alive = setInterval(() => {}, 2 ** 31 - 1)
    let asked = false
    const stop = () => {
      if (asked) return
      asked = true
      begin()
      fiber.unsafeInterruptAsFork(fiber.id())
    }
    // SIGHUP is the closed terminal.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop)
    fiber.addObserver((exit) => {
      clearInterval(alive)
      teardown(exit, (code) => process.exit(code))
    })
  })
  const deadline = Effect.provideService(effect, ExitDeadline, { allow })
  run(deadline, { disableErrorReporting: true, disablePrettyLogger: true, teardown })
}
