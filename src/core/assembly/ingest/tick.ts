// What time alone brings about: gaps that last too long, bytes that wait for more, timers of TR 101 290.
import { LEG_FIRST_RX_US, LEG_READ_US, MAX_CHANNELS } from "../memory/layout";
import { CHANNEL_RELEASED, channelAddress } from "../memory/channel";
import { STATE_CLOCK, STATE_CUTS, gauge, legAddress } from "../memory/leg";
import { checkTimers } from "../analysis/tr101290";
import { tickMerge } from "../merge/merge";
import { isPresent } from "../merge/merge-state";
import { tickReorder } from "../order/reorder";
import { settleBytes } from "./byte-stream";

/**
 * To be called every 10 ms or so, after sockets were read and before the outputs have their turn: gaps that have lasted
 * too long are given up, what waited goes on. `nowUs`: CLOCK_MONOTONIC before the sockets were read, since what came
 * later may still be in one of them. A leg that is not read so far (LEG_READ_US) ages by the time that it is read to,
 * and two legs that are merged by that of the one that is further behind.
 */
export function tick(nowUs: f64): void {
  for (let channel = 0; channel < MAX_CHANNELS; channel++) {
    const first = channel * 2;
    const hasPrimary = gauge(legAddress(first), LEG_FIRST_RX_US) > 0;
    const hasBackup = gauge(legAddress(first + 1), LEG_FIRST_RX_US) > 0;
    if (!hasPrimary && !hasBackup) continue;
    if (hasPrimary) tickLeg(first, nowUs);
    if (hasBackup) tickLeg(first + 1, nowUs);
    tickMerge(channel, min(mergedUntil(channel, 0, nowUs), mergedUntil(channel, 1, nowUs)));
    store<u32>(channelAddress(channel) + CHANNEL_RELEASED, 0);
  }
}

/** The time until which all that came to a leg has been read, up to `nowUs`; see LEG_READ_US. */
export function readUntil(index: i32, nowUs: f64): f64 {
  const leg = legAddress(index);
  const readUs = gauge(leg, LEG_READ_US);
  if (readUs == 0) return nowUs;
  return min(nowUs, readUs > 0 ? readUs : load<f64>(leg + STATE_CLOCK));
}

/** As `readUntil`; now for a leg of a merge that nothing is expected of. */
function mergedUntil(channel: i32, leg: i32, nowUs: f64): f64 {
  return isPresent(channelAddress(channel), leg) ? readUntil(channel * 2 + leg, nowUs) : nowUs;
}

function tickLeg(index: i32, nowUs: f64): void {
  const leg = legAddress(index);
  const untilUs = readUntil(index, nowUs);
  if (load<u32>(leg + STATE_CUTS)) settleBytes(index, leg, untilUs);
  tickReorder(index, leg, untilUs);
  checkTimers(index, leg, nowUs);
}
