/** stream_type of SCTE-35 sections in a PMT (ANSI/SCTE 35 8.1). */
export const STREAM_TYPE_SCTE35 = 0x86;
