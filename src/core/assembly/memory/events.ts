// Events for the host: a table of records and one area for their bytes, both emptied by the host when it takes them.
import {
  EVENTS, EVENT_COUNT, EVENT_DATA, EVENT_DATA_SIZE, EVENT_DATA_USED, EVENT_MAX, EVENT_OVERFLOW, EVENT_SIZE,
} from "./layout";

/** Position in the ring that the next events are about. */
let ringPosition: u32 = 0;

export function setRingPosition(position: u32): void {
  ringPosition = position;
}

/** Records an event with a copy of `length` bytes; false when the area is full (counted). */
export function postEvent(type: u32, leg: u32, pid: u32, a: u32, b: u32, bytes: usize, length: u32): bool {
  const index = load<u32>(EVENT_COUNT);
  const used = load<u32>(EVENT_DATA_USED);
  if (index >= <u32>EVENT_MAX || used > <u32>EVENT_DATA_SIZE || length > <u32>EVENT_DATA_SIZE - used) {
    store<u32>(EVENT_OVERFLOW, load<u32>(EVENT_OVERFLOW) + 1);
    return false;
  }
  const record = <usize>EVENTS + index * EVENT_SIZE;
  const data = <usize>EVENT_DATA + used;
  store<u32>(record, type);
  store<u32>(record, leg, 4);
  store<u32>(record, pid, 8);
  store<u32>(record, a, 12);
  store<u32>(record, b, 16);
  store<u32>(record, <u32>data, 20);
  store<u32>(record, length, 24);
  store<u32>(record, ringPosition, 28);
  if (length > 0) memory.copy(data, bytes, length);
  store<u32>(EVENT_DATA_USED, used + length);
  store<u32>(EVENT_COUNT, index + 1);
  return true;
}
