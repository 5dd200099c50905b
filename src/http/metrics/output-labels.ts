import type { ChannelFigures, MetricsView, OutputFigures } from "../../effects/metrics/metrics-model.ts"
import { label } from "./exposition.ts"

/** The outputs that `want` accepts, with their labels. */
export const outputsWith =
  <A>(want: (output: OutputFigures, channel: ChannelFigures) => A | null) =>
  ({ channels }: MetricsView): ReadonlyArray<readonly [labels: string, object: A]> =>
    channels.flatMap((channel) => {
      const own = label("channel", channel.config.slug)
      return channel.outputs.flatMap((output) => {
        const wanted = want(output, channel)
        return wanted === null ? [] : [[`${own},${label("output", output.config.slug)}`, wanted] as const]
      })
    })
