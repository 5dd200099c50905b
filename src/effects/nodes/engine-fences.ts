/** Tells the engine until when it may send each channel. */
import { Effect, Stream } from "effect"
import type { NodeBrain } from "../../core/placement/node-brain.ts"
import type { EngineClientService } from "../engine/EngineClient.ts"

export interface EngineFences {
  /** Tells what has changed since it was told last; does not wait for the engine. */
  readonly tell: (brain: NodeBrain) => Effect.Effect<void>
  /** Closes the outputs of a channel; true once the engine has. An engine that is gone sends nothing. */
  readonly close: (channel: string) => Effect.Effect<boolean>
  /** Closes all; true once the engine has. */
  readonly closeAll: Effect.Effect<boolean>
  /** Forgets what was told whenever another engine is there; never ends. */
  readonly follow: Effect.Effect<void>
}

/** µs of the fences' clock; 0 for a channel that may not be sent. */
export const fenceUsOf = (brain: NodeBrain, channel: string): number =>
  Math.max(0, Math.floor(brain.fenceOf(channel) * 1000))

type Client = Pick<EngineClientService, "send" | "link">

export const makeEngineFences = (engine: Client): EngineFences => {
  const told = new Map<string, number>()
  const send = (fences: ReadonlyArray<{ readonly channel_id: string; readonly fence_us: number }>) =>
    engine.send({ cmd: "lease", fences: [...fences] }).pipe(
      Effect.as(true),
      Effect.catchAll(() =>
        Effect.sync(() => {
          // It is told again with the next beat.
          for (const { channel_id } of fences) told.delete(channel_id)
          return false
        }),
      ),
    )
  return {
    tell: (brain) =>
      Effect.suspend(() => {
        const fences = brain.rows().flatMap(({ channel }) => {
          const fenceUs = fenceUsOf(brain, channel)
          if (told.get(channel) === fenceUs) return []
          told.set(channel, fenceUs)
          return [{ channel_id: channel, fence_us: fenceUs }]
        })
        const known = new Set(brain.rows().map(({ channel }) => channel))
        for (const channel of told.keys()) if (!known.has(channel)) told.delete(channel)
        return fences.length === 0 ? Effect.void : Effect.asVoid(Effect.forkDaemon(send(fences)))
      }),
    close: (channel) =>
      Effect.suspend(() => {
        told.set(channel, 0)
        return send([{ channel_id: channel, fence_us: 0 }])
      }),
    closeAll: Effect.suspend(() => {
      const fences = [...told.keys()].map((channel_id) => ({ channel_id, fence_us: 0 }))
      told.clear()
      return fences.length === 0 ? Effect.succeed(true) : send(fences)
    }),
    follow: engine.link.changes.pipe(
      Stream.map(({ generation }) => generation),
      Stream.changes,
      Stream.runForEach(() => Effect.sync(() => told.clear())),
    ),
  }
}
