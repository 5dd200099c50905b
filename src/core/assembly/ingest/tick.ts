// What time alone brings about: gaps that last too long, bytes that wait for more, timers of TR 101 290.
import { LEG_FIRST_RX_US, MAX_CHANNELS } from "../memory/layout";
import { CHANNEL_RELEASED, channelAddress } from "../memory/channel";
import { STATE_CUTS, gauge, legAddress } from "../memory/leg";
import { checkTimers } from "../analysis/tr101290";
import { tickMerge } from "../merge/merge";
import { tickReorder } from "../order/reorder";
import { settleBytes } from "./byte-stream";

/**
 * To be called every 10 ms or so, after all sockets were read and before the outputs have their turn: gaps that have
 * lasted too long are given up, what waited goes on. `nowUs`: CLOCK_MONOTONIC before the sockets were read, since what
 * came later may still be in one of them.
 */
export function tick(nowUs: f64): void {
  for (let channel = 0; channel < MAX_CHANNELS; channel++) {
    const first = channel * 2;
    const hasPrimary = gauge(legAddress(first), LEG_FIRST_RX_US) > 0;
    const hasBackup = gauge(legAddress(first + 1), LEG_FIRST_RX_US) > 0;
    if (!hasPrimary && !hasBackup) continue;
    if (hasPrimary) tickLeg(first, nowUs);
    if (hasBackup) tickLeg(first + 1, nowUs);
    tickMerge(channel, nowUs);
    store<u32>(channelAddress(channel) + CHANNEL_RELEASED, 0);
  }
}

function tickLeg(index: i32, nowUs: f64): void {
  const leg = legAddress(index);
  if (load<u32>(leg + STATE_CUTS)) settleBytes(index, leg, nowUs);
  tickReorder(index, leg, nowUs);
  checkTimers(index, leg, nowUs);
}
