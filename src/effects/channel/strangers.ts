/** What an engine that was found running carries and nobody asked for any more. */
import type { Command, EngineStats } from "../../engine/messages.ts"
import type { ChannelConfig } from "../model.ts"

/** The commands that end it. `wanted` gives the configuration of a channel that should run. */
export const strangers = (stats: EngineStats | null, wanted: (channelId: string) => ChannelConfig | undefined): ReadonlyArray<Command> =>
  (stats?.channels ?? []).flatMap(({ id, outputs }): Command[] => {
    const config = wanted(id)
    if (config === undefined) return [{ cmd: "remove_channel", channel_id: id }]
    const enabled = new Set(config.outputs.flatMap((o) => (o.enabled ? [o.id] : [])))
    return outputs.filter((o) => !enabled.has(o.id)).map((o) => ({ cmd: "close_output", channel_id: id, output_id: o.id }))
  })

/** True when one of these channels, which run, runs the output. */
export const runsOutput = (channels: ReadonlyArray<ChannelConfig>, outputId: string): boolean =>
  channels.some(({ outputs }) => outputs.some(({ enabled, id }) => enabled && id === outputId))
