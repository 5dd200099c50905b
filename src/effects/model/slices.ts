/**
 * Work that is long enough to make everybody else wait, in slices. A pure function written as a generator yields
 * wherever it may rest; here it is run, and the event loop has its turn every few milliseconds.
 */
import { Effect } from "effect"

/** Work that yields where it may rest, and returns its result. */
export type Sliced<A> = Generator<void, A>

/** Longest that a slice takes, apart from the step it ends with; milliseconds. */
const SLICE_MS = 8

/** Lets timers, sockets and other requests have their turn: `Effect.yieldNow` gives way to other fibers alone. */
export const letOthersRun: Effect.Effect<void> = Effect.async((resume) => {
  const immediate = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(immediate))
})

/** Runs the work to its end, in slices. */
export const inSlices = <A>(work: () => Sliced<A>): Effect.Effect<A> =>
  Effect.suspend(() => {
    const running = work()
    const slice: Effect.Effect<A> = Effect.suspend(() => {
      const until = performance.now() + SLICE_MS
      for (;;) {
        const step = running.next()
        if (step.done === true) return Effect.succeed(step.value)
        if (performance.now() >= until) return Effect.zipRight(letOthersRun, slice)
      }
    })
    return slice
  })

/** Runs the work to its end at once: where it is known to be small. */
export const atOnce = <A>(work: Sliced<A>): A => {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}
