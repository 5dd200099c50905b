import { PACED_SLOTS, type PcrPacer } from "../../core/ts/pcr-pacer.ts"

/** Says that `pacing_delay`, in ms, does not fit at the bit rate there is, and what is done; null while it fits. */
export const pacingWarning = (pacer: Pick<PcrPacer, "delayMs" | "shortened">, pacingDelayMs: number): string | null =>
  pacer.shortened
    ? `pacing_delay=${pacingDelayMs} is too long for this bit rate: ${PACED_SLOTS} datagrams are held at most, which is ${Math.floor(pacer.delayMs)} ms and the bursts of the input; set pacing_delay to that or less`
    : null
