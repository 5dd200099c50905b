/** Streams for the pacer: slots with a known place on the media clock, and how evenly they come out. */
import { PcrPacer, type PcrPacerOptions } from "../pcr-pacer.ts"

export const SLOT = 1316
export const PCR_WRAP = 2 ** 33 * 300

export interface Slot {
  /** When the slot's first byte left the encoder, in encoder microseconds. */
  readonly mediaUs: number
  readonly rxUs: number
  readonly pcr: number | null
  readonly discontinuity?: boolean
  readonly pcrOffset?: number
}

interface Stream {
  readonly mbps: number
  readonly seconds: number
  readonly burstMs: number
  readonly driftPpm?: number
  readonly pcrEveryMs?: number
  readonly startPcr?: number
  /** Byte of a slot at which its PCR stands. */
  readonly pcrOffset?: number
  /** Extra network delay of a slot in us. */
  readonly jitter?: (slot: number) => number
}

/** A CBR stream whose slots arrive in bursts: all that an encoder made within `burstMs` comes at its end. */
export const stream = ({
  mbps,
  seconds,
  burstMs,
  driftPpm = 0,
  pcrEveryMs = 35,
  startPcr = 0,
  pcrOffset = 0,
  jitter = () => 0,
}: Stream): Slot[] => {
  const slotUs = (SLOT * 8) / mbps
  const slots: Slot[] = []
  let nextPcr = 0
  let lastRx = 0
  for (let i = 0; i * slotUs < seconds * 1e6; i++) {
    const mediaUs = i * slotUs
    const realUs = mediaUs * (1 + driftPpm * 1e-6)
    const burst = burstMs * 1000
    const rxUs = Math.max(lastRx, 1e9 + (burst === 0 ? realUs : Math.floor(realUs / burst + 1) * burst) + jitter(i))
    lastRx = rxUs
    const hasPcr = mediaUs >= nextPcr
    if (hasPcr) nextPcr = mediaUs + pcrEveryMs * 1000
    const pcrUs = mediaUs + (pcrOffset / SLOT) * slotUs
    slots.push({ mediaUs, rxUs, pcr: hasPcr ? Math.round(startPcr + pcrUs * 27) % PCR_WRAP : null, pcrOffset })
  }
  return slots
}

/** Runs slots through a pacer polled every `tickUs`; returns when each was released. */
export const run = (
  slots: ReadonlyArray<Slot>,
  options: PcrPacerOptions = {},
  tickUs = 250,
): { at: number[]; pacer: PcrPacer; maxHeld: number } => {
  const pacer = new PcrPacer(options)
  const at: number[] = []
  let next = 0
  let maxHeld = 0
  const end = (slots.at(-1)?.rxUs ?? 0) + 2e6
  for (let now = slots[0]?.rxUs ?? 0; now < end && at.length < slots.length; now += tickUs) {
    for (let slot = slots[next]; slot !== undefined && slot.rxUs <= now; slot = slots[++next])
      pacer.push(next >>> 0, slot.rxUs, SLOT, slot.pcr, slot.discontinuity ?? false, slot.pcrOffset ?? 0)
    const count = pacer.releaseUntil(now)
    for (let i = 0; i < count; i++) at.push(now)
    maxHeld = Math.max(maxHeld, pacer.held)
  }
  return { at, pacer, maxHeld }
}
