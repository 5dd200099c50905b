// The streams of a leg, as its PMTs name them: video, audio and PCR PIDs of all programmes, in the records of
// stream-record.ts.
import { PIDS, PID_PACKETS, STREAM_SIZE, STREAM_SLOTS } from "../memory/layout";
import { legAddress } from "../memory/leg";
import { checkTime } from "../memory/check-clock";
import { ACCESS_PID, MAIN_PCR_PID, chooseMain } from "./main-stream";
import {
  AUDIO, CODEC_MASK, HAS_PCR, HAS_PTS, ORDER, OWNER, PACKETS, PCR_ANYWHERE, PCR_LATE, PCR_PID, PID, PTS_LATE, SAID,
  SEEN_TIME, STALE, STATE_BITS, addToFilter, clearFilter, findStream, flagsOf, saidOf, setFlags, setStreamCount,
  streamAt, streamCount, streamPid,
} from "./stream-record";

/** Forgets all streams of a leg. */
export function clearStreams(index: i32): void {
  const leg = legAddress(index);
  clearFilter(leg);
  setStreamCount(leg, 0);
  store<u32>(leg + ACCESS_PID, 0);
  store<u32>(leg + MAIN_PCR_PID, 0);
}

/** Forgets what packets of the sender before have shown; the tables stay in force until the next one sends its own. */
export function restartStreams(index: i32, leg: usize): void {
  for (let number: u32 = 0; number < streamCount(leg); number++) {
    const stream = streamAt(index, number);
    setFlags(stream, flagsOf(stream) & ~STATE_BITS);
    store<f64>(stream, checkTime(leg), SEEN_TIME);
  }
}

// --- A PMT: `beginStreams`, `addStream` for each stream, `endStreams`.

/** The streams of a programme, or with `programme` negative of all of a PMT PID, go unless they are added again. */
export function beginStreams(index: i32, pmtPid: u32, programme: i32): void {
  const leg = legAddress(index);
  for (let number: u32 = 0; number < streamCount(leg); number++) {
    const stream = streamAt(index, number);
    const owner = load<u32>(stream, OWNER);
    if (owner >>> 16 != pmtPid || (programme >= 0 && (owner & 0xffff) != <u32>programme)) continue;
    setFlags(stream, (flagsOf(stream) & ~SAID) | STALE);
  }
}

/**
 * `owner`: PMT PID in the upper half, programme number in the lower. A PID named twice in one PMT counts as named
 * first.
 */
export function addStream(index: i32, pid: u32, owner: u32, order: u32, said: u32): void {
  const leg = legAddress(index);
  const records = streamCount(leg);
  for (let number: u32 = 0; number < records; number++) {
    const stream = streamAt(index, number);
    if (streamPid(stream) != pid || load<u32>(stream, OWNER) != owner) continue;
    const flags = flagsOf(stream);
    if (flags & STALE) store<u16>(stream, order, ORDER);
    // Only the PCR may be added to what was named before.
    setFlags(stream, (flags & ~STALE) | (flags & STALE ? said : said & PCR_PID));
    return;
  }
  if (records >= <u32>STREAM_SLOTS) return;
  const stream = streamAt(index, records);
  memory.fill(stream, 0, STREAM_SIZE);
  store<u16>(stream, pid, PID);
  store<u16>(stream, order, ORDER);
  store<u32>(stream, owner, OWNER);
  setFlags(stream, said);
  store<u32>(stream, load<u32>(PID_PACKETS + (((index * PIDS) << 2) + (pid << 2))), PACKETS);
  store<f64>(stream, checkTime(leg), SEEN_TIME);
  setStreamCount(leg, records + 1);
}

/** Drops what was not added again. A record that becomes the primary takes over what is known of the PID. */
function dropStale(index: i32, leg: usize): void {
  let number: u32 = 0;
  while (number < streamCount(leg)) {
    const stream = streamAt(index, number);
    if (!(flagsOf(stream) & STALE)) {
      number++;
      continue;
    }
    const pid = streamPid(stream);
    const state = flagsOf(stream) & STATE_BITS;
    const isPrimary = findStream(index, leg, pid) == stream;
    const records = streamCount(leg) - 1;
    setStreamCount(leg, records);
    if (isPrimary) {
      const heir = nextWithPid(index, number + 1, records + 1, pid);
      if (heir) {
        memory.copy(heir + PACKETS, stream + PACKETS, STREAM_SIZE - PACKETS);
        setFlags(heir, (flagsOf(heir) & ~STATE_BITS) | state);
      }
    }
    memory.copy(stream, stream + STREAM_SIZE, (records - number) * STREAM_SIZE);
  }
}

function nextWithPid(index: i32, from: u32, end: u32, pid: u32): usize {
  for (let number = from; number < end; number++) {
    if (streamPid(streamAt(index, number)) == pid) return streamAt(index, number);
  }
  return 0;
}

/** Takes the new streams into use; `isPmt` when a PMT has named them, not when programmes have only gone. */
export function endStreams(index: i32, isPmt: bool): void {
  const leg = legAddress(index);
  dropStale(index, leg);
  const records = streamCount(leg);
  clearFilter(leg);
  for (let number: u32 = 0; number < records; number++) {
    const stream = streamAt(index, number);
    setFlags(stream, flagsOf(stream) & ~(SAID << 8));
    const primary = findStream(index, leg, streamPid(stream));
    setFlags(primary, flagsOf(primary) | ((flagsOf(stream) & SAID) << 8));
    addToFilter(leg, streamPid(stream));
  }
  for (let number: u32 = 0; number < records; number++) dropUnused(streamAt(index, number));
  chooseMain(index, leg, isPmt);
}

/** A PID that is no longer video or audio, or no longer has the PCR, owes none. */
function dropUnused(stream: usize): void {
  const flags = flagsOf(stream);
  const said = saidOf(flags);
  let ended: u32 = 0;
  if (!(said & (CODEC_MASK | AUDIO))) ended |= HAS_PTS | PTS_LATE;
  if (!(said & (PCR_PID | PCR_ANYWHERE))) ended |= HAS_PCR | PCR_LATE;
  setFlags(stream, flags & ~ended);
}
