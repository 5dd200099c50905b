// Computes the spectrum of the test tone by the MDCT of ISO/IEC 14496-3 4.6.11. The tone is a quiet 1 kHz with a louder
// beep of 100 ms at each full second.

export const SAMPLE_RATE = 48_000
export const FRAME_SAMPLES = 1024
const WINDOW = 2 * FRAME_SAMPLES
const FREQUENCY = 1000
/** Amplitudes on the scale of 16-bit samples: -38 and -18 dBFS. */
const QUIET = 412
const LOUD = 4125
const BEEP_SAMPLES = 4800
const RAMP_SAMPLES = 240

/** Frames after which the sound repeats: 8 s, which is a whole number of frames and of periods of the tone. */
const CYCLE_FRAMES = 375
/** Frames after which a steady tone repeats: 64 periods of 48 samples. */
const TONE_FRAMES = 3

/** Amplitude of the tone at a sample within its second. */
const envelope = (sample: number): number => {
  const into = sample % SAMPLE_RATE
  const edge = Math.min(into, BEEP_SAMPLES - into) / RAMP_SAMPLES
  const part = edge <= 0 ? 0 : edge >= 1 ? 1 : (1 - Math.cos(Math.PI * edge)) / 2
  return QUIET + (LOUD - QUIET) * part
}

/** Key of the spectrum of a frame: frames with the same key have the same spectrum. */
export const toneKey = (frame: number): number => {
  const start = (frame * FRAME_SAMPLES) % SAMPLE_RATE
  const quiet = start >= BEEP_SAMPLES && start + WINDOW <= SAMPLE_RATE
  const loud = start >= RAMP_SAMPLES && start + WINDOW <= BEEP_SAMPLES - RAMP_SAMPLES
  if (quiet) return frame % TONE_FRAMES
  if (loud) return TONE_FRAMES + (frame % TONE_FRAMES)
  return 2 * TONE_FRAMES + (frame % CYCLE_FRAMES)
}

/**
 * Returns the lowest `lines` MDCT coefficients of the window that starts with a frame, on the scale of 16-bit samples.
 */
export const toneSpectrum = (frame: number, lines: number): Float64Array => {
  const first = (frame % CYCLE_FRAMES) * FRAME_SAMPLES
  const spectrum = new Float64Array(lines)
  for (let n = 0; n < WINDOW; n++) {
    const sample = first + n
    const window = Math.sin((Math.PI / WINDOW) * (n + 0.5))
    const value = window * envelope(sample) * Math.sin((2 * Math.PI * FREQUENCY * (sample % SAMPLE_RATE)) / SAMPLE_RATE)
    const phase = ((2 * Math.PI) / WINDOW) * (n + (FRAME_SAMPLES + 1) / 2)
    // cos(phase (k + 1/2)) for rising k comes from the sum formula, each value from the two before it.
    const twice = 2 * Math.cos(phase)
    let before = Math.cos(phase / 2)
    let current = before
    for (let k = 0; k < lines; k++) {
      spectrum[k] = (spectrum[k] ?? 0) + 2 * value * current
      const next = twice * current - before
      before = current
      current = next
    }
  }
  return spectrum
}
