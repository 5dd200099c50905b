/** The outputs that send to the same place. */
import { destinationOf } from "../../core/output/same-destination.ts"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import { readOutput } from "./output-place.ts"

/** An output that sends to the same place as another one, by its names. */
export interface Twin {
  /** Id and name of its channel. */
  readonly channel_id: string
  readonly channel: string
  readonly output: string
}

const placeOf = (output: OutputConfig): string | null => {
  const read = readOutput(output)
  return read.ok ? destinationOf(read.target) : null
}

/** Outputs of all channels, `output` itself left out, that send where it sends; disabled ones, too. */
export const twinsOf = (output: OutputConfig, channels: ReadonlyArray<ChannelConfig>): ReadonlyArray<Twin> => {
  const place = placeOf(output)
  if (place === null) return []
  return channels.flatMap(({ id, name, outputs }) =>
    outputs
      .filter((one) => one.id !== output.id && placeOf(one) === place)
      .map((one) => ({ channel_id: id, channel: name, output: one.name })),
  )
}
