/** Whether anybody here wants what a channel of MediaLive sends. */
import type { LegMatch, OurChannel } from "../../core/medialive/our-legs.ts"
import type { MediaLiveDeps } from "./deps.ts"
import { type Auto, type Known, wireOf } from "./memory.ts"

export type Wants = (known: Known, auto: Pick<Auto, "leadMinutes">, nowMs: number) => boolean

const channelsOf = (matches: ReadonlyArray<LegMatch>): ReadonlyArray<OurChannel> => [
  ...new Map(matches.map(({ channel }) => [channel.id, channel])).values(),
]

/** Channels of ours that a channel of MediaLive feeds, each once. */
export const fedBy = (
  { addresses, ours }: Pick<MediaLiveDeps, "addresses" | "ours">,
  known: Known,
): ReadonlyArray<OurChannel> => channelsOf(wireOf(known, ours(), addresses()).matches)

/**
 * An output is on whose channel runs, or a schedule asks for the channel: now, or in as many minutes as MediaLive is
 * to be started before it.
 */
export const makeWants =
  (deps: Pick<MediaLiveDeps, "addresses" | "book" | "ours" | "scheduled">): Wants =>
  (known, { leadMinutes }, nowMs) => {
    const configs = new Map(deps.book.inOrder().map((config) => [config.id, config]))
    return fedBy(deps, known).some(({ id }) => {
      const hasOutput = configs.get(id)?.outputs.some(({ enabled }) => enabled) ?? false
      if (deps.book.runs(id) && hasOutput) return true
      return hasOutput && (deps.scheduled(id, nowMs) || deps.scheduled(id, nowMs + leadMinutes * 60_000))
    })
  }

/** Outputs of ours that are on and carry nothing without it: those of channels all of whose legs it feeds. */
export const outputsFed = (deps: Pick<MediaLiveDeps, "addresses" | "book" | "ours">, known: Known): number => {
  const { matches } = wireOf(known, deps.ours(), deps.addresses())
  const configs = new Map(deps.book.inOrder().map((config) => [config.id, config]))
  return channelsOf(matches)
    .filter(({ id, legs }) => {
      const fed = new Set(matches.filter(({ channel }) => channel.id === id).map(({ leg }) => leg.source))
      return deps.book.runs(id) && legs.every(({ source }) => fed.has(source))
    })
    .reduce((sum, { id }) => sum + (configs.get(id)?.outputs.filter(({ enabled }) => enabled).length ?? 0), 0)
}
