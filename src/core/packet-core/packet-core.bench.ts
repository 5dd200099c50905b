/**
 * Nanoseconds the core takes for a datagram of seven TS packets. Run: `bun src/core/packet-core/packet-core.bench.ts`
 * (or Deno).
 *
 * One full receive batch is ingested again and again: 416 video and 32 audio packets, so that continuity counters close
 * the circle, with a PCR in every fortieth packet.
 */

import { readFile } from "node:fs/promises"
import { buildCore } from "../../../scripts/build-core.mjs"
import { writeDatagram } from "../../../test/feed-core.ts"
import { AUDIO_PID, TsWriter, toDatagrams, VIDEO_PID } from "../../../test/ts-stream.ts"
import { RX_BATCH, RX_DATA, RX_STRIDE } from "../assembly/memory/layout.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { PacketCore } from "./packet-core.ts"

const ROUNDS = 20_000
const REPEATS = 5

const stream = () => {
  const writer = new TsWriter()
  const packet = (i: number) =>
    i % 14 === 13 ? writer.media(AUDIO_PID) : writer.media(VIDEO_PID, i % 40 === 0 ? { pcr: i * 1000 } : {})
  return joinBytes(Array.from({ length: RX_BATCH * 7 }, (_, i) => packet(i)))
}

const measure = (core: PacketCore, rtp: boolean, copied: boolean): number => {
  core.resetLeg(0)
  core.setSource(0, 0)
  if (copied) core.setSource(0, 1)
  const datagrams = toDatagrams(stream(), rtp ? { rtp: { sequence: 0, timestamp: 0, ssrc: 1 } } : {})
  for (const [i, datagram] of datagrams.entries()) writeDatagram(core, i, datagram)
  let best = Number.POSITIVE_INFINITY
  let sequence = 0
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const started = performance.now()
    for (let round = 0; round < ROUNDS; round++) {
      if (rtp) for (let i = 0; i < RX_BATCH; i++) core.view.setUint16(RX_DATA + i * RX_STRIDE + 2, sequence++)
      core.ingest(0, RX_BATCH, 0, 1e9)
    }
    best = Math.min(best, ((performance.now() - started) * 1e6) / (ROUNDS * RX_BATCH))
  }
  const { cc_errors, rtp_lost, rtp_duplicates } = core.legSnapshot(0)
  if (cc_errors + rtp_lost + rtp_duplicates > 0) throw new Error("the bench stream has errors")
  return best
}

const { release } = await buildCore()
const core = await PacketCore.instantiate(await readFile(release))
for (const framing of ["udp", "rtp"]) {
  const analysed = measure(core, framing === "rtp", false)
  const copied = measure(core, framing === "rtp", true)
  console.log(
    `${framing}: ${analysed.toFixed(1)} ns/datagram analysed, ${copied.toFixed(1)} ns with the copy into the ring`,
  )
}
