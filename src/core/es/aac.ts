/** AAC: ADTS (ISO/IEC 14496-3 1.A.2) and AudioSpecificConfig (1.6.2.1). */

/** Samples of one raw_data_block. */
export const AAC_FRAME_SAMPLES = 1024
export const AAC_SAMPLE_RATES: ReadonlyArray<number> = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
]
const ADTS_HEADER = 7
const ADTS_CRC = 2

export interface AdtsHeader {
  /** audio object type: profile + 1; 2 is AAC-LC. */
  readonly object_type: number
  readonly sampling_frequency_index: number
  /** Hz. */
  readonly sample_rate: number
  /** 0: a program_config_element in the frame says. */
  readonly channel_configuration: number
  /** 7, or 9 with crc_check. */
  readonly header_size: number
  /** Header included. */
  readonly frame_size: number
  /** number_of_raw_data_blocks_in_frame + 1. */
  readonly blocks: number
}

/** The header at `at`; null where there is none that can be right. Seven bytes must be there. */
export const parseAdtsHeader = (bytes: Uint8Array, at = 0): AdtsHeader | null => {
  const b1 = bytes[at + 1] ?? 0
  const b2 = bytes[at + 2] ?? 0
  const b3 = bytes[at + 3] ?? 0
  if (bytes[at] !== 0xff || (b1 & 0xf6) !== 0xf0 || at + ADTS_HEADER > bytes.length) return null
  const sampling_frequency_index = (b2 >> 2) & 15
  const sample_rate = AAC_SAMPLE_RATES[sampling_frequency_index]
  const header_size = ADTS_HEADER + ((b1 & 1) === 0 ? ADTS_CRC : 0)
  const frame_size = ((b3 & 3) << 11) | ((bytes[at + 4] ?? 0) << 3) | ((bytes[at + 5] ?? 0) >> 5)
  if (sample_rate === undefined || frame_size <= header_size) return null
  return {
    object_type: (b2 >> 6) + 1,
    sampling_frequency_index,
    sample_rate,
    channel_configuration: ((b2 & 1) << 2) | (b3 >> 6),
    header_size,
    frame_size,
    blocks: ((bytes[at + 6] ?? 0) & 3) + 1,
  }
}

export interface AacConfig {
  readonly object_type: number
  readonly sampling_frequency_index: number
  readonly channel_configuration: number
}

/** AudioSpecificConfig of two bytes; SBR and PS stay implicit, as ADTS has them. */
export const buildAudioSpecificConfig = ({
  object_type,
  sampling_frequency_index,
  channel_configuration,
}: AacConfig): Uint8Array =>
  Uint8Array.of(
    (object_type << 3) | (sampling_frequency_index >> 1),
    ((sampling_frequency_index & 1) << 7) | (channel_configuration << 3),
  )

/** Reads what buildAudioSpecificConfig writes; null for an escape of object type or sampling frequency. */
export const parseAudioSpecificConfig = (bytes: Uint8Array): AacConfig | null => {
  const [a, b] = bytes
  if (a === undefined || b === undefined) return null
  const config = {
    object_type: a >> 3,
    sampling_frequency_index: ((a & 7) << 1) | (b >> 7),
    channel_configuration: (b >> 3) & 15,
  }
  return config.object_type === 31 || AAC_SAMPLE_RATES[config.sampling_frequency_index] === undefined ? null : config
}

/** Channels of a channel_configuration (1.6.3.5); 0 where it does not say. */
export const aacChannels = (channel_configuration: number): number =>
  channel_configuration === 7 ? 8 : channel_configuration

/**
 * A raw_data_block of AAC-LC (4.4.2) that decodes as silence at every sampling frequency: one element with max_sfb 0,
 * so that it has neither sections nor spectral data, then ID_END.
 */
export const silentAacBlock = (channels: 1 | 2): Uint8Array => {
  /** window_sequence long, window_shape sine, max_sfb 0, no prediction. */
  const ics_info = "0 00 0 000000 0"
  /** global_gain; no pulse, TNS or gain control data. */
  const channel = (info: string) => `00000000 ${info} 0 0 0`
  const single = `000 0000 ${channel(ics_info)}`
  const pair = `001 0000 1 ${ics_info} 00 ${channel("")} ${channel("")}`
  const bits = `${channels === 1 ? single : pair} 111`.replaceAll(" ", "")
  return Uint8Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) =>
    Number.parseInt(bits.slice(i * 8, i * 8 + 8).padEnd(8, "0"), 2),
  )
}
