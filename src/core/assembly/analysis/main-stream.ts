// The main stream of a leg: the one whose access points count, and the PID whose PCRs are measured.
import { LEG_PCR_BITRATE, LEG_VIDEO_PID } from "../memory/layout";
import { STATE_TR101290, gauge, setGauge } from "../memory/leg";
import {
  AUDIO, CODEC_MASK, ORDER, OWNER, PCR_ANYWHERE, PCR_PID, SAID, findStream, flagsOf, saidOf, streamAt, streamCount,
  streamPid,
} from "./stream-record";

// Leg (u32).
/** PID whose access points count; what it is (CODEC_*, AUDIO). */
export const ACCESS_PID = STATE_TR101290 + 132;
export const ACCESS_KIND = STATE_TR101290 + 136;
/** PID whose PCRs are measured, 0 while unknown. */
export const MAIN_PCR_PID = STATE_TR101290 + 140;
/** The programme both are of. */
const MAIN_OWNER = STATE_TR101290 + 144;
/** Counts up whenever ACCESS_PID or MAIN_PCR_PID becomes another. */
export const MAIN_CHANGES = STATE_TR101290 + 148;
const NO_VIDEO: u32 = 0x1fff;

/**
 * Lowest for the record whose access points count: video before audio before PCR alone, of the programme with the
 * lowest number (of two with one number that on the lowest PMT PID), first in its PMT.
 */
function rank(stream: usize): f64 {
  const said = flagsOf(stream) & SAID;
  const kind: f64 = said & CODEC_MASK ? 0 : said & AUDIO ? 1 : 2;
  const owner = load<u32>(stream, OWNER);
  const programme = <f64>(owner & 0xffff) * 65536 + <f64>(owner >>> 16);
  return (kind * 4294967296 + programme) * 65536 + <f64>load<u16>(stream, ORDER);
}

/** Takes another stream into use where the tables say so; `isPmt` as of `endStreams`. */
export function chooseMain(index: i32, leg: usize, isPmt: bool): void {
  let best: usize = 0;
  const records = streamCount(leg);
  for (let number: u32 = 0; number < records; number++) {
    const stream = streamAt(index, number);
    if (!best || rank(stream) < rank(best)) best = stream;
  }
  const said = best ? flagsOf(best) & SAID : 0;
  const kind = said & (CODEC_MASK | AUDIO);
  const owner = best ? load<u32>(best, OWNER) : 0;
  const pid = kind ? streamPid(best) : 0;
  if (isPmt || gauge(leg, LEG_VIDEO_PID) > 0) setGauge(leg, LEG_VIDEO_PID, <f64>(kind & CODEC_MASK ? pid : NO_VIDEO));
  store<u32>(leg + ACCESS_KIND, kind);
  const isSame = load<u32>(leg + ACCESS_PID) == pid && load<u32>(leg + MAIN_OWNER) == owner;
  const pcrPid = pcrPidOf(index, leg, owner, isSame);
  if (isSame && load<u32>(leg + MAIN_PCR_PID) == pcrPid) return;
  store<u32>(leg + ACCESS_PID, pid);
  store<u32>(leg + MAIN_OWNER, owner);
  store<u32>(leg + MAIN_PCR_PID, pcrPid);
  store<u32>(leg + MAIN_CHANGES, load<u32>(leg + MAIN_CHANGES) + 1);
  setGauge(leg, LEG_PCR_BITRATE, 0);
}

/** PCR PID that a programme names, or the one found for it where it names none; 0 while unknown. */
function pcrPidOf(index: i32, leg: usize, owner: u32, isSame: bool): u32 {
  for (let number: u32 = 0; number < streamCount(leg); number++) {
    const stream = streamAt(index, number);
    if (load<u32>(stream, OWNER) == owner && flagsOf(stream) & PCR_PID) return streamPid(stream);
  }
  const found = load<u32>(leg + MAIN_PCR_PID);
  const stream = isSame ? findStream(index, leg, found) : 0;
  return stream && saidOf(flagsOf(stream)) & PCR_ANYWHERE ? found : 0;
}
