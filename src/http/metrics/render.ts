/** All metrics of the product, except those of the process, area by area. */
import type { MetricsView } from "../../effects/metrics/metrics-model.ts"
import { channelArea } from "./channel-metrics.ts"
import { engineArea } from "./engine-metrics.ts"
import type { Area } from "./exposition.ts"
import { inputArea } from "./input-metrics.ts"
import { medialiveArea, medialiveChannelArea } from "./medialive-metrics.ts"
import { outputArea } from "./output-metrics.ts"
import { serviceArea } from "./service-metrics.ts"
import { srtInputArea } from "./srt-input-metrics.ts"
import { srtArea } from "./srt-metrics.ts"

export const AREAS: ReadonlyArray<Area<MetricsView>> = [
  serviceArea,
  engineArea,
  channelArea,
  inputArea,
  srtInputArea,
  outputArea,
  srtArea,
  medialiveArea,
  medialiveChannelArea,
]
const OF_MEDIALIVE: ReadonlySet<Area<MetricsView>> = new Set([medialiveArea, medialiveChannelArea])

/** Renders the metrics in Prometheus' text format. */
export const renderMetrics = (view: MetricsView): string => {
  const out: string[] = []
  for (const area of AREAS) if (view.medialive !== null || !OF_MEDIALIVE.has(area)) area.write(view, out)
  return out.join("")
}
