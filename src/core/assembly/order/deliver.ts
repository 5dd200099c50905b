// A leg's TS packets in stream order: analysed, and forwarded when the leg is the channel's source.
import {
  CHANNEL_MERGE, CHANNEL_PENDING, LEG_FORWARDED, LEG_LAST_PROGRAMME_US, LEG_TS_PACKETS, SLOT_PAYLOAD_MAX, TS_PACKET,
} from "../memory/layout";
import { count, gauge, setGauge } from "../memory/leg";
import {
  analysePackets, slotAccessPoint, slotFlags, slotHasProgramme, slotPcr, slotPcrIndex, slotPcrPid,
} from "../analysis/packets";
import { CHANNEL_AT_ONCE, CHANNEL_DUE, channelAddress, channelField, numberOf, sourceOf } from "../memory/channel";
import { appendFlagged } from "../ring/flagging";
import { appendSlot } from "../ring/insertion";
import { takeOver } from "../merge/takeover";

/** Takes `length` bytes of whole TS packets received at `rxUs`, splitting them into slots. */
export function deliver(
  index: i32, leg: usize, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32,
): void {
  const channel = channelAddress(index >> 1);
  const me = numberOf(index);
  let hasProgramme = false;
  let forwarded = 0;
  count(leg, LEG_TS_PACKETS, length / TS_PACKET);
  while (length > 0) {
    const part = min<u32>(length, SLOT_PAYLOAD_MAX);
    analysePackets(index, leg, payload, part / TS_PACKET, rxUs);
    if (slotHasProgramme) hasProgramme = true;
    if (sourceOf(channel) == me) {
      if (channelField(channel, CHANNEL_MERGE) == 0) {
        if (load<u32>(channel + CHANNEL_DUE)) appendFlagged(index >> 1, payload, part, rxUs, timestamp, sequence);
        else appendSlot(index >> 1, payload, part, rxUs, timestamp, sequence, slotFlags, slotPcr, slotPcrIndex,
          slotPcrPid);
        forwarded++;
      }
    } else if (<i32>channelField(channel, CHANNEL_PENDING) == me) {
      const first = load<u32>(channel + CHANNEL_AT_ONCE) ? 0 : slotAccessPoint;
      if (first >= 0) {
        takeOver(index, payload, part, first, rxUs, timestamp, sequence);
        forwarded++;
      }
    }
    payload += part;
    length -= part;
  }
  // What was held may be older than what went before it.
  if (hasProgramme && rxUs > gauge(leg, LEG_LAST_PROGRAMME_US)) setGauge(leg, LEG_LAST_PROGRAMME_US, rxUs);
  if (forwarded > 0) count(leg, LEG_FORWARDED, forwarded);
}
