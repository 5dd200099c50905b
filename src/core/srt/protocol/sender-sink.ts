/** Where a sender's packets go. What it is told within one call leaves in that order. */
export interface SenderSink {
  /**
   * A data packet: its header stands at `header` of the history's memory, its payload is `length` bytes at `offset` of
   * the ring's slot `position`. `parity` names the key it is to be encrypted with, -1 none.
   */
  readonly data: (
    header: number,
    sequence: number,
    position: number,
    offset: number,
    length: number,
    parity: -1 | 0 | 1,
  ) => void
  /** A control packet. The sender uses its bytes again: whoever keeps them copies them. */
  readonly control: (packet: Uint8Array<ArrayBuffer>) => void
}
