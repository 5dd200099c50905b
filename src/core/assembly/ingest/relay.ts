// Datagrams of a leg that go on to another node as they came: chosen and put into the send batch before `ingest`, which
// may change them where they lie.
import { MAX_LEGS, RX_BATCH } from "../memory/layout";
import { STATE_FRAMING, STATE_IDENTITY, legAddress } from "../memory/leg";
import { datagramAddress, datagramLength, hasName, isTruncated, nameAddress } from "../receive/receive";
import { FRAMING_RTP, FRAMING_UDP, rtpSsrc } from "../receive/rtp";
import { setMessage } from "../ring/send";
import { isAllowed, sourceIdentity } from "./sender";

/** Fixed header of RTP (RFC 3550 5.1). */
const RTP_HEADER: u32 = 12;

/** True for a datagram of the sender in use: what others send must not be mixed into its stream elsewhere either. */
function isOfSender(leg: usize, index: i32): bool {
  const name = hasName(index) ? nameAddress(index) : 0;
  if (isTruncated(index) || !isAllowed(leg, name)) return false;
  const framing = load<u32>(leg + STATE_FRAMING);
  const identity = load<u32>(leg + STATE_IDENTITY);
  if (framing == FRAMING_UDP) return name != 0 && sourceIdentity(name) == identity;
  if (framing != FRAMING_RTP || datagramLength(index) < RTP_HEADER) return false;
  const data = datagramAddress(index);
  return load<u8>(data) >> 6 == 2 && rtpSsrc(data) == identity;
}

/**
 * Puts those of the first `datagrams` of the receive batch that the leg's sender in use has sent into the send batch,
 * each as it came; returns how many. The first ones of a sender are not among them: it is in use once they are taken.
 */
export function relay(leg: i32, datagrams: i32): i32 {
  if (<u32>leg >= <u32>MAX_LEGS) return 0;
  const address = legAddress(leg);
  const end = min(datagrams, RX_BATCH);
  let messages = 0;
  for (let index = 0; index < end; index++) {
    if (!isOfSender(address, index)) continue;
    setMessage(messages, datagramAddress(index), datagramLength(index));
    messages++;
  }
  return messages;
}
