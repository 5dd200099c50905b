/** A MediaLive channel's state in the five words that outputs of ours have as well. */
import { type MediaLiveState, type MediaLiveSummary, pipelinesOf } from "./model.ts"

export const LIFECYCLES = ["ready", "starting", "streaming", "stopping", "error"] as const
export type MediaLiveLifecycle = (typeof LIFECYCLES)[number]

const OF_STATE: Readonly<Record<MediaLiveState, MediaLiveLifecycle>> = {
  CREATING: "starting",
  CREATE_FAILED: "error",
  IDLE: "ready",
  STARTING: "starting",
  RUNNING: "streaming",
  RECOVERING: "error",
  STOPPING: "stopping",
  UPDATING: "starting",
  UPDATE_FAILED: "error",
  DELETING: "stopping",
  DELETED: "error",
  UNKNOWN: "error",
}

/** `streaming` needs a pipeline that runs: a channel without one sends nothing. */
export const lifecycleOf = ({ pipelinesRunning, state }: Pick<MediaLiveSummary, "pipelinesRunning" | "state">) =>
  state === "RUNNING" && pipelinesRunning === 0 ? "error" : OF_STATE[state]

/** True while AWS bills its inputs and outputs by the hour. */
export const isBilled = (state: MediaLiveState): boolean => ["RUNNING", "RECOVERING", "STOPPING"].includes(state)
/** True on the way to another state, which comes by itself. */
export const isOnTheWay = (state: MediaLiveState): boolean =>
  ["CREATING", "STARTING", "STOPPING", "UPDATING", "DELETING"].includes(state)

/** How many pipelines of a running channel are missing. */
export const pipelinesMissing = ({
  channelClass,
  pipelinesRunning,
  state,
}: Pick<MediaLiveSummary, "channelClass" | "pipelinesRunning" | "state">): number =>
  state === "RUNNING" ? Math.max(0, pipelinesOf(channelClass) - pipelinesRunning) : 0
