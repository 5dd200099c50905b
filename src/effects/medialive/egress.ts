/** Bytes that outputs of ours sent, by month and channel, from the engine's figures. */
import { Clock, Effect } from "effect"
import { monthOf } from "../../core/medialive/cost.ts"
import type { EngineStats } from "../../engine/protocol/messages.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { EgressRow, MediaLiveRows } from "./medialive-rows.ts"

export interface Egress {
  /** To be called with every message of figures. */
  readonly observe: (stats: EngineStats | null, configs: ReadonlyArray<ChannelConfig>) => void
  /** Adds what was counted to the store. Never fails: what is refused is added later. */
  readonly write: Effect.Effect<void>
  /** What is not in the store yet. */
  readonly waiting: () => ReadonlyArray<EgressRow>
}

export const makeEgress = (rows: Pick<MediaLiveRows, "addEgress">): Egress => {
  const seen = new Map<string, { readonly session: string; readonly bytes: number }>()
  const counted = new Map<string, EgressRow>()
  let first = true

  const add = (channelId: string, name: string, bytes: number) => {
    if (bytes <= 0) return
    counted.set(channelId, { channelId, name, bytes: (counted.get(channelId)?.bytes ?? 0) + bytes })
  }
  return {
    observe: (stats, configs) => {
      if (stats === null) return
      const names = new Map(configs.map(({ id, slug }) => [id, slug]))
      const there = new Set<string>()
      for (const channel of stats.channels) {
        for (const { bytes_sent: bytes, id, session } of channel.outputs) {
          there.add(id)
          const before = seen.get(id)
          seen.set(id, { session, bytes })
          // Whatever an engine sent before this process started was an earlier process's to count.
          if (before === undefined && first) continue
          const from = before?.session === session && before.bytes <= bytes ? before.bytes : 0
          add(channel.id, names.get(channel.id) ?? channel.id, bytes - from)
        }
      }
      for (const id of seen.keys()) if (!there.has(id)) seen.delete(id)
      first = false
    },
    write: Effect.gen(function* () {
      const batch = [...counted.values()]
      if (batch.length === 0) return
      yield* rows.addEgress(monthOf(yield* Clock.currentTimeMillis), batch)
      for (const { bytes, channelId, name } of batch) {
        const left = (counted.get(channelId)?.bytes ?? 0) - bytes
        if (left > 0) counted.set(channelId, { channelId, name, bytes: left })
        else counted.delete(channelId)
      }
    }).pipe(Effect.catchAll((error) => Effect.logWarning(error.message))),
    waiting: () => [...counted.values()],
  }
}
