import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { type Arrival, arrival, fecOf, type Port } from "../../../test/fec-arrivals.ts"
import { feedFec, startFec, storedDatagram } from "../../../test/fec-feed.ts"
import { fecVectors } from "../../../test/fec-vectors.ts"
import { readSlot, writeDatagram } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { hasMedia, readMedia } from "../../../test/media.ts"
import { readPcap } from "../../../test/pcap.ts"
import * as L from "../assembly/memory/layout.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { buildRtp } from "../rtp/header.ts"
import { parseFec, protectedBy, sequenceOf } from "./testing/fec/packet.ts"

const cores = await loadCores()
const PORTS: Readonly<Record<number, Port>> = { 5000: "media", 5002: "column", 5004: "row" }

interface Variant {
  readonly file: string
  readonly lost_media: number
  readonly recoverable: number
  readonly lost_media_seqs: ReadonlyArray<number>
  readonly unrecoverable_seqs: ReadonlyArray<number>
  readonly expected_payload_sha256: string
}

interface Expected {
  readonly source_capture: string
  readonly media_packets: number
  readonly column_fec_packets: number
  readonly row_fec_packets: number
  readonly payload_sha256: string
  readonly variants: Readonly<Record<string, Variant>>
}

const readJson = (name: string): unknown => JSON.parse(Buffer.from(readMedia(name)).toString())
const capture = (file: string): Arrival[] =>
  readPcap(readMedia(`generated-here/${file}`)).flatMap(({ destination_port, payload }): Arrival[] => {
    const port = PORTS[destination_port]
    return port === undefined ? [] : [{ port, bytes: payload }]
  })
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

describe.skipIf(!hasMedia).each(coreBuilds)("[media] captures of GStreamer's FEC encoder (%s)", (build) => {
  const core = cores[build]
  const expected = hasMedia ? (readJson("generated-here/fec-2022-1-expected.json") as Expected) : null
  const variants = expected === null ? [] : Object.values(expected.variants)
  const whole = expected === null ? [] : capture(expected.source_capture)

  it("learns 5 x 5, finds every FEC packet right and needs none", () => {
    startFec(core)
    const out = joinBytes(feedFec(core, whole))
    const packets = (expected?.column_fec_packets ?? 0) + (expected?.row_fec_packets ?? 0)
    expect(sha256(out)).toBe(expected?.payload_sha256)
    expect(core.legSnapshot(0)).toMatchObject({
      fec_packets: packets,
      fec_bad: 0,
      fec_recovered: 0,
      rtp_unrecovered: 0,
    })
    expect([core.legField(0, L.LEG_FEC_COLUMNS), core.legField(0, L.LEG_FEC_ROWS)]).toEqual([5, 5])
  })

  it.each(variants)("$what", (variant) => {
    const { file, lost_media, recoverable, lost_media_seqs, unrecoverable_seqs, expected_payload_sha256 } = variant
    const arrivals = capture(file)
    expect(whole.length - arrivals.length).toBe(lost_media)
    startFec(core)
    const out = joinBytes(feedFec(core, arrivals))
    expect(sha256(out)).toBe(expected_payload_sha256)
    expect(core.legSnapshot(0)).toMatchObject({
      fec_bad: 0,
      fec_recovered: recoverable,
      rtp_lost: lost_media,
      rtp_unrecovered: unrecoverable_seqs.length,
    })
    for (const sequence of lost_media_seqs) {
      const original = whole.find(({ port, bytes }) => port === "media" && sequenceOf(bytes) === sequence)
      const stored = storedDatagram(core, sequence, 0)
      expect(stored).toEqual(unrecoverable_seqs.includes(sequence) ? null : original?.bytes)
    }
  })
})

describe.skipIf(!hasMedia).each(coreBuilds)(
  "[media] the same captures in their own time, 0.28 Mbit/s (%s)",
  (build) => {
    const core = cores[build]
    const expected = hasMedia ? (readJson("generated-here/fec-2022-1-expected.json") as Expected) : null

    it.each(expected === null ? [] : Object.values(expected.variants))(
      "$what",
      ({ file, recoverable, expected_payload_sha256, unrecoverable_seqs }) => {
        startFec(core)
        const all = readPcap(readMedia(`generated-here/${file}`))
        const out: Uint8Array[] = []
        let us = 1_000_000
        const step = (act: () => void) => {
          const head = core.ringHead(0)
          act()
          core.takeEvents()
          for (let n = head; n !== core.ringHead(0); n = (n + 1) >>> 0) out.push(readSlot(core, 0, n).payload)
        }
        const wait = (until: number) => {
          for (; us < until; us = Math.min(until, us + 10_000)) step(() => core.tick(us))
        }
        for (const { destination_port, payload, us: at } of all) {
          const port = PORTS[destination_port]
          if (port === undefined) continue
          wait(1_000_000 + Math.round(at - (all[0]?.us ?? at)))
          step(() => {
            writeDatagram(core, 0, { bytes: payload, rx_us: us, ipv4: 0x7f000001, port: 5000 }, false)
            if (port === "media") core.ingest(0, 1, 0, us)
            else core.ingestFec(0, port === "row", 1, 0, us)
            core.fecPortsEmpty(0)
            core.fecPortsEmpty(0)
          })
        }
        wait(us + 20e6)
        expect(core.legSnapshot(0)).toMatchObject({
          fec_recovered: recoverable,
          rtp_unrecovered: unrecoverable_seqs.length,
          rtp_late: 0,
          fec_bad: 0,
        })
        expect(sha256(joinBytes(out))).toBe(expected_payload_sha256)
      },
    )
  },
)

/**
 * Stretches a payload: those of the vectors are a few bytes, of which each becomes a TS packet that repeats it behind
 * the sync byte.
 */
const stretch = (payload: Uint8Array) =>
  joinBytes([...payload].map((byte) => new Uint8Array(188).fill(byte).fill(0x47, 0, 1)))
const stretchMedia = (datagram: Uint8Array) => joinBytes([datagram.subarray(0, 12), stretch(datagram.subarray(12))])

/** Makes an FEC packet of the vectors protect stretched payloads; `lengths` are bytes of payload by sequence number. */
const stretchFec = (datagram: Uint8Array, lengths: ReadonlyMap<number, number>): Uint8Array => {
  const bytes = joinBytes([datagram.subarray(0, 28), stretch(datagram.subarray(28))])
  const packet = parseFec(datagram)
  const members = packet === null ? [] : protectedBy(packet).map((sequence) => lengths.get(sequence) ?? 0)
  const length = members.reduce((sum, n) => sum ^ (n * 188), 0)
  bytes.set([length >> 8, length & 255], 14)
  for (let at = 28, n = 1; at < bytes.length; at += 188, n++)
    bytes[at] = members.filter((each) => each >= n).length % 2 === 1 ? 0x47 : 0
  return bytes
}

describe.skipIf(!hasMedia).each(coreBuilds)("[media] vectors of GStreamer's FEC decoder (%s)", (build) => {
  const core = cores[build]

  it.each(fecVectors())("%s", (_, steps) => {
    const recovered = steps.flatMap((step) => step.recovered)
    const lengths = new Map([
      ...steps
        .flatMap(({ media }) => media)
        .map((datagram): [number, number] => [sequenceOf(datagram), datagram.length - 12]),
      ...recovered.map(({ sequence, payload }): [number, number] => [sequence, payload.length]),
    ])
    const packet = (sequence: number) =>
      buildRtp({ sequence, timestamp: 0, ssrc: 0 }, stretch(Uint8Array.of(sequence & 255)))
    // The core needs two things besides: an FEC packet that it has found right, and a datagram behind the last missing
    // one.
    const before = [65_500, 65_501].map(packet)
    startFec(core)
    feedFec(core, [
      ...before.map(arrival("media")),
      arrival("row")(fecOf(before, 65_500, 1, 2)),
      ...steps.flatMap(({ media, rows, columns }) => [
        ...media.map((datagram) => arrival("media")(stretchMedia(datagram))),
        ...rows.map((datagram) => arrival("row")(stretchFec(datagram, lengths))),
        ...columns.map((datagram) => arrival("column")(stretchFec(datagram, lengths))),
      ]),
      arrival("media")(packet(20)),
    ])
    expect(core.legSnapshot(0)).toMatchObject({ fec_bad: 0, fec_recovered: recovered.length })
    for (const { sequence, payload } of recovered) {
      const original = buildRtp({ sequence, timestamp: 0, ssrc: 0 }, stretch(payload))
      expect(storedDatagram(core, sequence, 0), `datagram ${sequence}`).toEqual(original)
    }
  })
})
