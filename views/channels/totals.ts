import type { ChannelView, OutputView, WorstState } from "../../src/effects/model/channel.ts"
import type { WorstOf } from "../../src/effects/show/worst-of.ts"
import { formatRate } from "./list-texts.ts"

/** Sums over all channels. */
export interface Totals {
  /** Numbers of channels by the worst of each; states of none are left out. */
  readonly channels: Readonly<Partial<Record<WorstState, number>>>
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

const stateOf = ({ carrying, status }: OutputView): keyof Totals["outputs"] => {
  if (status === "error" || status === "retrying") return "failing"
  if (status !== "connected") return "connecting"
  return carrying ? "connected" : "idle"
}

export const totalsOf = (
  all: ReadonlyArray<{ readonly channel: ChannelView; readonly worst: Pick<WorstOf, "state"> }>,
): Totals => {
  const channels: Partial<Record<WorstState, number>> = {}
  const outputs = { connected: 0, idle: 0, connecting: 0, failing: 0 }
  let input = 0
  let output = 0
  for (const { channel, worst } of all) {
    channels[worst.state] = (channels[worst.state] ?? 0) + 1
    if (channel.status === "stopped") continue
    input += channel.input.legs.find(({ source }) => source === channel.active_source)?.bitrate ?? 0
    for (const one of channel.outputs) {
      if (!one.enabled) continue
      output += one.status === "connected" ? one.bitrate : 0
      outputs[stateOf(one)]++
    }
  }
  return { channels, outputs, input: formatRate(input), output: formatRate(output) }
}
