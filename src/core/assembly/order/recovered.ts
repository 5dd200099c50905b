// What FEC has rebuilt takes its place among the datagrams of its leg.
import { STORE_LENGTH, STORE_PAYLOAD, STORE_WAITING } from "../memory/layout";
import { NEXT } from "../memory/order-state";
import { mergeRecovered } from "../merge/merge";
import { sequenceDistance } from "../receive/rtp";
import { drain, noteWaiting } from "./queue";
import { setPresent, storeSlot } from "./store";

/** FEC has rebuilt a datagram in the store: it takes its place in the order, unless that has been given up. */
export function recovered(index: i32, leg: usize, sequence: u32, rxUs: f64): void {
  const slot = storeSlot(index, sequence);
  const ahead = sequenceDistance(sequence, load<u32>(leg + NEXT));
  setPresent(index, sequence, ahead >= 0 ? STORE_WAITING : 0);
  mergeRecovered(index, sequence, slot + STORE_PAYLOAD, load<u32>(slot, STORE_LENGTH), rxUs);
  if (ahead < 0) return;
  noteWaiting(leg, sequence, rxUs);
  if (ahead == 0) drain(index, leg);
}
