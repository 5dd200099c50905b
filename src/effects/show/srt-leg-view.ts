/** What the API shows of a leg that is received by SRT. Pure. */
import { maskSecrets } from "../../core/output/output-url.ts"
import { shownStreamId } from "../../core/srt/stream-id.ts"
import type { LegStats } from "../../engine/protocol/messages.ts"
import type { Ingest } from "../config/ingest.ts"
import { LEG_FIELDS } from "../config/leg-address.ts"
import { usedLeg, type WithLegs } from "../config/used-leg.ts"
import type { LegView, SourceName, SrtLegView } from "../model/channel.ts"

/** The fields of a leg's view that tell of SRT, with what is to be said of its URL, and what hides its secrets. */
export interface SrtLeg extends Pick<LegView, "url" | "srt"> {
  readonly warnings: ReadonlyArray<string>
  readonly hide: (text: string) => string
}

const RTP: SrtLeg = { url: null, srt: null, warnings: [], hide: (text) => text }

/** The SRT side of a leg; `leg` are its figures, undefined while the engine reports none. */
export const srtLegOf = (
  config: WithLegs,
  name: SourceName,
  ingest: Ingest | null,
  leg: LegStats | undefined,
  nowMs: number,
): SrtLeg => {
  const url = config[LEG_FIELDS[name].url]
  const used = usedLeg(config, name, ingest)
  if (url === null || used === null) return RTP
  const { hide, parsed, target } = used
  const hidden = (text: string | null | undefined) => (text == null ? null : hide(text))
  const live = leg?.srt ?? null
  const srt: SrtLegView = {
    mode: target.mode,
    state: live?.state ?? "stopped",
    peer: live?.peer ?? null,
    stream_id: live?.stream_id == null ? null : shownStreamId(live.stream_id),
    uptime: live?.connected_at == null ? 0 : Math.max(0, (nowMs - live.connected_at) / 1000),
    connections: live?.connections ?? 0,
    last_error: hidden(live?.last_error?.message),
    refused: live?.refused ?? 0,
    last_refused: hidden(live?.last_refused),
    figures: live?.figures ?? null,
    options: parsed.options,
  }
  const warnings = [...parsed.ignored.map((key) => `ignored: ${key} is not known`), ...parsed.warnings]
  return { url: maskSecrets(url), srt, warnings, hide }
}
