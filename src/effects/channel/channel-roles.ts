/**
 * What a node does with a channel, by its role: the owner runs it; a standby receives it with its outputs closed and
 * keeps to itself what happens; others leave it alone.
 */
import { Effect } from "effect"
import type { Role } from "../../core/placement/model.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { NewCue } from "../model/cue.ts"
import { isCalled } from "../nodes/input-needs-of.ts"
import type { NodesService } from "../nodes/Nodes.ts"
import type { CueEntry, CueLogService } from "../store/CueLog.ts"
import type { RecordHappening } from "./started-channel.ts"

/** A channel's role here. A sender that is called serves one caller: the owner's alone. */
export const roleHere = (nodes: Pick<NodesService, "roleOf">, config: ChannelConfig): Role => {
  const role = nodes.roleOf(config.id)
  return role === "standby" && isCalled(config) ? "none" : role
}

/** The configuration as it is run in a role. */
export const runAs = (role: Role, config: ChannelConfig): ChannelConfig =>
  role === "owner" ? config : { ...config, outputs: config.outputs.map((output) => ({ ...output, enabled: false })) }

/** Records for the owner alone: what a standby notices is the owner's to tell. */
export const recordAs =
  (nodes: Pick<NodesService, "roleOf">, channelId: string, record: RecordHappening): RecordHappening =>
  (happening) =>
    Effect.suspend(() => (nodes.roleOf(channelId) === "owner" ? record(happening) : Effect.void))

const unkept = (cue: NewCue): CueEntry => {
  let current = cue
  return {
    current: () => current,
    update: (change) => {
      current = change(current)
    },
  }
}

/** Keeps the cues that the owner sees. */
export const keepCuesAs =
  (nodes: Pick<NodesService, "roleOf">, channelId: string, cues: Pick<CueLogService, "add">) =>
  (cue: NewCue): CueEntry =>
    nodes.roleOf(channelId) === "owner" ? cues.add(cue) : unkept(cue)
