/** What became of the messages of a send batch. */
export interface BatchFigures {
  /** sendmmsg calls, messages they took, and packets in those. */
  calls: number
  messages: number
  packets: number
  /** Messages the kernel refused: full buffers, and everything else. */
  full: number
  refused: number
  /** errno of the last refusal. */
  lastErrno: number
  /** Destinations that get their packets one by one. */
  fallbacks: number
}

export const newBatchFigures = (): BatchFigures => ({
  calls: 0,
  messages: 0,
  packets: 0,
  full: 0,
  refused: 0,
  lastErrno: 0,
  fallbacks: 0,
})
