/** Channels and outputs by what a request calls them. */
import { Effect } from "effect"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import { NotFound } from "../model/Errors.ts"

/** By UUID, slug or number, in this order. */
export const findChannel = (all: ReadonlyArray<ChannelConfig>, ref: string): Effect.Effect<ChannelConfig, NotFound> => {
  const found =
    all.find((c) => c.id === ref) ?? all.find((c) => c.slug === ref) ?? all.find((c) => String(c.number) === ref)
  return found === undefined ? new NotFound({ kind: "channel", ref }) : Effect.succeed(found)
}

/** By UUID or slug, in this order. */
export const findOutput = (channel: ChannelConfig, ref: string): Effect.Effect<OutputConfig, NotFound> => {
  const found = channel.outputs.find((o) => o.id === ref) ?? channel.outputs.find((o) => o.slug === ref)
  return found === undefined ? new NotFound({ kind: "output", ref }) : Effect.succeed(found)
}
