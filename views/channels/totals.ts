import type { ChannelStatus, ChannelView, OutputView } from "../../src/effects/model/channel.ts"
import { isFailing } from "./list-row.ts"
import { formatRate } from "./list-texts.ts"

/** Sums over all channels. */
export interface Totals {
  readonly channels: Readonly<Record<ChannelStatus, number>>
  /** Numbers of enabled outputs of running channels: `connected` carry something, `idle` have nothing to carry. */
  readonly outputs: {
    readonly connected: number
    readonly idle: number
    readonly connecting: number
    readonly failing: number
  }
  /** Bit rate of the active legs, and below, of all outputs. */
  readonly input: string
  readonly output: string
}

const stateOf = (output: OutputView): keyof Totals["outputs"] => {
  if (isFailing(output)) return "failing"
  if (output.status !== "connected") return "connecting"
  return output.carrying ? "connected" : "idle"
}

export const totalsOf = (channels: ReadonlyArray<ChannelView>): Totals => {
  const states = { running: 0, starting: 0, error: 0, stopped: 0 }
  const outputs = { connected: 0, idle: 0, connecting: 0, failing: 0 }
  let input = 0
  let output = 0
  for (const channel of channels) {
    states[channel.status]++
    if (channel.status === "stopped") continue
    input += channel.input.legs.find(({ source }) => source === channel.active_source)?.bitrate ?? 0
    for (const one of channel.outputs) {
      if (!one.enabled) continue
      output += one.status === "connected" ? one.bitrate : 0
      outputs[stateOf(one)]++
    }
  }
  return { channels: states, outputs, input: formatRate(input), output: formatRate(output) }
}
