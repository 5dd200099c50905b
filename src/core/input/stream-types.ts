/** Stream types of the PMT (ISO/IEC 13818-1 table 2-34 and its private users) by what they mean to the outputs. */

export const AAC_ADTS = 0x0f
export const H264 = 0x1b
export const PRIVATE_PES = 0x06
/** SCTE 35 8.1. */
export const SCTE35 = 0x86

export const VIDEO_CODECS: Readonly<Record<number, string>> = {
  1: "MPEG-1",
  2: "MPEG-2",
  16: "MPEG-4 Visual",
  [H264]: "H.264",
  31: "SVC",
  32: "MVC",
  33: "JPEG 2000",
  36: "HEVC",
  50: "JPEG XS",
  51: "VVC",
  66: "AVS",
  209: "Dirac",
  234: "VC-1",
}

export const AUDIO_CODECS: Readonly<Record<number, string>> = {
  3: "MPEG-1 audio",
  4: "MPEG-2 audio",
  [AAC_ADTS]: "AAC",
  17: "AAC in LATM",
  28: "raw AAC",
  45: "MPEG-H audio",
  46: "MPEG-H audio",
  129: "AC-3",
  130: "DTS",
  131: "TrueHD",
  135: "E-AC-3",
  136: "DTS-HD",
  138: "DTS",
  172: "AC-4",
}
