// Random access points of the first programme's video, or of its audio when it has no video: where a decoder can start.
import { LEG_ACCESS_POINTS, LEG_ACCESS_POINT_INTERVAL_US, LEG_ACCESS_POINT_US } from "../memory/layout";
import { STATE_TR101290, count, setGauge } from "../memory/leg";
import { arrivalUs, checkTime, silences } from "../memory/check-clock";
import { pesHeaderLength } from "./pes";
import { ACCESS_KIND, ACCESS_PID, MAIN_CHANGES } from "./main-stream";
import {
  AUDIO, CODEC_AVC, CODEC_HEVC, CODEC_MPEG2, POINT_AHEAD, POINT_FOUND, flagsOf, setFlags, streamPid,
} from "./stream-record";

/** f64 us: the last access point; the last distances. u32: how many of both; silences and MAIN_CHANGES then. */
const LAST = STATE_TR101290 + 320;
const DISTANCES = STATE_TR101290 + 328;
const DISTANCES_MAX: u32 = 4;
const FOUND = STATE_TR101290 + 360;
const LAST_SILENCES = STATE_TR101290 + 364;
const LAST_CHANGES = STATE_TR101290 + 368;

// Start codes: ISO/IEC 13818-2 6.2.1, NAL unit types of Rec. ITU-T H.264 table 7-1 and H.265 table 7-1.
/** picture_start_code is 0, slices follow. */
const MPEG2_LAST_SLICE: u32 = 0xaf;
const MPEG2_SEQUENCE: u32 = 0xb3;
const AVC_IDR: u32 = 5;
const AVC_SPS: u32 = 7;
const HEVC_FIRST_IRAP: u32 = 16;
const HEVC_LAST_IRAP: u32 = 23;
const HEVC_LAST_VCL: u32 = 31;
const HEVC_VPS: u32 = 32;
const HEVC_SPS: u32 = 33;

const UNDECIDED = 0;
const POINT = 1;
const NO_POINT = 2;

/** What the byte behind a start code tells. */
function judge(kind: u32, code: u32): u32 {
  if (kind == CODEC_MPEG2) {
    if (code == MPEG2_SEQUENCE) return POINT;
    return code <= MPEG2_LAST_SLICE ? NO_POINT : UNDECIDED;
  }
  if (kind == CODEC_AVC) {
    const type = code & 31;
    if (type == AVC_IDR || type == AVC_SPS) return POINT;
    return type >= 1 && type < AVC_IDR ? NO_POINT : UNDECIDED;
  }
  const type = (code >>> 1) & 63;
  if ((type >= HEVC_FIRST_IRAP && type <= HEVC_LAST_IRAP) || type == HEVC_VPS || type == HEVC_SPS) return POINT;
  return type <= HEVC_LAST_VCL ? NO_POINT : UNDECIDED;
}

/** True when what is in the first packet of a PES packet shows that a decoder can start with it. */
function showsPoint(kind: u32, payload: usize, length: u32): bool {
  if (kind != CODEC_MPEG2 && kind != CODEC_AVC && kind != CODEC_HEVC) return false;
  const header = pesHeaderLength(payload, length);
  if (header == 0) return false;
  const end = payload + length;
  let at = payload + header;
  while (at + 4 <= end) {
    if ((load<u32>(at) & 0xffffff) != 0x010000) {
      at++;
      continue;
    }
    const verdict = judge(kind, <u32>load<u8>(at, 3));
    if (verdict != UNDECIDED) return verdict == POINT;
    at += 4;
  }
  return false;
}

function notePoint(leg: usize): void {
  const now = checkTime(leg);
  const isSameRun = load<u32>(leg + LAST_SILENCES) == silences(leg) &&
    load<u32>(leg + LAST_CHANGES) == load<u32>(leg + MAIN_CHANGES);
  let found = load<u32>(leg + FOUND);
  if (load<u32>(leg + LAST_CHANGES) != load<u32>(leg + MAIN_CHANGES)) found = 0;
  if (found > 0 && isSameRun) {
    store<f64>(leg + DISTANCES + (((found - 1) % DISTANCES_MAX) << 3), now - load<f64>(leg + LAST));
  }
  // A distance with a silence in it says nothing; the ones before stay.
  if (found == 0 || isSameRun) found++;
  let longest: f64 = 0;
  const known = min(found - 1, DISTANCES_MAX);
  for (let number: u32 = 0; number < known; number++) {
    longest = max(longest, load<f64>(leg + DISTANCES + (number << 3)));
  }
  store<u32>(leg + FOUND, found);
  store<f64>(leg + LAST, now);
  store<u32>(leg + LAST_SILENCES, silences(leg));
  store<u32>(leg + LAST_CHANGES, load<u32>(leg + MAIN_CHANGES));
  count(leg, LEG_ACCESS_POINTS);
  setGauge(leg, LEG_ACCESS_POINT_US, arrivalUs);
  setGauge(leg, LEG_ACCESS_POINT_INTERVAL_US, longest);
}

/** A packet of a followed PID that has no payload: it may announce that the next PES packet is an access point. */
export function announcePoint(leg: usize, stream: usize, isRandomAccess: bool): bool {
  const kind = load<u32>(leg + ACCESS_KIND);
  const flags = flagsOf(stream);
  if (!isRandomAccess || streamPid(stream) != load<u32>(leg + ACCESS_PID) || kind == AUDIO || flags & POINT_AHEAD) {
    return false;
  }
  setFlags(stream, flags | POINT_AHEAD);
  notePoint(leg);
  return true;
}

/**
 * A packet of a followed PID with a payload, `length` 0 when that cannot be read; true when a decoder can start with
 * it. Each PES packet is one access point at most.
 */
export function findPoint(
  leg: usize, stream: usize, payload: usize, length: u32, hasUnitStart: bool, isRandomAccess: bool,
): bool {
  if (streamPid(stream) != load<u32>(leg + ACCESS_PID)) return false;
  const kind = load<u32>(leg + ACCESS_KIND);
  let flags = flagsOf(stream);
  if (hasUnitStart) {
    const wasAnnounced = (flags & POINT_AHEAD) != 0;
    flags &= ~(POINT_AHEAD | POINT_FOUND);
    if (wasAnnounced) flags |= POINT_FOUND;
    setFlags(stream, flags);
  }
  if (flags & (POINT_FOUND | POINT_AHEAD)) return false;
  const isPoint = kind == AUDIO ? hasUnitStart : isRandomAccess || (hasUnitStart && showsPoint(kind, payload, length));
  if (!isPoint) return false;
  setFlags(stream, flags | POINT_FOUND);
  notePoint(leg);
  return true;
}
