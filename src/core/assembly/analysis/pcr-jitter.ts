// Deviation of PCRs from their arrival: how far each comes from the line that the ones before lie on. The line follows
// offset and drift of the encoder's clock as a second-order loop with 10 mHz, the demarcation between drift and jitter
// of TR 101 290 (annex I).
import { LEG_PCR_BITRATE, LEG_PCR_JITTER_MAX_US, LEG_PCR_JITTER_US } from "../memory/layout";
import { STATE_TR101290, gauge, setGauge } from "../memory/leg";
import { arrivalUs, packetsTogether } from "../memory/check-clock";
import { MAIN_CHANGES } from "./main-stream";

// u32: PCRs on this line; i32: how many in a row were far off, negative when early; u32: the MAIN_CHANGES they are of.
const SAMPLES = STATE_TR101290 + 192;
const FAR = STATE_TR101290 + 196;
const CHANGES = STATE_TR101290 + 200;
/**
 * f64: arrival less PCR (us), the same as the line has it, the line's slope (us a second), its age (s); last arrival
 * (us).
 */
const LAG = STATE_TR101290 + 208;
const LINE = STATE_TR101290 + 216;
const SLOPE = STATE_TR101290 + 224;
const AGE = STATE_TR101290 + 232;
const ARRIVAL = STATE_TR101290 + 240;
/** u32: 1 when the line began with a known bit rate. */
const HAS_BITRATE = STATE_TR101290 + 204;

/** 2 pi x 10 mHz. A young line follows faster, by its age. */
const LOOP: f64 = 0.0628;
const YOUNGEST_S: f64 = 0.5;
/** The slope is not believed before (s), nor beyond what file players do (us a second). */
const SLOPE_FROM_S: f64 = 1;
const SLOPE_MAX: f64 = 2000;
/** So many PCRs so far off (us) are a new delay, not jitter. */
const FAR_US: f64 = 50000;
const FAR_SAMPLES = 25;
/** Without a bit rate a packet's place in its datagram is worth nothing: the line waits so many PCRs for one. */
const WAIT_SAMPLES: u32 = 8;
const PACKET_BITS: f64 = 1504;
/** As RFC 3550 6.4.1 smooths its jitter. */
const SMOOTHING: f64 = 16;

export function restartJitter(leg: usize): void {
  store<u32>(leg + SAMPLES, 0);
}

/**
 * Time before the end of the datagram at which the packet was there (us): packets come together, but were sent one by
 * one.
 */
function aheadOf(leg: usize, position: u32): f64 {
  const bitrate = gauge(leg, LEG_PCR_BITRATE);
  return bitrate > 0 ? (<f64>(packetsTogether - 1 - position) * PACKET_BITS * 1000000) / bitrate : 0;
}

function startLine(leg: usize, ahead: f64, samples: u32): void {
  store<u32>(leg + SAMPLES, samples);
  store<u32>(leg + FAR, 0);
  store<u32>(leg + CHANGES, load<u32>(leg + MAIN_CHANGES));
  store<u32>(leg + HAS_BITRATE, gauge(leg, LEG_PCR_BITRATE) > 0 ? 1 : 0);
  store<f64>(leg + LAG, 0);
  store<f64>(leg + LINE, -ahead);
  store<f64>(leg + SLOPE, 0);
  store<f64>(leg + AGE, 0);
  store<f64>(leg + ARRIVAL, arrivalUs);
}

/** True when PCRs have been far off on one side for long. */
function isFarForLong(leg: usize, deviation: f64): bool {
  let run = load<i32>(leg + FAR);
  if (deviation > FAR_US) run = max(run, 0) + 1;
  else if (deviation < -FAR_US) run = min(run, 0) - 1;
  else run = 0;
  store<i32>(leg + FAR, run);
  return abs(run) >= FAR_SAMPLES;
}

/** A PCR of the main programme, `stepUs` after the one before, in packet `position` of those being analysed. */
export function measureJitter(leg: usize, position: u32, stepUs: f64): void {
  const ahead = aheadOf(leg, position);
  const samples = load<u32>(leg + SAMPLES) + 1;
  const isVague = !load<u32>(leg + HAS_BITRATE) && (samples <= WAIT_SAMPLES || gauge(leg, LEG_PCR_BITRATE) > 0);
  if (samples == 1 || isVague || load<u32>(leg + CHANGES) != load<u32>(leg + MAIN_CHANGES)) {
    startLine(leg, ahead, samples);
    return;
  }
  if (stepUs <= 0) return;
  const lag = load<f64>(leg + LAG) + (arrivalUs - load<f64>(leg + ARRIVAL)) - stepUs;
  const seconds = stepUs / 1000000;
  const age = load<f64>(leg + AGE) + seconds;
  const slope = load<f64>(leg + SLOPE);
  const line = load<f64>(leg + LINE) + slope * seconds;
  const deviation = lag - ahead - line;
  const loop = max(LOOP, 1 / max(age, YOUNGEST_S));
  store<u32>(leg + SAMPLES, samples);
  store<f64>(leg + LAG, lag);
  store<f64>(leg + LINE, line + deviation * min<f64>(1, max(1 / <f64>samples, 2 * loop * seconds)));
  if (age > SLOPE_FROM_S) {
    store<f64>(leg + SLOPE, min(max(slope + deviation * loop * loop * seconds, -SLOPE_MAX), SLOPE_MAX));
  }
  store<f64>(leg + AGE, age);
  store<f64>(leg + ARRIVAL, arrivalUs);
  if (isFarForLong(leg, deviation)) {
    startLine(leg, ahead, WAIT_SAMPLES + 1);
    return;
  }
  const jitter = gauge(leg, LEG_PCR_JITTER_US);
  setGauge(leg, LEG_PCR_JITTER_US, jitter + (abs(deviation) - jitter) / SMOOTHING);
  if (abs(deviation) > gauge(leg, LEG_PCR_JITTER_MAX_US)) setGauge(leg, LEG_PCR_JITTER_MAX_US, abs(deviation));
}
