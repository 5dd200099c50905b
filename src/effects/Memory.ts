/**
 * Keeps the control plane small. JavaScriptCore lets its heap grow with the machine's memory, so the garbage of the start and of a
 * burst of requests would stay for hours. Whenever the process has grown by `GROWTH_BYTES`, one full collection (about 40 ms, in
 * the process that carries no packets) gives it back; smaller heap limits cost a percent of a core all the time instead.
 */
import { Effect, Layer } from "effect"

const CHECK_EVERY = "2 seconds"
const GROWTH_BYTES = 24 * 1024 * 1024

/** Only Bun has calls for it (`gc` collects, `shrink` gives the pages back); elsewhere this does nothing. */
const collector = (): (() => void) | null => {
  const bun: unknown = Reflect.get(globalThis, "Bun")
  if (typeof bun !== "object" || bun === null) return null
  const gc: unknown = Reflect.get(bun, "gc")
  const shrink: unknown = Reflect.get(bun, "shrink")
  if (typeof gc !== "function" || typeof shrink !== "function") return null
  return () => {
    gc.call(bun, true)
    shrink.call(bun)
  }
}

export interface MemoryProbe {
  readonly collect: (() => void) | null
  readonly rssBytes: () => number
}

export const keepSmall = ({ collect, rssBytes }: MemoryProbe): Effect.Effect<void> => {
  if (collect === null) return Effect.void
  let after = 0
  const check = Effect.sync(() => {
    if (rssBytes() < after + GROWTH_BYTES) return
    collect()
    after = rssBytes()
  })
  return Effect.forever(Effect.zipRight(Effect.sleep(CHECK_EVERY), check))
}

export const MemoryLive = Layer.scopedDiscard(
  Effect.suspend(() => Effect.forkScoped(keepSmall({ collect: collector(), rssBytes: () => process.memoryUsage.rss() }))),
)
