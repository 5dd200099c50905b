// SMPTE 2022-1 receive: column FEC on the media port + 2, row FEC on + 4.

/** Forgets the matrix and the FEC packets of a leg. */
export function resetFec(index: i32, leg: usize): void {}

/** A datagram of a FEC port. */
export function takeFec(index: i32, leg: usize, data: usize, length: u32, isRow: bool, rxUs: f64): void {}

/** The media datagram `sequence` is in the leg's store: others may now be rebuilt. */
export function mediaStored(index: i32, leg: usize, sequence: u32, rxUs: f64): void {}

/** Datagrams that may have to wait for FEC: two matrices; 0 while no matrix is known. */
export function fecSpan(leg: usize): u32 {
  return 0;
}
