/** The legs of merge-rtp.test.ts: the same RTP packets twice, each damaged for itself. */
import { generateTs } from "../../src/test-source/test-programme.ts"
import {
  between,
  bursts,
  cut,
  delay,
  displace,
  drop,
  duplicate,
  type Impairment,
  impair,
  jitter,
  loss,
  lostOnAll,
  packetise,
  type Schedule,
} from "../impairments.ts"
import { readMedia } from "../media.ts"
import { readPcap } from "../pcap.ts"
import { numberNulls } from "../ts-difference.ts"
import { LATE_MAX_US, type Scenario } from "./impaired-channels.ts"

/**
 * Time in us for which leg A is away: long enough for the alarm, which is raised when figures of each second have shown
 * for 3 s that redundancy is lost. CUT_SECONDS=10 is the issue's own figure.
 */
export const CUT_US = Number(process.env["CUT_SECONDS"] ?? 5) * 1e6
/** Time in us for which both legs stay whole, so that the product can see that they are alike. */
export const CLEAN_US = 1.5e6
const CUT_FROM_US = CLEAN_US + 1.5e6
const SECONDS = 5.5 + CUT_US / 1e6
const ENDLESS = Number.POSITIVE_INFINITY
const LOSS = 0.02

export const ts = numberNulls(generateTs(SECONDS, { bitrate: 4_000_000 }))
export const packets = ts.length / 188
const rtp = { ssrc: 0x2022_0007, sequence: 500, timestamp: 90_000 }
export const stream = packetise(ts, { rtp })

const later = (impairment: Impairment): Impairment => between(CLEAN_US, ENDLESS, impairment)
const REORDER = later(displace(0.05, 5))

/** Both legs, made with the first seed for which both lose, or do not lose, something in the same place. */
const pair = (
  isLost: boolean,
  a: ReadonlyArray<Impairment>,
  b: ReadonlyArray<Impairment>,
): readonly [Schedule, Schedule] => {
  for (let seed = 1; seed < 500; seed++) {
    const legs = [impair(stream, seed, ...a), impair(stream, seed + 1000, ...b)] as const
    if (lostOnAll(packets, ...legs).length > 0 === isLost) return legs
  }
  throw new Error("no such seed")
}

const lossy = [later(loss(LOSS)), REORDER]
const skewed = (us: number, window = 200) => ({
  legs: pair(false, [later(bursts(0.008, 0.4))], [later(bursts(0.008, 0.4)), delay(us)]),
  input: { merge_window_ms: window },
  // The delayed leg may come no later than the window lasts.
  ...(us < window * 1000 && { lateMaxUs: Math.min(LATE_MAX_US, (window * 1000 - us) / 2) }),
})

export const wrapTs = numberNulls(generateTs(SECONDS, { bitrate: 4_000_000, startPts90k: 2 ** 33 - 4 * 90_000 }))
const wrapStream = packetise(wrapTs, { rtp: { ssrc: 9, sequence: 64_500, timestamp: 2 ** 32 - 4 * 90_000 } })

export const scenarios = {
  clean: { legs: pair(false, lossy, [...lossy, delay(80_000)]), srt: true },
  "lost on both": { legs: pair(true, lossy, [...lossy, delay(80_000)]) },
  "primary cut": {
    legs: [
      impair(stream, 5, ...lossy, cut(CUT_FROM_US, CUT_FROM_US + CUT_US)),
      impair(stream, 6, later(displace(0.05, 5)), delay(80_000)),
    ],
    srt: true,
  },
  "primary cut, loss on both": {
    legs: [
      impair(stream, 7, ...lossy, cut(CUT_FROM_US, CUT_FROM_US + CUT_US)),
      impair(stream, 8, ...lossy, delay(80_000)),
    ],
  },
  "backup cut": {
    legs: [
      impair(stream, 9, later(displace(0.05, 5))),
      impair(stream, 10, ...lossy, delay(80_000), cut(CUT_FROM_US, CUT_FROM_US + CUT_US)),
    ],
  },
  "skew 12 ms": skewed(12_000),
  "skew 90 ms": skewed(90_000),
  "skew 180 ms": skewed(180_000),
  "primary late by 90 ms": {
    legs: pair(false, [later(bursts(0.008, 0.4)), delay(90_000)], [later(bursts(0.008, 0.4))]),
  },
  "skew 400 ms": skewed(400_000),
  "jitter and repeats": {
    legs: pair(
      false,
      [later(loss(LOSS)), later(jitter(15_000, true)), duplicate(0.1, 10_000)],
      [later(loss(LOSS)), delay(40_000), later(jitter(15_000, true)), duplicate(0.1, 10_000)],
    ),
  },
  "the backup's path becomes longer": {
    legs: pair(false, lossy, [...lossy, delay(20_000), between(CUT_FROM_US, ENDLESS, delay(100_000))]),
  },
  wraps: {
    legs: [
      impair(wrapStream, 3, drop([1100, 1035, 1036, 1400]), REORDER),
      impair(wrapStream, 4, drop([1099, 1034, 1037, 1500]), REORDER, delay(80_000)),
    ],
  },
  "merging is not wanted": {
    // The backup ends first, so that there is nothing to fail over to at the end of the primary.
    legs: [
      impair(stream, 11, later(loss(LOSS))),
      impair(stream, 12, delay(80_000), cut((SECONDS - 0.5) * 1e6, ENDLESS)),
    ],
    input: { mode: "failover" },
  },
} satisfies Record<string, Omit<Scenario, "name">>

export type Name = keyof typeof scenarios

const captured = (name: string, port: number) =>
  readPcap(readMedia(`generated-here/${name}.pcap`)).filter((d) => d.destination_port === port)
export const captureFacts = () => {
  const facts = JSON.parse(Buffer.from(readMedia("generated-here/2022-7-expected.json")).toString()) as {
    variants: { "2022-7_disjoint_loss_skew12ms": { expected_payload_sha256: string } }
  }
  return facts.variants["2022-7_disjoint_loss_skew12ms"]
}
export const captureLeadIn = () =>
  Buffer.concat(captured("gst_rtp_fec2022-1_L5D5_scte35", 5000).map(({ payload }) => payload.subarray(12)))

/**
 * The legs of the capture. It loses packets from its first ones on, before anybody can know that its legs are alike.
 * Therefore the same media goes before it on both legs, whole, under the sequence numbers that lead up to it. Its 18.6
 * s are played faster; the skew stays.
 */
export const captureLegs = (): Scenario["legs"] => {
  const whole = captured("gst_rtp_fec2022-1_L5D5_scte35", 5000)
  const startUs = whole[0]?.us ?? 0
  const lengthUs = (whole.at(-1)?.us ?? 0) - startUs + 20_000
  const pace = (2 * lengthUs) / 1e6 / SECONDS
  const leadIn = whole.map(({ payload, us }) => {
    const bytes = Buffer.from(payload)
    bytes.writeUInt16BE((bytes.readUInt16BE(2) - whole.length) & 0xffff, 2)
    bytes.writeUInt32BE((bytes.readUInt32BE(4) - Math.round(lengthUs * 0.09)) >>> 0, 4)
    return { bytes, us: us - startUs }
  })
  return [
    { port: 5000, skewUs: 0 },
    { port: 5100, skewUs: 12_000 },
  ].map(({ port, skewUs }) => {
    const damaged = captured("derived_2022-7_disjoint_loss_skew12ms", port).map(({ payload, us }) => ({
      bytes: payload,
      us: us - skewUs - startUs + lengthUs,
    }))
    return {
      datagrams: [...leadIn, ...damaged].map(({ bytes, us }, index) => ({
        bytes,
        us: us / pace + skewUs,
        index,
        first: 0,
        packets: 0,
      })),
    }
  })
}
