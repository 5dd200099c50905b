/** A segment as it is cut, and what the segmenter is told to cut by. */
export interface HlsSegment {
  /** The bytes, in order. Nothing writes to them any more. */
  readonly parts: ReadonlyArray<Uint8Array>
  readonly bytes: number
  /** From its first picture to that of the next segment, 90 kHz ticks. */
  readonly duration90k: number
  /** PTS of its first picture, 33 bits. */
  readonly startPts90k: number
  /** When its first packet was pushed, by the clock of `push`. */
  readonly startUs: number
  /** Times, streams or counters do not go on from the segment before. */
  readonly discontinuity: boolean
  /** Begins with a picture behind which nothing looks back. */
  readonly independent: boolean
  /** The marks pushed with the packets that it begins in, and that the next segment does. */
  readonly startMark: number
  readonly endMark: number
}

export interface SegmenterOptions {
  /** A segment ends at the first access point at or behind this length, in 90 kHz ticks. */
  readonly wanted90k: number
  /**
   * A segment that grows beyond either is ended where it is, and what follows is left out up to the next access point.
   */
  readonly maxBytes: number
  readonly maxUs: number
  readonly onSegment: (segment: HlsSegment) => void
}
