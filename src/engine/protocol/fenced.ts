/** Why the outputs of a channel are closed on a machine that may not send it. */
import type { Reason } from "./figures.ts"

/** Reason code; the far end has nothing to do with it. */
export const FENCED = "fenced"

export const fencedReason: Reason = {
  code: FENCED,
  message: "this node has no lease for the channel: another node may be sending it, so nothing is sent from here",
  transient: true,
}
