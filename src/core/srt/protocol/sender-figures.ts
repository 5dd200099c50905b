/** Counters of a sender, under the names of libsrt's statistics (SRT_TRACEBSTATS without "Total"). */
export interface SenderFigures {
  /** New data packets, and their payload bytes. */
  pktSentUnique: number
  byteSentUnique: number
  /** Data packets sent again, and their payload bytes. */
  pktRetrans: number
  byteRetrans: number
  /** Packets reported lost, each as often as it was reported. */
  pktSndLoss: number
  /** Packets given up before they were acknowledged, and their payload bytes. */
  pktSndDrop: number
  byteSndDrop: number
  pktRecvAck: number
  pktRecvNak: number
  /** The peer's estimate of the link in packets per second; 0 while it has none. */
  pktsBandwidth: number
  /** Ranges asked for that could no longer be sent (DROPREQ). */
  dropRequests: number
  /** Resends that the budget did not allow. */
  resendsRefused: number
}

export const newFigures = (): SenderFigures => ({
  pktSentUnique: 0,
  byteSentUnique: 0,
  pktRetrans: 0,
  byteRetrans: 0,
  pktSndLoss: 0,
  pktSndDrop: 0,
  byteSndDrop: 0,
  pktRecvAck: 0,
  pktRecvNak: 0,
  pktsBandwidth: 0,
  dropRequests: 0,
  resendsRefused: 0,
})
