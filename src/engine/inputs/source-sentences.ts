/** Sentences about switches and merges, for the operator. */
import * as L from "../../core/assembly/memory/layout.ts"

/** Merge kinds of the packet core as the control plane names them. */
export const MERGE_NAMES = ["off", "rtp", "content"] as const
const MERGE_ENDS: Readonly<Record<number, string>> = {
  [L.MERGE_END_SILENT]: "it fell silent",
  [L.MERGE_END_DIFFERENT]: "the legs no longer carry the same packets",
  [L.MERGE_END_RESTARTED]: "its stream started over",
  [L.MERGE_END_ASKED]: "the settings ask for it",
}

/** Why a switch was made, where the decider has not said so. */
export const OCCASIONS: Readonly<Record<string, string>> = {
  operator: "asked for by the operator",
  restart: "as it was before the engine was restarted",
  merged: "the legs are merged, so nothing is lost",
  merge_ended: "the legs were no longer the same",
  settings: "the settings have changed",
}

/** Why the packet core ended a merge, as a clause behind a sentence; "" where it is not known. */
export const because = (why: number): string => (MERGE_ENDS[why] === undefined ? "" : `: ${MERGE_ENDS[why]}`)

/** How the legs are merged, by a merge kind of the packet core. */
export const describeMerge = (kind: number): string => {
  const how =
    kind === L.MERGE_RTP
      ? "RTP sequence numbers (SMPTE 2022-7)"
      : "content: the datagrams of the legs differ, their TS packets agree"
  return `the legs are merged by ${how}`
}
