/** @jsxImportSource hono/jsx */
import type { CueProof } from "../../src/effects/model/channel.ts"

const CLASSES: Readonly<Record<CueProof["status"], string>> = {
  sent: "hint",
  missed: "error",
  pending: "warning",
  no_receiver: "hint",
  no_cues: "hint",
}

const proofText = ({ acknowledged_ms, delay_ms, output, reason, status }: CueProof): string => {
  const arrived = acknowledged_ms === undefined ? "" : `, acknowledged after ${Math.round(acknowledged_ms)} ms`
  if (status === "sent") return `${output} sent after ${Math.round(delay_ms ?? 0)} ms${arrived}`
  if (status === "pending") return `${output} pending`
  if (status === "no_cues") return `${output} carries no cues: ${reason ?? "by its settings"}`
  return status === "no_receiver"
    ? `${output}: ${reason ?? "no receiver"}`
    : `${output} missed: ${reason ?? "no reason is known"}`
}

/** Proofs of a cue: a line for each output that says whether it sent the cue. */
export const CueProofs = ({ proofs }: { readonly proofs: ReadonlyArray<CueProof> }) => (
  <>
    {proofs.map((proof) => (
      <p class={CLASSES[proof.status]}>{proofText(proof)}</p>
    ))}
  </>
)
