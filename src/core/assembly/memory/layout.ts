// The one memory map of the packet core: every offset is the one before plus its size.
// Read by the AssemblyScript core and by the TypeScript host alike, so it holds nothing but untyped integer constants.

/** Channels an engine can carry. */
export const MAX_CHANNELS = 64;
/** Two legs a channel: leg = channel * 2 (primary) or channel * 2 + 1 (backup). */
export const MAX_LEGS = 128;
/** Behind the legs, one a channel: what goes out, whose SCTE-35 sections are watched; see watch.ts. */
export const MAX_INDEXES = 192;

/** TS packet length (ISO/IEC 13818-1 2.4.3.2). */
export const TS_PACKET = 188;
/** TS packets a ring slot can hold: 7 x 188 = 1316 bytes, one SRT live payload. */
export const SLOT_TS_PACKETS = 7;
export const SLOT_PAYLOAD_MAX = 1316;

// --- Receive batch: recvmmsg fills these, `ingest` reads them. The kernel structures are those of Linux on 64-bit.
/** Datagrams taken by one recvmmsg. */
export const RX_BATCH = 64;
/** Room for the largest UDP datagram; the odd 1152 keeps slots from sharing cache sets. */
export const RX_STRIDE = 66688;
/** struct mmsghdr: msg_hdr 56 {name@0 namelen@8 iov@16 iovlen@24 control@32 controllen@40 flags@48}, msg_len@56. */
export const MMSGHDR_SIZE = 64;
/** struct iovec {base@0 len@8}. */
export const IOVEC_SIZE = 16;
/** Room for the SO_TIMESTAMPNS control message (16 + 16) and one more. */
export const RX_CONTROL_SIZE = 64;
/** Room for sockaddr_in6 (28), aligned. */
export const RX_NAME_SIZE = 32;

export const RX_MMSG = 1024;
export const RX_IOVEC = RX_MMSG + RX_BATCH * MMSGHDR_SIZE;
export const RX_CONTROL = RX_IOVEC + RX_BATCH * IOVEC_SIZE;
export const RX_NAME = RX_CONTROL + RX_BATCH * RX_CONTROL_SIZE;
/**
 * Room before each datagram for what a byte stream left over of the one before it; behind the first, RX_STRIDE has it
 * to spare.
 */
export const RX_HEADROOM = 1024;
export const RX_DATA = RX_NAME + RX_BATCH * RX_NAME_SIZE + RX_HEADROOM;

// --- Send batch, owned by the host: mmsghdr, two iovecs and a 12-byte RTP header a message, and one SRT_MSGCTRL.
export const TX_BATCH = 64;
export const TX_RTP_HEADER_SIZE = 16;
export const TX_MSGCTRL_SIZE = 64;
export const TX_MMSG = RX_DATA + RX_BATCH * RX_STRIDE;
export const TX_IOVEC = TX_MMSG + TX_BATCH * MMSGHDR_SIZE;
export const TX_RTP_HEADER = TX_IOVEC + TX_BATCH * 2 * IOVEC_SIZE;
export const TX_MSGCTRL = TX_RTP_HEADER + TX_BATCH * TX_RTP_HEADER_SIZE;
/** SRT_MSGCTRL that libsrt fills for a message received, owned by the host as well. */
export const RX_MSGCTRL = TX_MSGCTRL + TX_MSGCTRL_SIZE;
export const RX_MSGCTRL_SIZE = 64;

// --- Events of the last `ingest` calls, until the host takes them. Records of 32 bytes:
// type u32@0, leg u32@4, pid u32@8, a u32@12, b u32@16, data address u32@20, data length u32@24, ring position u32@28.
export const EVENT_MAX = 256;
export const EVENT_SIZE = 32;
export const EVENT_DATA_SIZE = 262144;
/** u32: records present. */
export const EVENT_COUNT = RX_MSGCTRL + RX_MSGCTRL_SIZE;
/** u32: bytes of EVENT_DATA used. */
export const EVENT_DATA_USED = EVENT_COUNT + 4;
/** u32: events dropped because the area was full, ever. */
export const EVENT_OVERFLOW = EVENT_COUNT + 8;
export const EVENTS = EVENT_COUNT + 64;
export const EVENT_DATA = EVENTS + EVENT_MAX * EVENT_SIZE;

/** A PAT or PMT section that differs from the last one of its PID and table id extension, CRC good. a = table_id. */
export const EVENT_PSI = 1;
/**
 * Any complete section on an SCTE-35 PID. a = table_id, b = 1 when the CRC is good. Told of each leg, and, with leg =
 * MAX_LEGS + channel, of what goes out: then the ring position is that of the slot that completes it, and b =
 * SECTION_CUT tells of one that was begun and never completed, with the bytes there are.
 */
export const EVENT_SCTE35 = 2;
export const SECTION_CUT = 2;
/** The sender of the leg changed (RTP SSRC, or source address for raw UDP). a = new identity, b = old identity. */
export const EVENT_SENDER = 3;
/** RTP sequence numbers restarted. a = new sequence number, b = expected one. */
export const EVENT_SEQUENCE_RESET = 4;
/**
 * The ring is now filled by this leg. a = 1 when the switch waited for a clean point, b = the leg before (1, 2) or 0.
 */
export const EVENT_SWITCHED = 5;
/** Merging began or ended on the channel of this leg. a = MERGE_*, b = why it ended: MERGE_END_*. */
export const EVENT_MERGE = 6;
/** A leg joined (a = 1) or left (a = 0) the merge, which goes on with the other one. b = MERGE_END_* when it left. */
export const EVENT_MERGE_LEG = 7;
/** PCR jumped without discontinuity_indicator, PCR PID in pid. a, b = old and new PCR in units of 1 ms. */
export const EVENT_PCR_JUMP = 8;

export const MERGE_END_SILENT = 1;
export const MERGE_END_DIFFERENT = 2;
export const MERGE_END_RESTARTED = 3;
export const MERGE_END_ASKED = 4;

// --- Legs: counters and gauges as float64, so that the host reads them without BigInt; see LEG_* indices below.
export const LEG_FIELDS = 192;
export const LEG_STATE_SIZE = 2048;
export const LEG_SIZE = LEG_FIELDS * 8 + LEG_STATE_SIZE;
export const LEGS = EVENT_DATA + EVENT_DATA_SIZE;

// Counters (float64 index into a leg).
/** Datagrams read from the socket. */
export const LEG_DATAGRAMS = 0;
/** UDP payload bytes read from the socket. */
export const LEG_BYTES = 1;
export const LEG_RTP_DATAGRAMS = 2;
export const LEG_UDP_DATAGRAMS = 3;
/** TS packets accepted. */
export const LEG_TS_PACKETS = 4;
/** RTP sequence numbers never received (falls again when a late packet arrives). */
export const LEG_RTP_LOST = 5;
export const LEG_RTP_DUPLICATES = 6;
export const LEG_RTP_REORDERED = 7;
/** Sequence restarts or jumps outside the window, same SSRC. */
export const LEG_RTP_RESETS = 8;
/** Accepted changes of the sender (SSRC or source address). */
export const LEG_SENDER_CHANGES = 9;
/** Datagrams of a second sender, dropped while the first is alive. */
export const LEG_FOREIGN = 10;
/** Datagrams that are neither RTP nor TS (RTCP and zero length included). */
export const LEG_BAD_NOT_TS = 11;
/** RTP whose header, CSRC list, extension or padding runs past the datagram. */
export const LEG_BAD_RTP = 12;
/**
 * Payload that is not a whole number of TS packets, in RTP, or before the place of packets in a raw byte stream is
 * known.
 */
export const LEG_BAD_LENGTH = 13;
/** TS packets of 204 bytes taken, without their 16 Reed-Solomon bytes. */
export const LEG_TS_204 = 14;
/** Datagrams of the right length with no 0x47 at any packet start. */
export const LEG_BAD_SYNC = 15;
/** TR 101 290 1.2: packets with sync byte != 0x47 in accepted datagrams. */
export const LEG_SYNC_BYTE_ERRORS = 16;
/** TR 101 290 1.1: times sync was lost (2 bad in a row), regained after 5 good. */
export const LEG_SYNC_LOSSES = 17;
/** TR 101 290 2.1: transport_error_indicator. */
export const LEG_TEI = 18;
export const LEG_SCRAMBLED = 19;
export const LEG_NULL_PACKETS = 20;
/** TR 101 290 1.4: continuity counter errors. */
export const LEG_CC_ERRORS = 21;
/** Legal duplicate packets (one repeat of a continuity counter). */
export const LEG_CC_DUPLICATES = 22;
/** Packets with discontinuity_indicator. */
export const LEG_DISCONTINUITIES = 23;
export const LEG_PAT_SECTIONS = 24;
export const LEG_PMT_SECTIONS = 25;
export const LEG_SCTE35_SECTIONS = 26;
/** TR 101 290 2.2: PAT, PMT and SCTE-35 sections with a bad CRC-32. */
export const LEG_CRC_ERRORS = 27;
export const LEG_PCRS = 28;
/** Datagrams cut by the receive buffer (MSG_TRUNC). */
export const LEG_TRUNCATED = 29;
/** Slots appended to the channel's ring. */
export const LEG_FORWARDED = 30;
/** TS packets with random_access_indicator. */
export const LEG_RAI = 31;

/**
 * Random access points: random_access_indicator on video, or an IDR/IRAP picture found by its NAL unit or sequence
 * header.
 */
export const LEG_ACCESS_POINTS = 32;
/** RTP datagrams that came after their place had been given up, or fitted no place, and were dropped. */
export const LEG_RTP_LATE = 33;
/** RTP sequence numbers given up: neither the network, nor reordering, nor FEC brought them. */
export const LEG_RTP_UNRECOVERED = 34;
/** SMPTE 2022-1 packets taken from the FEC ports, column and row. */
export const LEG_FEC_PACKETS = 35;
/** Datagrams on the FEC ports that are no FEC packet, or whose matrix is absurd. */
export const LEG_FEC_BAD = 36;
/** Media datagrams rebuilt from FEC. */
export const LEG_FEC_RECOVERED = 37;
/** Datagrams from an address that `allowed_senders` does not list, dropped. */
export const LEG_NOT_ALLOWED = 38;
/** Merge: TS packets this leg delivered that the other did not, or later. */
export const LEG_MERGE_USED = 39;
// Gauges (float64 index into a leg).
/** Monotonic microseconds of the first and last datagram that carried TS; 0 when none. */
export const LEG_FIRST_RX_US = 40;
export const LEG_LAST_RX_US = 41;
/** Monotonic microseconds of the last datagram that held a TS packet other than null packets and tables. */
export const LEG_LAST_PROGRAMME_US = 42;
/** RFC 3550 6.4.1 interarrival jitter in 90 kHz ticks. */
export const LEG_JITTER_90K = 43;
/** Longest gap between datagrams in microseconds since the host last wrote 0 here. */
export const LEG_MAX_GAP_US = 44;
/** RTP SSRC, or a hash of the source address for raw UDP. */
export const LEG_IDENTITY = 45;
/** 1 RTP, 2 raw UDP, 0 nothing yet. */
export const LEG_FRAMING = 46;
/** RTP payload type of the last RTP datagram. */
export const LEG_PAYLOAD_TYPE = 47;
/** Last PCR in 27 MHz ticks and its PID. */
export const LEG_PCR_27M = 48;
export const LEG_PCR_PID = 49;
/** 1 when TS sync is held. */
export const LEG_IN_SYNC = 50;
/** Source port as in the socket; its address is LEG_SOURCE_ADDRESS. */
export const LEG_SOURCE_PORT = 52;
/** Source port of the last datagram dropped as a second sender's, and its RTP SSRC, -1 when it was raw UDP. */
export const LEG_FOREIGN_PORT = 54;
export const LEG_FOREIGN_SSRC = 55;

// Counters again: TR 101 290 (ETSI TR 101 290 V1.4.1 5.2.1, 5.2.2), checked on the stream after reordering and FEC.
/** 1.3.a: no PAT for 0.5 s, another table on PID 0, PID 0 scrambled. Once for each 0.5 s. */
export const LEG_PAT_ERRORS = 64;
/** 1.5.a: no PMT for 0.5 s on a PMT PID, or that PID scrambled. Once for each 0.5 s. */
export const LEG_PMT_ERRORS = 65;
/** 1.6: a video, audio or PCR PID of the PMT was away for 5 s. Once for each 5 s. */
export const LEG_PID_ERRORS = 66;
/** 2.3.a: more than 100 ms between two PCRs of a PCR PID; again each second while none comes. */
export const LEG_PCR_REPETITION_ERRORS = 67;
/** 2.3.b: a PCR step outside 0..100 ms without discontinuity_indicator. */
export const LEG_PCR_DISCONTINUITY_ERRORS = 68;
/** 2.5: more than 700 ms between two PTS of a PID; again each second while none comes. */
export const LEG_PTS_ERRORS = 69;
/** 2.6: scrambled packets without a CAT, or another table on PID 1. Once for each 0.5 s. */
export const LEG_CAT_ERRORS = 70;
/** Gaps given up because LEG_REORDER_MAX datagrams waited behind them, before LEG_REORDER_US were over. */
export const LEG_REORDER_FULL = 71;

// Counters of raw UDP as a byte stream; see byte-stream.ts.
/** Bytes passed over to find TS packets: junk, and parts of packets whose rest was lost. */
export const LEG_SKIPPED_BYTES = 77;
/** Times the place of TS packets was lost and looked for again. */
export const LEG_RESYNCS = 78;
/** Raw UDP datagrams taken that hold no whole number of TS packets. */
export const LEG_UNALIGNED = 79;

// Gauges again. Times are monotonic microseconds of arrival; 0 when there was none.
/** When the last good PAT and PMT were complete. */
export const LEG_PAT_US = 80;
export const LEG_PMT_US = 81;
/** When the last random access point came, and the longest distance of two lately, in microseconds. */
export const LEG_ACCESS_POINT_US = 82;
export const LEG_ACCESS_POINT_INTERVAL_US = 83;
/**
 * Deviation of the PCR against arrival in microseconds: smoothed, and the highest since the host last wrote 0 here. It
 * is taken from the programme with the lowest number that has video, as the access points are.
 */
export const LEG_PCR_JITTER_US = 84;
export const LEG_PCR_JITTER_MAX_US = 85;
/** TS bit rate between the last PCRs of LEG_PCR_PID, bit/s; 0 when unknown. */
export const LEG_PCR_BITRATE = 86;
/** Lowest and highest of LEG_PCR_BITRATE since the host last wrote 0 here. */
export const LEG_PCR_BITRATE_MIN = 87;
export const LEG_PCR_BITRATE_MAX = 88;
/** SMPTE 2022-1 matrix learnt from the FEC packets: columns (L) and rows (D); 0 when unknown. */
export const LEG_FEC_COLUMNS = 89;
export const LEG_FEC_ROWS = 90;
/**
 * When the last valid FEC packet came; and the longest time a datagram was rebuilt after its place in order,
 * microseconds.
 */
export const LEG_FEC_LAST_US = 91;
export const LEG_FEC_LATENCY_US = 92;
/** Datagrams held back now, behind a gap. */
export const LEG_HELD = 93;
/** PID of the first video stream of the PMT, 0x1fff without one; 0 before there is a PMT. */
export const LEG_VIDEO_PID = 94;

// Settings of a leg, written by the host after `resetLeg` (float64 index). 0 means off.
/**
 * Longest time a datagram waits for one before it, microseconds; 0: none waits, and one that comes behind its successor
 * is dropped.
 */
export const LEG_REORDER_US = 100;
/** Most datagrams that wait, 1 to REORDER_DATAGRAMS_MAX. With FEC two matrices count, when that is more. */
export const LEG_REORDER_MAX = 101;
/** 1 takes SMPTE 2022-1 packets for recovery. */
export const LEG_FEC_ENABLED = 102;
/**
 * Networks that may send, ALLOWED_MAX entries of ALLOWED_FIELDS from LEG_ALLOWED on: four words of the address, in host
 * order, and the length of the prefix; IPv4 in its mapped form (RFC 4291 2.5.5.2), so that /8 is 104. And how many are
 * in force.
 */
export const LEG_ALLOWED_COUNT = 103;
export const LEG_ALLOWED = 104;
export const ALLOWED_MAX = 8;
export const ALLOWED_FIELDS = 5;

/**
 * Until when the host has read what came, written before each `tick` (CLOCK_MONOTONIC in us): what came later may still
 * be in a socket. 0 when nothing can be; UNREAD_BEHIND_LAST when the last datagram was not the end of what waited.
 */
export const LEG_READ_US = 152;
export const UNREAD_BEHIND_LAST = -1;

// Gauges again: addresses of four 32-bit words in host order, IPv4 in its mapped form; all 0 when there is none.
/** Source address of the sender in use. */
export const LEG_SOURCE_ADDRESS = 144;
/** Source address of the last datagram dropped as a second sender's, or as one not allowed. */
export const LEG_FOREIGN_ADDRESS = 148;

// --- Channels: float64 fields for the host, then private state. See channel.ts.
export const CHANNEL_FIELDS = 32;
export const CHANNEL_STATE_SIZE = 768;
export const CHANNEL_SIZE = CHANNEL_FIELDS * 8 + CHANNEL_STATE_SIZE;
/** 1 primary or 2 backup, the leg whose packets go to the ring; 0 none. */
export const CHANNEL_SOURCE = 0;
/** The leg that takes over at its next clean point, 0 none. */
export const CHANNEL_PENDING = 1;
/** MERGE_OFF, MERGE_RTP or MERGE_CONTENT. */
export const CHANNEL_MERGE = 2;
/**
 * How much later the backup's packets arrive than the primary's, microseconds, negative when earlier. Valid while
 * merged.
 */
export const CHANNEL_PATH_DIFFERENCE_US = 3;
/** TS packets given up while merged: neither leg brought them in time. */
export const CHANNEL_MERGE_LOST = 4;
/** TS packets of the two legs compared and found different, ever. */
export const CHANNEL_MERGE_MISMATCHES = 5;
/** Switches carried out, ever. */
export const CHANNEL_SWITCHES = 6;
/** TS packets waiting in the merge stage. */
export const CHANNEL_HELD = 7;
/** 1 while both legs take part in the merge; 0 when one is away or carries something else. */
export const CHANNEL_MERGE_BOTH = 8;
/** When the legs were last looked at for alignment and whether they agree: ALIGNMENT_*. */
export const CHANNEL_ALIGNMENT = 9;
/** Settings, by `allowMerge`: 1 lets legs that agree be merged; longest wait for the other leg, microseconds. */
export const CHANNEL_MERGE_ALLOWED = 16;
export const CHANNEL_MERGE_WINDOW_US = 17;

export const MERGE_OFF = 0;
export const MERGE_RTP = 1;
export const MERGE_CONTENT = 2;

export const ALIGNMENT_UNKNOWN = 0;
/** Both legs carry equal TS packets. */
export const ALIGNMENT_SAME = 1;
/** Both legs were compared for ALIGNMENT_TRIAL_US and carry different packets. */
export const ALIGNMENT_DIFFERENT = 2;
export const ALIGNMENT_TRIAL_US = 3000000;

export const CHANNELS = LEGS + MAX_INDEXES * LEG_SIZE;

// --- Per-PID state of each leg: one state byte and one u32 packet counter a PID.
export const PIDS = 8192;
export const PID_STATE = CHANNELS + MAX_CHANNELS * CHANNEL_SIZE;
export const PID_PACKETS = PID_STATE + MAX_INDEXES * PIDS;

// --- Section assembly: 16 PIDs a leg (PAT, PMTs, SCTE-35), each a header of 64 bytes and a 4096-byte section.
export const SECTION_SLOTS = 16;
export const SECTION_SLOT_SIZE = 4160;
export const SECTIONS = PID_PACKETS + MAX_LEGS * PIDS * 4;

// --- Rings: the TS payload each channel carries, written by `ingest` from its active leg, read by every output.
// Slot: rx time i64 microseconds@0 (CLOCK_MONOTONIC), the same as float64@8, payload length u32@16, flags u32@20,
// first PCR in 27 MHz float64@24, its packet index u32@32, its PID u32@36, RTP timestamp u32@40, RTP sequence u32@44;
// payload@64.
export const RING_SLOTS = 512;
/** Slots that packets which waited (reordering, FEC, merge) may fill between two ticks; see channel.ts. */
export const RELEASE_MAX = 160;
export const SLOT_RX_I64 = 0;
export const SLOT_RX_US = 8;
export const SLOT_LENGTH = 16;
export const SLOT_FLAGS = 20;
export const SLOT_PCR = 24;
export const SLOT_PCR_INDEX = 32;
export const SLOT_PCR_PID = 36;
export const SLOT_RTP_TIMESTAMP = 40;
export const SLOT_RTP_SEQUENCE = 44;
export const SLOT_PAYLOAD = 64;
export const SLOT_STRIDE = 1408;
export const SLOT_FLAG_PCR = 1;
export const SLOT_FLAG_RAI = 2;
export const SLOT_FLAG_DISCONTINUITY = 4;
/** Packets of an SCTE-35 PID. */
export const SLOT_FLAG_SCTE35 = 8;
/** u32 head of each channel's ring: slots ever written, modulo 2^32. */
export const RING_HEADS = SECTIONS + MAX_INDEXES * SECTION_SLOTS * SECTION_SLOT_SIZE;
export const RINGS = RING_HEADS + MAX_CHANNELS * 64;
export const RING_BYTES = RING_SLOTS * SLOT_STRIDE;

// --- Datagram store of each leg: what waits behind a gap, and what FEC needs of the past. An entry a sequence number
// modulo STORE_SLOTS in the index, u32: sequence number, STORE_PRESENT, STORE_WAITING, STORE_PLACED with the number of
// the slot from STORE_PLACE_SHIFT on. Slots are taken when something is put there. Slot: receive time f64@0 us, RTP
// timestamp u32@8, payload length u32@12, first two bytes of the RTP header u16@16; payload@64.
export const STORE_SLOTS = 1024;
/** Datagrams that may wait behind a gap: half of the store, the rest is what FEC needs of the past. */
export const REORDER_DATAGRAMS_MAX = 512;
export const STORE_STRIDE = 1408;
export const STORE_RX_US = 0;
export const STORE_TIMESTAMP = 8;
export const STORE_LENGTH = 12;
export const STORE_BITS = 16;
export const STORE_PAYLOAD = 64;
/** RTP payload that fits; longer ones are neither held nor recovered. */
export const STORE_PAYLOAD_MAX = 1316;
export const STORE_PRESENT = 0x10000;
/** Not delivered yet. */
export const STORE_WAITING = 0x20000;
/** It has a slot. */
export const STORE_PLACED = 0x40000;
/** Mask of an entry without its slot: sequence number, present, waiting. */
export const STORE_ENTRY = 0x3ffff;
export const STORE_PLACE_SHIFT = 20;
export const STORE_INDEX = RINGS + MAX_CHANNELS * RING_BYTES;
export const STORES = STORE_INDEX + MAX_LEGS * STORE_SLOTS * 4;
export const STORE_BYTES = STORE_SLOTS * STORE_STRIDE;

// --- SMPTE 2022-1 packets of each leg that may still be of use, columns and rows; see fec-state.ts.
export const FEC_SLOTS = 128;
export const FEC_STRIDE = 1408;
export const FEC_STORES = STORES + MAX_LEGS * STORE_BYTES;
export const FEC_STORE_BYTES = FEC_SLOTS * FEC_STRIDE;

// --- Last good PAT and PMT sections of each leg, by section slot: length u32@0, bytes@64.
export const PSI_COPY_SIZE = 1088;
export const PSI_COPIES = FEC_STORES + MAX_LEGS * FEC_STORE_BYTES;

// --- Elementary streams of each leg that TR 101 290 and the search for access points follow; see stream-record.ts.
export const STREAM_SLOTS = 64;
export const STREAM_SIZE = 64;
export const STREAMS = PSI_COPIES + MAX_INDEXES * SECTION_SLOTS * PSI_COPY_SIZE;

// --- Merge of two legs, a cell a TS packet; see merge.ts. Cell = position modulo MERGE_CELLS.
/**
 * How far apart two legs can be compared and joined, in TS packets: 49 Mbit, which are 2.4 s at 20 Mbit/s and 0.98 s at
 * 50.
 */
export const MERGE_CELLS = 32768;
/**
 * Flag of each cell (u8), place of a packet that waits (u16), receive time (u32 us modulo 2^32), and hash of the TS
 * packet of each leg (u16). Times and hashes of merged legs are written all the time: that is all their memory.
 */
export const MERGE_FLAGS = STREAMS + MAX_INDEXES * STREAM_SLOTS * STREAM_SIZE;
export const MERGE_PLACES = MERGE_FLAGS + MAX_CHANNELS * MERGE_CELLS;
export const MERGE_TIMES = MERGE_PLACES + MAX_CHANNELS * MERGE_CELLS * 2;
export const MERGE_HASHES = MERGE_TIMES + MAX_CHANNELS * MERGE_CELLS * 4;
/** Where a hash was last seen, by leg (u32 position), for finding the offset of two legs. */
export const ALIGN_BUCKETS = 8192;
export const ALIGN_TABLES = MERGE_HASHES + MAX_LEGS * MERGE_CELLS * 2;
/** Packets that wait, by place: as many are ever touched as waited at a time. */
export const MERGE_PACKETS = ALIGN_TABLES + MAX_LEGS * ALIGN_BUCKETS * 4;

/**
 * After a switch: what each PID of a channel still owes of discontinuity_indicator, one byte a PID; see flagging.ts.
 */
export const DUE_FLAGS = MERGE_PACKETS + MAX_CHANNELS * MERGE_CELLS * TS_PACKET;
/** One slot of packets the core puts together itself. */
export const SCRATCH = DUE_FLAGS + MAX_CHANNELS * PIDS;
/** One slot of packets on their way out of the merge. */
export const MERGE_SCRATCH = SCRATCH + 2048;

// --- Packets of the operator's that wait to go out, by channel; see insertion.ts. Header: PID u32@0, packets u32@4,
// next one u32@8, times f64@16 and @24; private up to 64; then the packets.
export const INSERTION_PACKETS_MAX = 24;
export const INSERTION_PID = 0;
/** Packets of the section that waits; 0: none waits. */
export const INSERTION_COUNT = 4;
export const INSERTION_NEXT = 8;
export const INSERTION_AFTER = 16;
export const INSERTION_UNTIL = 24;
export const INSERTION_PACKETS = 64;
export const INSERTION_SIZE = 4608;
export const INSERTIONS = MERGE_SCRATCH + 2048;
export const INSERTION_SCRATCH = INSERTIONS + MAX_CHANNELS * INSERTION_SIZE;

// --- RTP sequence numbers of each leg; see sequence.ts. One bit a number for those that came, and of each of these a
// u32 that tells its datagram from another one under the same number. 4096 numbers are 450 ms (SMPTE 2022-7 class C) at
// 95 Mbit/s.
export const SEQUENCE_WINDOW = 4096;
export const SEQUENCE_SEEN_BYTES = SEQUENCE_WINDOW / 8;
export const SEQUENCE_SEEN = INSERTION_SCRATCH + 2048;
export const SEQUENCE_MARKS = SEQUENCE_SEEN + MAX_LEGS * SEQUENCE_SEEN_BYTES;

// --- Datagrams of each leg whose numbers are far from those in use, until it is known whether the numbers start over;
// see held.ts. Slot: as in the store above, with the sequence number u32@20, the mark u32@24, and u32@28 1 when the
// merge has it already; payload@64.
export const HELD_SLOTS = 16;
/** Jumbo frames fit: 9000 bytes less the headers of IP, UDP and RTP. */
export const HELD_STRIDE = 9088;
export const HELD_PAYLOAD_MAX = 9024;
export const HELD_SEQUENCE = 20;
export const HELD_MARK = 24;
export const HELD_IS_MERGED = 28;
export const HELD_STORES = SEQUENCE_MARKS + MAX_LEGS * SEQUENCE_WINDOW * 4;

// --- Raw UDP as a byte stream: what the sender in use left over, and the same of one that would like to be; see
// cutter.ts. Header of 64 bytes, bytes carried over, and up to seven packets that wait to be sent on together.
export const CUTTER_CARRY = 64;
export const CUTTER_CARRY_SIZE = RX_HEADROOM;
export const CUTTER_GROUP = CUTTER_CARRY + CUTTER_CARRY_SIZE;
export const CUTTER_SIZE = 2432;
export const CUTTERS = HELD_STORES + MAX_LEGS * HELD_SLOTS * HELD_STRIDE;

/** End of the map; the compiler puts its own static data (the CRC table) above it. */
export const MAP_END = CUTTERS + 2 * MAX_LEGS * CUTTER_SIZE;
/** Static data of the compiler: 64 KiB. */
export const MEMORY_BYTES = MAP_END + 65536;
