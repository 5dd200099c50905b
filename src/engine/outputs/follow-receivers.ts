/** The acknowledgement of a slot by all receivers of an SRT listener. */
import type { SlotReceipt } from "../../core/srt/protocol/send-window.ts"
import type { OwnConnection } from "../srt/own/connection.ts"

/** What is asked of a receiver. */
export interface AcknowledgingReceiver {
  readonly connection: Pick<OwnConnection, "receiptOf"> & { readonly reader: Pick<OwnConnection["reader"], "covers"> }
}

/**
 * Follows the slot at `position`, which came at `receivedUs` and was sent to all: `acknowledged` once the last of the
 * receivers that it was sent to and that are still there has acknowledged it, `unknown` when it will not be known of
 * one of them, or when all have left. `receivers` yields those that are connected, by identity.
 */
export const followReceivers = (
  receivers: () => ReadonlyArray<AcknowledgingReceiver>,
  position: number,
  receivedUs: number,
): ((nowUs: number) => SlotReceipt) => {
  let waiting = receivers().filter(({ connection }) => connection.reader.covers(position))
  let isAcknowledged = false
  return (nowUs) => {
    const present = receivers()
    const receipts = waiting.flatMap((receiver) =>
      present.includes(receiver)
        ? [{ receiver, receipt: receiver.connection.receiptOf(position, receivedUs, nowUs) }]
        : [],
    )
    if (receipts.some(({ receipt }) => receipt === "unknown")) return "unknown"
    if (receipts.some(({ receipt }) => receipt === "acknowledged")) isAcknowledged = true
    waiting = receipts.filter(({ receipt }) => receipt === "waiting").map(({ receiver }) => receiver)
    return waiting.length > 0 ? "waiting" : isAcknowledged ? "acknowledged" : "unknown"
  }
}
