/** Both sides of the wire in one sentence for each leg: which side is to be looked at. */
import { lifecycleOf } from "./lifecycle.ts"
import type { MediaLiveAlert, MediaLiveSummary } from "./model.ts"

/** What a leg of ours has, as it is now. */
export interface LegFacts {
  /** False while the channel is stopped. */
  readonly runs: boolean
  readonly receiving: boolean
  /** Packets lost a second, of late. */
  readonly lostPerS: number
  /** Datagrams a second that were thrown away because their sender is not allowed. */
  readonly refusedPerS: number
}

/** What AWS says of the other end. */
export interface SenderFacts extends Pick<MediaLiveSummary, "channelClass" | "pipelinesRunning" | "state"> {
  readonly pipeline: number
  /** Whether this pipeline is among those that run; null where it is not known which do. */
  readonly pipelineRuns: boolean | null
  /** Alerts of this pipeline and of the channel as a whole. */
  readonly alerts: ReadonlyArray<MediaLiveAlert>
  /** Seconds since AWS answered last, where that is too long ago to go by; null otherwise. */
  readonly staleS: number | null
}

export interface Look {
  /** `here`, `there` or `between` is where the fault is; `none` where there is none, `wait` where it comes by itself. */
  readonly at: "none" | "wait" | "here" | "there" | "between" | "unknown"
  readonly sentence: string
}

const look = (at: Look["at"], sentence: string): Look => ({ at, sentence })

const ago = (seconds: number): string =>
  seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} minutes`

/** The pipeline runs, as far as anybody knows. */
const whileRunning = (leg: LegFacts, { alerts, pipeline }: SenderFacts): Look => {
  const [alert] = alerts
  const complaint = alert === undefined ? null : `${alert.type}${alert.message === "" ? "" : `: ${alert.message}`}`
  if (!leg.receiving) {
    if (leg.refusedPerS > 0)
      return look("here", "MediaLive's packets arrive and are thrown away: their sender is not among the allowed ones.")
    if (complaint !== null)
      return look(
        "there",
        `MediaLive has an alert on pipeline ${pipeline} (${complaint}), and nothing arrives here: look at its input first.`,
      )
    return look(
      "between",
      `MediaLive says that pipeline ${pipeline} is running, and nothing arrives here: look at its security group, its destination's address, and the firewall of this machine.`,
    )
  }
  if (leg.lostPerS > 0)
    return look(
      "between",
      `It arrives with gaps (${leg.lostPerS.toFixed(1)} packets a second are missing): look at the network in between, or switch on FEC at both ends.`,
    )
  if (complaint !== null)
    return look("there", `It arrives, and MediaLive has an alert on pipeline ${pipeline} (${complaint}): look there.`)
  return look("none", "MediaLive sends, and it arrives here.")
}

/** Which side of a leg is to be looked at, and what to look at there. */
export const whereToLook = (leg: LegFacts, sender: SenderFacts): Look => {
  const arrives = leg.receiving ? "packets arrive here" : "nothing arrives here"
  if (!leg.runs) return look("here", "The channel is stopped here: start it to see whether packets arrive.")
  if (sender.staleS !== null)
    return look(
      "unknown",
      `AWS has not answered for ${ago(sender.staleS)}: what MediaLive does now is not known; ${arrives}.`,
    )
  switch (lifecycleOf(sender)) {
    case "ready":
      return leg.receiving
        ? look("here", "MediaLive is idle, and packets arrive here all the same: somebody else sends to this address.")
        : look("there", "MediaLive is idle: start it, here or there.")
    case "starting":
      return look("wait", `MediaLive is starting, which takes a minute or more; ${arrives}.`)
    case "stopping":
      return look("wait", `MediaLive is stopping; ${arrives}.`)
    case "error":
      return look("there", `MediaLive's channel is in the state ${sender.state}, ${arrives}: look at it there.`)
    case "streaming": {
      const down = sender.pipelineRuns === false
      if (down && !leg.receiving)
        return look("there", `Pipeline ${sender.pipeline} of MediaLive does not run: look at its alerts there.`)
      return whileRunning(leg, sender)
    }
  }
}
