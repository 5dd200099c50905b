// Interarrival jitter (RFC 3550 6.4.1) on the 90 kHz clock of payload type 33.
import { LEG_JITTER_90K } from "../memory/layout";
import { STATE_TRANSIT_RX, STATE_TRANSIT_TIMESTAMP, STATE_TRANSIT_VALID, gauge, setGauge } from "../memory/leg";

/** One second: a larger step is a new time base, not jitter. */
const JUMP_90K: f64 = 90000;

export function updateJitter(leg: usize, rxUs: f64, timestamp: u32): void {
  if (load<u32>(leg + STATE_TRANSIT_VALID)) {
    // The signed 32-bit difference carries over the wrap of the timestamp.
    const sent = <f64>(<i32>(timestamp - load<u32>(leg + STATE_TRANSIT_TIMESTAMP)));
    const deviation = abs((rxUs - load<f64>(leg + STATE_TRANSIT_RX)) * 0.09 - sent);
    if (deviation <= JUMP_90K) {
      const jitter = gauge(leg, LEG_JITTER_90K);
      setGauge(leg, LEG_JITTER_90K, jitter + (deviation - jitter) / 16);
    }
  }
  store<u32>(leg + STATE_TRANSIT_VALID, 1);
  store<u32>(leg + STATE_TRANSIT_TIMESTAMP, timestamp);
  store<f64>(leg + STATE_TRANSIT_RX, rxUs);
}
