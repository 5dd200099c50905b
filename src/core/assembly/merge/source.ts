// Which leg of a channel fills its ring, as the host asks for it.
import { CHANNEL_PENDING, CHANNEL_SOURCE, MAX_CHANNELS } from "../memory/layout";
import { CHANNEL_AT_ONCE, channelAddress, setChannelField, sourceOf } from "../memory/channel";
import { isMerged } from "./merge-members";

/**
 * Makes leg 1 (primary) or 2 (backup) the source of a channel: at once when there is none yet or both legs are merged,
 * else at its next access point, or with its next packet when `atOnce`. 0 takes the source away: the legs are only
 * measured.
 */
export function setSource(channel: i32, leg: i32, atOnce: i32): void {
  if (<u32>channel >= <u32>MAX_CHANNELS || <u32>leg > 2) return;
  const address = channelAddress(channel);
  const current = sourceOf(address);
  const isSeamless = leg > 0 && isMerged(channel * 2 + leg - 1);
  if (leg == 0 || current == leg || isSeamless || current == 0) {
    setChannelField(address, CHANNEL_SOURCE, leg);
    setChannelField(address, CHANNEL_PENDING, 0);
    return;
  }
  setChannelField(address, CHANNEL_PENDING, leg);
  store<u32>(address + CHANNEL_AT_ONCE, atOnce ? 1 : 0);
}
