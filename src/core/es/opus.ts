/**
 * Opus in transport streams (ETSI TS 103 491 Annex B), packets (RFC 6716 3.1), identification header (RFC 7845 5.1).
 */

export const OPUS_RATE = 48_000

export interface OpusControl {
  /** Bytes of the control header. */
  readonly header_size: number
  /** Bytes of the Opus packet behind it. */
  readonly payload_size: number
  /** Samples at 48 kHz. */
  readonly start_trim: number
  readonly end_trim: number
}

const PREFIX = 0x3ff

/** opus_control_header at `at`; null where there is none, or it is cut short. */
export const parseOpusControl = (bytes: Uint8Array, at = 0): OpusControl | null => {
  const word = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  if (word >> 5 !== PREFIX) return null
  let next = at + 2
  let payload_size = 0
  for (let byte = 255; byte === 255; next++) {
    if (next >= bytes.length) return null
    byte = bytes[next] ?? 0
    payload_size += byte
  }
  const trim = (present: boolean): number => {
    if (!present) return 0
    next += 2
    return (((bytes[next - 2] ?? 0) & 0x1f) << 8) | (bytes[next - 1] ?? 0)
  }
  const start_trim = trim((word & 0x10) !== 0)
  const end_trim = trim((word & 0x08) !== 0)
  if ((word & 0x04) !== 0) next += 1 + (bytes[next] ?? 0)
  return next > bytes.length ? null : { header_size: next - at, payload_size, start_trim, end_trim }
}

/** Samples at 48 kHz in one frame, by config (RFC 6716 Table 2): SILK, hybrid, CELT. */
const frameSamples = (config: number): number => {
  if (config < 12) return [480, 960, 1920, 2880][config & 3] ?? 0
  if (config < 16) return (config & 1) === 0 ? 480 : 960
  return [120, 240, 480, 960][config & 3] ?? 0
}

/** Samples at 48 kHz of a packet; 0 for one that cannot be right. */
export const opusPacketSamples = (packet: Uint8Array): number => {
  const [toc, second] = packet
  if (toc === undefined) return 0
  const count = (toc & 3) === 0 ? 1 : (toc & 3) < 3 ? 2 : (second ?? 0) & 0x3f
  const samples = count * frameSamples(toc >> 3)
  return samples > 5760 ? 0 : samples
}

/**
 * stream_count, coupled_count and channel mapping of family 1 by channel count, 3 to 8 (RFC 7845 5.1.1.2, as TS 103 491
 * Table B-1).
 */
const MAPPINGS: ReadonlyArray<readonly [number, number, ReadonlyArray<number>]> = [
  [2, 1, [0, 2, 1]],
  [2, 2, [0, 1, 2, 3]],
  [3, 2, [0, 4, 1, 2, 3]],
  [4, 2, [0, 4, 1, 2, 3, 5]],
  [4, 3, [0, 4, 1, 2, 3, 5, 6]],
  [5, 3, [0, 6, 1, 2, 3, 4, 5, 7]],
]

/**
 * OpusHead for a channel_config_code (0 dual mono, 1 to 8 channels in Vorbis order); pre-skip 0, for a live stream is
 * joined in its middle. Null for any other code.
 */
export const buildOpusHead = (channelConfig: number): Uint8Array | null => {
  const magic = [0x4f, 0x70, 0x75, 0x73, 0x48, 0x65, 0x61, 0x64]
  const head = (channels: number, family: ReadonlyArray<number>): Uint8Array =>
    Uint8Array.of(
      ...magic,
      1,
      channels,
      0,
      0,
      OPUS_RATE & 255,
      (OPUS_RATE >> 8) & 255,
      (OPUS_RATE >> 16) & 255,
      0,
      0,
      0,
      ...family,
    )
  if (channelConfig === 1 || channelConfig === 2) return head(channelConfig, [0])
  // Two mono streams, each decoded alone.
  if (channelConfig === 0) return head(2, [255, 2, 0, 0, 1])
  const mapping = MAPPINGS[channelConfig - 3]
  if (mapping === undefined) return null
  const [streams, coupled, order] = mapping
  return head(channelConfig, [1, streams, coupled, ...order])
}

/** Channels of an OpusHead. */
export const opusHeadChannels = (head: Uint8Array): number => head[9] ?? 0
