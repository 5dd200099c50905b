/** Bytes of every PES header here: start code, length, flags and a PTS (ISO/IEC 13818-1 2.4.3.6). */
const PES_HEADER = 14

/**
 * Builds a PES packet with a PTS (90 kHz, 33 bits). It has no DTS, which would equal the PTS. Video has
 * PES_packet_length 0.
 */
export const buildPes = (
  streamId: number,
  pts90k: number,
  payloads: ReadonlyArray<Uint8Array>,
  bounded: boolean,
): Uint8Array => {
  const size = payloads.reduce((sum, payload) => sum + payload.length, 0)
  const pes = new Uint8Array(PES_HEADER + size)
  const length = bounded ? PES_HEADER - 6 + size : 0
  const high = Math.floor(pts90k / 2 ** 30) & 7
  const low = pts90k % 2 ** 30
  // 0x84 sets data_alignment_indicator, and 0x80 says that there is a PTS only; 5 header bytes follow.
  pes.set([0, 0, 1, streamId, length >> 8, length & 255, 0x84, 0x80, 5])
  pes.set(
    [0x21 | (high << 1), (low >> 22) & 255, ((low >> 14) & 0xfe) | 1, (low >> 7) & 255, ((low << 1) & 0xfe) | 1],
    9,
  )
  let at = PES_HEADER
  for (const payload of payloads) {
    pes.set(payload, at)
    at += payload.length
  }
  return pes
}
