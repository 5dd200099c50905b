// The receive batch: who sent each datagram, how it is framed, and where it goes on from here.
import {
  LEG_BYTES, LEG_DATAGRAMS, LEG_FOREIGN_ADDRESS, LEG_FOREIGN_PORT, LEG_FOREIGN_SSRC, LEG_NOT_ALLOWED, LEG_TRUNCATED,
  LEG_UDP_DATAGRAMS, MAX_LEGS, RX_BATCH,
} from "../memory/layout";
import { forgetContinuity, watchPat } from "../memory/continuity";
import { STATE_CUTS, STATE_FRAMING, STATE_IDENTITY, count, legAddress, setGauge } from "../memory/leg";
import {
  datagramAddress, datagramLength, hasName, isTruncated, nameAddress, receiveTime, resetHeader,
} from "../receive/receive";
import { FRAMING_RTP, FRAMING_UDP, SYNC_BYTE, classify, payloadAddress, payloadLength, rtpSsrc } from "../receive/rtp";
import { abandonSections } from "../analysis/sections";
import { takeAppended } from "../ring/ring";
import { mergeLegRestarted } from "../merge/merge-members";
import { restartReorder } from "../order/reorder";
import { BYTES, dropBytes, passBytes, reconsider, takeBytes, takePackets } from "./byte-stream";
import { ingestRtp } from "./ingest-rtp";
import {
  SENDER_NEW, SENDER_REFUSED, acceptSender, isAllowed, keepSource, keepTaken, readSource, sourceIdentity, sourcePort,
} from "./sender";

/** True while the batch came from another node, which has looked at the senders. */
let isRelayed = false;

/** Nearly all datagrams: from the sender in use, framed as before, with a packet where the payload begins. */
// @ts-ignore: decorator
@inline
function isUsual(leg: usize, kind: i32, identity: u32): bool {
  return (
    load<u32>(leg + STATE_FRAMING) == <u32>kind &&
    load<u32>(leg + STATE_IDENTITY) == identity &&
    !load<u32>(leg + STATE_CUTS) &&
    load<u8>(payloadAddress) == SYNC_BYTE
  );
}

function ingestDatagram(leg: i32, index: i32, clockOffsetUs: f64, nowUs: f64): void {
  const address = legAddress(leg);
  const rxUs = receiveTime(index, address, clockOffsetUs, nowUs);
  const data = datagramAddress(index);
  const length = datagramLength(index);
  count(address, LEG_DATAGRAMS);
  count(address, LEG_BYTES, length);
  if (isTruncated(index)) {
    count(address, LEG_TRUNCATED);
    return;
  }
  const name = nameAddress(index);
  const isNamed = hasName(index);
  if (!isRelayed && !isAllowed(address, isNamed ? name : 0)) {
    count(address, LEG_NOT_ALLOWED);
    keepSource(address, LEG_FOREIGN_ADDRESS);
    setGauge(address, LEG_FOREIGN_PORT, isNamed ? <f64>sourcePort(name) : 0);
    return;
  }
  let kind = classify(data, length);
  let identity = kind == FRAMING_RTP ? rtpSsrc(data) : isNamed ? sourceIdentity(name) : 0;
  if (!isUsual(address, kind, identity)) {
    kind = reconsider(leg, address, data, length, kind, isNamed ? sourceIdentity(name) : 0, rxUs);
    if (kind != FRAMING_RTP && kind != FRAMING_UDP && kind != BYTES) {
      count(address, kind);
      return;
    }
    identity = kind == FRAMING_RTP ? rtpSsrc(data) : isNamed ? sourceIdentity(name) : 0;
  }
  const isRtp = kind == FRAMING_RTP;
  const sender = acceptSender(leg, address, identity, isRtp ? FRAMING_RTP : FRAMING_UDP, rxUs);
  if (sender == SENDER_REFUSED) {
    readSource(isNamed ? name : 0);
    keepSource(address, LEG_FOREIGN_ADDRESS);
    setGauge(address, LEG_FOREIGN_PORT, isNamed ? <f64>sourcePort(name) : 0);
    setGauge(address, LEG_FOREIGN_SSRC, isRtp ? <f64>identity : -1);
    if (kind == BYTES) passBytes(leg);
    return;
  }
  if (sender == SENDER_NEW) {
    dropBytes(leg, address);
    mergeLegRestarted(leg);
    restartReorder(leg, address);
    // What had waited was the old sender's, and has been analysed only now.
    forgetContinuity(leg);
    watchPat(leg);
    abandonSections(leg);
  }
  keepTaken(address, isNamed ? name : 0);
  if (isRtp) {
    ingestRtp(leg, address, data, rxUs);
    return;
  }
  count(address, LEG_UDP_DATAGRAMS);
  if (kind == BYTES) takeBytes(leg, address, length, rxUs);
  else takePackets(leg, address, payloadAddress, payloadLength, rxUs);
}

function takeBatch(leg: i32, datagrams: i32, clockOffsetUs: f64, nowUs: f64): i32 {
  if (<u32>leg >= <u32>MAX_LEGS) return 0;
  const end = min(datagrams, RX_BATCH);
  takeAppended();
  for (let index = 0; index < end; index++) {
    ingestDatagram(leg, index, clockOffsetUs, nowUs);
    resetHeader(index);
  }
  return takeAppended();
}

/**
 * Takes the first `datagrams` of the receive batch for a leg. What its channel's source brings, in order, goes to the
 * channel's ring; the other leg is measured, or merged with it. `clockOffsetUs` is CLOCK_REALTIME less CLOCK_MONOTONIC,
 * `nowUs` CLOCK_MONOTONIC, both in microseconds. Returns the slots appended; 0 for a leg that does not exist.
 */
export function ingest(leg: i32, datagrams: i32, clockOffsetUs: f64, nowUs: f64): i32 {
  // Set for each batch and not taken back behind one: a trap must not leave it to the legs that follow.
  isRelayed = false;
  return takeBatch(leg, datagrams, clockOffsetUs, nowUs);
}

/** As `ingest`, for datagrams that another node relays: the networks that may send are not meant for its address. */
export function ingestRelayed(leg: i32, datagrams: i32, clockOffsetUs: f64, nowUs: f64): i32 {
  isRelayed = true;
  return takeBatch(leg, datagrams, clockOffsetUs, nowUs);
}
