// TR 101 290 (ETSI TR 101 290 V1.4.1 5.2.1 and 5.2.2): the checks that need time.

/** Called every 10 ms or so for a leg that receives: what should have come and has not. */
export function checkTimers(index: i32, leg: usize, nowUs: f64): void {}
