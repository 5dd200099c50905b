// stream_type (ISO/IEC 13818-1 Table 2-34) and the descriptors that say what private PES packets carry, as the flags of
// stream-record.ts.
import { AUDIO, CODEC_AVC, CODEC_HEVC, CODEC_MPEG2, CODEC_OTHER, CONSTANT } from "./stream-record";

const PRIVATE_PES: u32 = 0x06;
const TAG_REGISTRATION: u32 = 0x05;
const TAG_LANGUAGE: u32 = 0x0a;
/** DVB: AC-3, Enhanced AC-3, DTS, AAC (ETSI EN 300 468 6.1). */
const TAG_AC3: u32 = 0x6a;
const TAG_EAC3: u32 = 0x7a;
const TAG_DTS: u32 = 0x7b;
const TAG_AAC: u32 = 0x7c;

/** Video and audio a decoder plays; 0 for all else, which may be silent for long and has no PTS check. */
function typeKind(type: u32): u32 {
  switch (type) {
    case 0x01: // MPEG-1 video
    case 0x02: // MPEG-2 video
      return CODEC_MPEG2 | CONSTANT;
    case 0x1b:
      return CODEC_AVC | CONSTANT;
    case 0x24:
      return CODEC_HEVC | CONSTANT;
    case 0x10: // MPEG-4 part 2
    case 0x21: // JPEG 2000
    case 0x33: // VVC
    case 0x42: // AVS
    case 0xea: // VC-1
      return CODEC_OTHER | CONSTANT;
    case 0x03: // MPEG-1 audio
    case 0x04: // MPEG-2 audio
    case 0x0f: // AAC, ADTS
    case 0x11: // AAC, LATM
    case 0x1c: // AAC
    case 0x2d: // MPEG-H 3D audio
    case 0x2e:
    case 0x81: // AC-3 (ATSC A/53)
    case 0x84: // E-AC-3
    case 0x85: // DTS-HD
    case 0x87: // E-AC-3 (ATSC A/53)
    case 0x88: // DTS-HD
    case 0x8a: // DTS
      return AUDIO | CONSTANT;
    default:
      return 0;
  }
}

/** format_identifier of audio in private PES packets: AC-3, EAC3, DTS1 to DTS3, Opus, BSSD (SMPTE ST 302). */
function isAudioFormat(format: u32): bool {
  switch (format) {
    case 0x41432d33:
    case 0x45414333:
    case 0x44545331:
    case 0x44545332:
    case 0x44545333:
    case 0x4f707573:
    case 0x42535344:
      return true;
    default:
      return false;
  }
}

/** True for a descriptor that says that private PES packets carry audio. */
function isAudioDescriptor(address: usize, length: u32): bool {
  const tag = <u32>load<u8>(address);
  if (tag == TAG_REGISTRATION) return length >= 4 && isAudioFormat(bswap(load<u32>(address, 2)));
  return tag == TAG_AC3 || tag == TAG_EAC3 || tag == TAG_DTS || tag == TAG_AAC;
}

/**
 * What a stream of this type is, with its descriptors from `address` to `end`. Audio for the hard of hearing and the
 * like (audio_type of ISO_639_language_descriptor not 0) need not be there all the time (TR 101 290 1.6).
 */
export function streamKind(type: u32, address: usize, end: usize): u32 {
  let kind = typeKind(type);
  let isSecondary = false;
  while (address + 2 <= end) {
    const length = <u32>load<u8>(address, 1);
    const next = address + 2 + length;
    if (next > end) break;
    if (type == PRIVATE_PES && isAudioDescriptor(address, length)) kind = AUDIO | CONSTANT;
    if (load<u8>(address) == TAG_LANGUAGE && length >= 4 && load<u8>(address, 5) != 0) isSecondary = true;
    address = next;
  }
  return isSecondary && kind & AUDIO ? kind & ~CONSTANT : kind;
}
