// A leg becomes the source of its channel.
import {
  CHANNEL_MERGE, CHANNEL_PENDING, CHANNEL_SOURCE, CHANNEL_SWITCHES, EVENT_SWITCHED, TS_PACKET,
} from "../memory/layout";
import {
  CHANNEL_AT_ONCE, CHANNEL_CLOCK, channelAddress, channelField, numberOf, setChannelField, sourceOf,
} from "../memory/channel";
import { postEvent } from "../memory/events";
import { appendScanned, signalSwitch } from "../ring/flagging";
import { endMerge } from "./merge-members";

/**
 * The leg fills the ring from packet `first` of this slot on. Its analysis has seen the slot already. Where nothing
 * went out before, nothing has to be signalled.
 */
export function takeOver(
  index: i32, payload: usize, length: u32, first: u32, rxUs: f64, timestamp: u32, sequence: u32,
): void {
  const channel = channelAddress(index >> 1);
  const before = sourceOf(channel);
  const isClean = !load<u32>(channel + CHANNEL_AT_ONCE);
  if (channelField(channel, CHANNEL_MERGE) != 0) endMerge(index >> 1, 0);
  setChannelField(channel, CHANNEL_SOURCE, numberOf(index));
  setChannelField(channel, CHANNEL_PENDING, 0);
  setChannelField(channel, CHANNEL_SWITCHES, channelField(channel, CHANNEL_SWITCHES) + 1);
  store<u32>(channel + CHANNEL_AT_ONCE, 0);
  postEvent(EVENT_SWITCHED, index, 0, isClean ? 1 : 0, before, 0, 0);
  if (load<f64>(channel + CHANNEL_CLOCK) > 0) signalSwitch(index, rxUs);
  const skipped = first * TS_PACKET;
  appendScanned(index >> 1, payload + skipped, length - skipped, rxUs, timestamp, sequence);
}
