// Legs and channels back to their beginning.
import { CHANNEL_SIZE, LEG_SIZE, MAX_CHANNELS, MAX_LEGS, PIDS, PID_PACKETS, PID_STATE } from "../memory/layout";
import { channelAddress } from "../memory/channel";
import { legAddress } from "../memory/leg";
import { clearSlots } from "../analysis/section-slots";
import { mergeLegRestarted } from "../merge/merge-members";
import { resetReorder } from "../order/reorder";
import { forgetDue } from "../ring/flagging";
import { forgetInsertion } from "../ring/insertion";
import { headAddress } from "../ring/ring";
import { resetBytes } from "./byte-stream";

/** Forgets everything about a leg: counters, gauges, settings, PIDs, sections and what waits. */
export function resetLeg(leg: i32): void {
  if (<u32>leg >= <u32>MAX_LEGS) return;
  mergeLegRestarted(leg);
  memory.fill(legAddress(leg), 0, LEG_SIZE);
  memory.fill(PID_STATE + leg * PIDS, 0, PIDS);
  memory.fill(PID_PACKETS + leg * PIDS * 4, 0, PIDS * 4);
  resetReorder(leg, legAddress(leg));
  resetBytes(leg);
  clearSlots(leg);
}

/** Empties a channel's ring: its head starts again at 0, it has no source, and its legs are not merged. */
export function resetChannel(channel: i32): void {
  if (<u32>channel >= <u32>MAX_CHANNELS) return;
  store<u32>(headAddress(channel), 0);
  forgetDue(channel);
  forgetInsertion(channel);
  const watch = MAX_LEGS + channel;
  memory.fill(legAddress(watch), 0, LEG_SIZE);
  memory.fill(PID_STATE + watch * PIDS, 0, PIDS);
  clearSlots(watch);
  memory.fill(channelAddress(channel), 0, CHANNEL_SIZE);
}
