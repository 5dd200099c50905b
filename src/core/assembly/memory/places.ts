// Places of one size, taken and given back: the one given back last comes first, then one never used, so that no more
// memory is touched than as many as were ever taken at a time. What holds the places has the state, `PLACES_SIZE` bytes,
// and the link of a place that is free lies in its first four bytes.

/** u32: the first free place (0: none, else place + 1); how many were ever taken. */
const FREE: usize = 0;
const TAKEN: usize = 4;
export const PLACES_SIZE = 8;

/** Takes one of `most` places of `stride` bytes at `base`; there must be one. */
export function takePlaceOf(state: usize, base: usize, stride: usize, most: u32): u32 {
  const free = load<u32>(state + FREE);
  if (free) {
    store<u32>(state + FREE, load<u32>(base + (free - 1) * stride));
    return free - 1;
  }
  const place = load<u32>(state + TAKEN);
  assert(place < most);
  store<u32>(state + TAKEN, place + 1);
  return place;
}

/** Gives a place back that was taken. */
export function givePlaceTo(state: usize, base: usize, stride: usize, place: u32): void {
  store<u32>(base + place * stride, load<u32>(state + FREE));
  store<u32>(state + FREE, place + 1);
}

/** No place is taken any more. */
export function forgetPlaces(state: usize): void {
  store<u64>(state, 0);
}
