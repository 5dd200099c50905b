// Counters that wrap, started anywhere: so that tests see in a second what comes to a machine after days or weeks.
import { PIDS, PID_PACKETS } from "../memory/layout";
import { CHANNEL_COUNT_FROM, channelAddress } from "../memory/channel";
import { PACKETS_ANALYSED } from "../memory/check-clock";
import { legAddress } from "../memory/leg";
import { headAddress } from "../ring/ring";

/**
 * The ring's head and the legs' counts in the merge begin at `from`. To be called behind `resetChannel`, before
 * anything is fed.
 */
export function startChannelCounters(channel: i32, from: u32): void {
  store<u32>(headAddress(channel), from);
  store<u32>(channelAddress(channel) + CHANNEL_COUNT_FROM, from);
}

/** The packets of a leg, in all and of each PID, begin at `from`. To be called behind `resetLeg`. */
export function startLegCounters(leg: i32, from: u32): void {
  store<u32>(legAddress(leg) + PACKETS_ANALYSED, from);
  for (let pid = 0; pid < PIDS; pid++) store<u32>(<usize>(PID_PACKETS + ((leg * PIDS + pid) << 2)), from);
}
