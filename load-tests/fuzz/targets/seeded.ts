/** Targets that make their cases from a seed while they play them, because what comes next depends on what came before. */
import { fuzzRtmp } from "../../../src/core/rtmp/testing/fuzz-rtmp.ts"
import { fuzzCorpus } from "../../../src/core/scte35/testing/fuzz-corpus.ts"
import { fuzzDecoder } from "../../../src/core/scte35/testing/fuzz-decoder.ts"
import { fuzzSrt } from "../../../src/core/srt/testing/fuzz-srt.ts"
import type { FuzzTarget } from "../fuzz-target.ts"

/** A case is the text `seed inputs`: it stays the same as long as what makes the inputs does. */
const seeded = (
  name: string,
  inputs: string,
  perCase: number,
  play: (cases: number, seed: number) => unknown,
): FuzzTarget => ({
  name,
  inputs,
  open: () => ({
    make: (random) => Buffer.from(`${random()} ${perCase}\n`),
    play: (bytes) => {
      const [seed = 0, cases = 0] = Buffer.from(bytes).toString().split(" ").map(Number)
      play(cases, seed)
      return cases
    },
  }),
})

/** SRT: callers, listeners and senders hear damaged handshakes and control packets. */
export const srt = seeded("srt", "packets", 20_000, fuzzSrt)
/** RTMP: AMF0, the chunk reader and the publisher hear what no server says. */
export const rtmp = seeded("rtmp", "conversations", 2000, fuzzRtmp)
/** SCTE-35: the decoder gets damaged and random sections. */
export const scte35 = seeded("scte35", "sections", 5000, (cases, seed) => fuzzDecoder(cases, seed, fuzzCorpus()))
