/** The engines of a pool that run, and what each of them told last. */
import { Effect, type Exit, Scope } from "effect"
import type { EngineMember } from "./engine-member.ts"
import type { EngineState } from "./engine-state.ts"

/** An engine of a pool. */
export interface PoolEngine {
  readonly member: EngineMember
  readonly scope: Scope.CloseableScope
  latest: EngineState
  /** Monotonic ms since which nothing is placed on it and it carries nothing; null while there is something. */
  emptySince: number | null
}

/** True when a channel is in the last figures of an engine. */
const carries = ({ latest: { stats } }: PoolEngine, channelId: string): boolean =>
  stats?.channels.some(({ id }) => id === channelId) === true

export class PoolEngines {
  readonly #byNumber = new Map<number, PoolEngine>()

  add(engine: PoolEngine): void {
    this.#byNumber.set(engine.member.number, engine)
  }

  remove(number: number): void {
    this.#byNumber.delete(number)
  }

  get(number: number): PoolEngine | undefined {
    return this.#byNumber.get(number)
  }

  /** Lowest number first. */
  all(): ReadonlyArray<PoolEngine> {
    return [...this.#byNumber.values()].sort((a, b) => a.member.number - b.member.number)
  }

  /** The engine that is found carrying a channel, by figures up to a second old. */
  carrying(channelId: string): PoolEngine | undefined {
    return this.all().find((engine) => carries(engine, channelId))
  }

  /** Ends the engines side by side, each within its own time. */
  endAll(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.forEach(this.all(), ({ scope }) => Scope.close(scope, exit), {
      concurrency: "unbounded",
      discard: true,
    })
  }
}
