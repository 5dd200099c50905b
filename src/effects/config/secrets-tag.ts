import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import type { StateTag } from "./state-tag.ts"

/**
 * Makes the tag of where an output goes, or where a channel's SRT legs come from, secrets included, by its id; it is
 * empty when there is neither. It is asked for hundreds of times a second.
 */
export const makeSecretsTag = (
  configs: ReadonlyMap<string, ChannelConfig>,
  tag: StateTag,
): ((outputId: string) => string) => {
  const tags = new WeakMap<OutputConfig, string>()
  /** In which channel an output was seen last. */
  const owners = new Map<string, string>()
  const outputOf = (channel: ChannelConfig | undefined, id: string) =>
    channel?.outputs.find((output) => output.id === id)
  const find = (id: string): OutputConfig | undefined => {
    const known = outputOf(configs.get(owners.get(id) ?? ""), id)
    if (known !== undefined) return known
    owners.clear()
    for (const channel of configs.values()) for (const output of channel.outputs) owners.set(output.id, channel.id)
    return outputOf(configs.get(owners.get(id) ?? ""), id)
  }
  const ofLegs = ({ backup_input_url, input_url }: ChannelConfig): string =>
    input_url === null && backup_input_url === null ? "" : tag(JSON.stringify([input_url, backup_input_url]))
  return (id) => {
    const channel = configs.get(id)
    if (channel !== undefined) return ofLegs(channel)
    const output = find(id)
    if (output === undefined) return ""
    const { settings, stream_key, url } = output
    const made = tags.get(output) ?? tag(JSON.stringify([url, stream_key, Object.entries(settings).sort()]))
    tags.set(output, made)
    return made
  }
}
