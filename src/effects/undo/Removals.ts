/**
 * Recent removals, kept whole for whoever wants them back. They hold secrets, so they stay in this process's memory.
 */
import { Context, Layer } from "effect"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"

/** How long a removal can be undone, in ms. */
export const UNDO_WITHIN_MS = 10 * 60_000
/** Most removals kept at a time; the oldest go first. */
export const MAX_REMOVALS = 100

export type Removed =
  | { readonly kind: "channel"; readonly channel: ChannelConfig }
  | {
      readonly kind: "output"
      readonly channel: Pick<ChannelConfig, "id" | "name" | "slug">
      readonly output: OutputConfig
    }

/** A removal as pages show it. */
export interface RemovalView {
  readonly kind: Removed["kind"]
  readonly name: string
  /** The removed channel, or the channel of the removed output. */
  readonly channel: { readonly name: string; readonly slug: string }
  /** Until when it can be undone (ISO 8601). */
  readonly until: string
}

export interface RemovalsService {
  /** Keeps it under a token that nobody can guess. */
  readonly keep: (removed: Removed, nowMs: number) => string
  /** The removal of a token; null when there is none, or no longer one. */
  readonly find: (token: string, nowMs: number) => Removed | null
  readonly view: (token: string, nowMs: number) => RemovalView | null
  /** Forgets a removal that has been undone. */
  readonly forget: (token: string) => void
}

/** Times are milliseconds since 1970. */
export const makeRemovals = (maxRemovals = MAX_REMOVALS, withinMs = UNDO_WITHIN_MS): RemovalsService => {
  const kept = new Map<string, { readonly removed: Removed; readonly untilMs: number }>()
  const entry = (token: string, nowMs: number) => {
    const found = kept.get(token)
    return found === undefined || found.untilMs <= nowMs ? null : found
  }
  return {
    keep: (removed, nowMs) => {
      const token = crypto.randomUUID()
      kept.set(token, { removed, untilMs: nowMs + withinMs })
      // Removals are in order of arrival: the first that may stay ends the search.
      for (const [old, { untilMs }] of kept) {
        if (untilMs > nowMs && kept.size <= maxRemovals) break
        kept.delete(old)
      }
      return token
    },
    find: (token, nowMs) => entry(token, nowMs)?.removed ?? null,
    view: (token, nowMs) => {
      const found = entry(token, nowMs)
      if (found === null) return null
      const { removed, untilMs } = found
      const { name, slug } = removed.channel
      return {
        kind: removed.kind,
        name: removed.kind === "channel" ? name : removed.output.name,
        channel: { name, slug },
        until: new Date(untilMs).toISOString(),
      }
    },
    forget: (token) => void kept.delete(token),
  }
}

export class Removals extends Context.Tag("distributor/Removals")<Removals, RemovalsService>() {
  static readonly Live = Layer.sync(Removals, () => makeRemovals())
}
