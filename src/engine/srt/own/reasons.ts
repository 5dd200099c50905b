/** Why a connection of our own stack could not be made, or is over, in the words and codes libsrt's have. */
import type { Refusal } from "../../../core/srt/protocol/caller.ts"
import type { SenderEnd } from "../../../core/srt/protocol/sender-options.ts"
import { describeReject } from "../../../core/srt/reject.ts"
import type { Reason } from "../../protocol/messages.ts"

/** A receiver that takes nothing for this long while packets wait is given up, so that the reconnect starts afresh. */
export const STALL_US = 10e6

export const STALLED: Reason = {
  code: "stalled",
  message: "the receiver stalled: it has let nothing through for 10 s",
  transient: true,
}

/** What libsrt calls its own reject codes (srt_rejectreason_str): operators and their rules know these words. */
const WORDS: Readonly<Record<number, string>> = {
  0: "Unknown or erroneous",
  1: "Error in system calls",
  2: "Peer rejected connection",
  3: "Resource allocation failure",
  4: "Rogue peer or incorrect parameters",
  5: "Listener's backlog exceeded",
  6: "Internal Program Error",
  7: "Socket is being closed",
  8: "Peer version too old",
  9: "Rendezvous-mode cookie collision",
  10: "Incorrect passphrase",
  11: "Password required or unexpected",
  12: "MessageAPI/StreamAPI collision",
  13: "Congestion controller type collision",
  14: "Packet Filter type collision",
  15: "Group settings collision",
  16: "Connection timeout",
  17: "Crypto mode",
}

/** A reject code, the peer's or ours, as a reason. */
export const refusalReason = ({ code }: Refusal): Reason => {
  const { text, advice, transient } = describeReject(code)
  return {
    code: `srt_reject_${code}`,
    message: `${WORDS[code] ?? text} (SRT reject code ${code})${advice === "" ? "" : `: ${advice}`}`,
    transient,
  }
}

const ENDS: Readonly<Record<SenderEnd, string>> = {
  shutdown: "the far end closed it",
  idle: "the far end was silent for the peer idle timeout",
  peer_error: "the far end reported an error",
  gone: "the far end gives nothing up (TLPKTDROP is off), and packets that it waits for are no longer kept",
}

/** The end of a connection that was there. */
export const endReason = (end: SenderEnd): Reason => ({
  code: "srt_2001",
  message: `SRT connection lost: Connection was broken (${ENDS[end]})`,
  transient: true,
})
