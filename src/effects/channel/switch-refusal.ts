/** Decides whether an operator's switch would leave the outputs without a stream. Pure. */
import { formatEndpoint } from "../../core/net/address.ts"
import type { ChannelStats } from "../../engine/protocol/messages.ts"
import type { Ingest } from "../config/ingest.ts"
import { hideOfLeg } from "../config/used-leg.ts"
import type { ChannelConfig, SourceName } from "../model/channel.ts"
import { srtSilence } from "./runtime/leg-silence.ts"

/**
 * Why switching to `source` is refused unless forced; null when it is allowed, also while nothing is known about the
 * channel.
 */
export const deadLeg = (
  config: ChannelConfig,
  ingest: Ingest | null,
  stats: ChannelStats | undefined,
  source: SourceName,
): string | null => {
  const leg = stats?.legs.find((l) => l.name === source)
  if (leg === undefined || stats?.active_source === source) return null
  const hide = hideOfLeg(config, source, ingest)
  const where = `the ${source} (${formatEndpoint(leg.ip, leg.port)})`
  if (leg.problem !== null) return `${where} is not open: ${hide(leg.problem.message)}`
  if (!leg.receiving) {
    const silence = srtSilence(config, source, leg)
    return silence === null ? `no packets arrive on ${where}` : hide(`nothing arrives on the ${source}: ${silence}`)
  }
  if (leg.verdict !== "lost") return null
  return `nothing usable arrives on ${where}${leg.reasons.length === 0 ? "" : `: ${leg.reasons.join("; ")}`}`
}
