/** Why a connection of our own stack could not be made, or is over, in the words and codes libsrt's have. */
import type { Refusal } from "../../../core/srt/protocol/caller.ts"
import type { SenderEnd } from "../../../core/srt/protocol/sender.ts"
import { describeReject } from "../../../core/srt/reject.ts"
import type { Reason } from "../../protocol/messages.ts"

/** A receiver that takes nothing for this long while packets wait is given up, so that the reconnect starts afresh. */
export const STALL_US = 10e6

export const STALLED: Reason = {
  code: "stalled",
  message: "the receiver stalled: it has let nothing through for 10 s",
  transient: true,
}

/** A reject code, the peer's or ours, as a reason. */
export const refusalReason = ({ code }: Refusal): Reason => {
  const { text, advice, transient } = describeReject(code)
  return {
    code: `srt_reject_${code}`,
    message: `${text} (SRT reject code ${code})${advice === "" ? "" : `: ${advice}`}`,
    transient,
  }
}

const ENDS: Readonly<Record<SenderEnd, string>> = {
  shutdown: "the far end closed it",
  idle: "the far end was silent for the peer idle timeout",
  peer_error: "the far end reported an error",
}

/** The end of a connection that was there. */
export const endReason = (end: SenderEnd): Reason => ({
  code: "srt_2001",
  message: `SRT connection lost: ${ENDS[end]}`,
  transient: true,
})
