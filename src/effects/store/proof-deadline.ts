/** When a stored proof that is still pending counts as missed. */
import type { CueProof, StoredProof } from "../model/cue.ts"

/**
 * Once its time has been over for this long, in ms, nobody waits for a proof any more: a row that still says pending
 * was written by a process that has ended since.
 */
export const PROOF_GRACE_MS = 5000
/** The time given to a proof whose row names none, written by an older version, in ms: the longest there is. */
export const LONGEST_PROOF_MS = 610_000
/** The reason of a proof that was missed because the engine never told. */
export const NO_WORD = "no word from the engine"

/** The proof as it is shown `ageMs` after its cue arrived: one that is pending past its time was missed. */
export const settledProof = ({ within_ms = LONGEST_PROOF_MS, ...proof }: StoredProof, ageMs: number): CueProof =>
  proof.status === "pending" && ageMs > within_ms + PROOF_GRACE_MS
    ? { ...proof, status: "missed", reason: NO_WORD }
    : proof
