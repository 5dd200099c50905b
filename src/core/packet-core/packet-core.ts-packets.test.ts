import { describe, expect, it } from "vitest"
import { compareWithReference } from "../../../test/compare-with-reference.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { toDatagrams } from "../../../test/ts-stream.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { buildPacket, type PacketFields, PCR_MODULUS } from "../ts/packet.ts"

const cores = await loadCores()
const PID = 0x123
const payload = new Uint8Array(180).fill(0x11)
const packet = (counter: number, fields: Partial<PacketFields> = {}) =>
  buildPacket({ pid: PID, continuity_counter: counter, payload, ...fields })
/** Makes a packet of an adaptation field alone. */
const bare = (counter: number, fields: Partial<PacketFields> = {}) =>
  buildPacket({ pid: PID, continuity_counter: counter, ...fields })
const damaged = packet(0).fill(0, 0, 1)
const good = (n: number) => Array.from({ length: n }, (_, i) => packet(i))

describe.each(coreBuilds)("TS packets (%s)", (build) => {
  const core = cores[build]
  const run = (packets: ReadonlyArray<Uint8Array>) => compareWithReference(core, toDatagrams(joinBytes(packets)))

  it.each<[string, ReadonlyArray<Uint8Array>, Record<string, number>]>([
    ["in order over the wrap", [14, 15, 0, 1].map((n) => packet(n)), { cc_errors: 0 }],
    ["one packet missing", [0, 1, 3, 4].map((n) => packet(n)), { cc_errors: 1 }],
    ["one legal duplicate", [0, 1, 1, 2].map((n) => packet(n)), { cc_errors: 0, cc_duplicates: 1 }],
    ["a duplicate too many", [0, 1, 1, 1, 2].map((n) => packet(n)), { cc_errors: 1, cc_duplicates: 1 }],
    [
      "duplicate whose PCR differs",
      [packet(0, { payload: payload.subarray(8), pcr: 1 }), packet(0, { payload: payload.subarray(8), pcr: 2 })],
      { cc_errors: 0, cc_duplicates: 1, pcrs: 2 },
    ],
    [
      "adaptation field alone keeps the counter",
      [packet(0), bare(0), bare(0), bare(5), packet(1)],
      { cc_errors: 0, cc_duplicates: 0 },
    ],
    [
      "discontinuity_indicator with payload",
      [packet(0), packet(9, { payload: payload.subarray(8), discontinuity: true }), packet(10)],
      { cc_errors: 0, discontinuities: 1 },
    ],
    [
      "discontinuity_indicator without payload",
      [packet(0), bare(9, { discontinuity: true }), packet(10)],
      { cc_errors: 0, discontinuities: 1 },
    ],
    [
      "discontinuity_indicator excuses a repeated counter",
      [packet(3), packet(3, { payload: payload.subarray(8), discontinuity: true }), packet(3), packet(4)],
      { cc_errors: 0, cc_duplicates: 1 },
    ],
    [
      "null packets do not count",
      [packet(0, { pid: 0x1fff }), packet(5, { pid: 0x1fff }), packet(9, { pid: 0x1fff })],
      { cc_errors: 0, null_packets: 3 },
    ],
    [
      "each PID on its own",
      [packet(0), packet(7, { pid: 0x200 }), packet(1), packet(8, { pid: 0x200 })],
      { cc_errors: 0 },
    ],
    [
      "a damaged packet is not believed",
      [packet(0), packet(7, { transport_error: true }), packet(1)],
      { cc_errors: 0, tei: 1 },
    ],
    [
      "a damaged packet leaves a gap",
      [packet(0), packet(1, { transport_error: true }), packet(2)],
      { cc_errors: 1, tei: 1 },
    ],
    ["scrambled", [packet(0, { scrambling: 2 }), packet(1, { scrambling: 3 })], { scrambled: 2, cc_errors: 0 }],
    ["random access", [packet(0, { payload: payload.subarray(8), random_access: true })], { rai: 1 }],
    ["one bad sync byte", [...good(6), damaged, packet(6)], { sync_byte_errors: 1, sync_losses: 0, cc_errors: 0 }],
    [
      "two bad sync bytes lose sync once",
      [...good(6), damaged, damaged, damaged, packet(6)],
      { sync_byte_errors: 3, sync_losses: 1 },
    ],
    [
      "five good ones regain it",
      [...good(6), damaged, damaged, ...good(5), damaged, damaged, ...good(4), damaged, damaged],
      { sync_losses: 2 },
    ],
    ["never in sync, never lost", [packet(0), damaged, damaged, packet(1)], { sync_losses: 0, sync_byte_errors: 2 }],
  ])("%s", (_, packets, expected) => {
    expect(run(packets).counters).toMatchObject({ ts_packets: packets.length, ...expected })
  })

  it.each([0, 1, 299, 300, 27_000_000, 2 ** 33 * 150 + 17, PCR_MODULUS - 1])("reads a PCR of %i ticks", (pcr) => {
    const { gauges, slots } = run([packet(0), packet(1, { payload: payload.subarray(8), pcr })])
    expect(gauges).toMatchObject({ pcr_27m: pcr, pcr_pid: PID })
    expect(slots[0]?.pcr).toEqual({ ticks: pcr, index: 1, pid: PID })
  })

  it.each([184, 200, 255])("survives an adaptation_field_length of %i", (length) => {
    const broken = packet(0, { payload: payload.subarray(8), pcr: 5 }).fill(length, 4, 5)
    expect(run([broken, packet(1)]).counters).toMatchObject({ pcrs: 0, cc_errors: 0 })
  })

  it.each([0, 1, 6])("finds no PCR in an adaptation field of %i bytes", (length) => {
    const short = packet(0, { payload: payload.subarray(8), pcr: 5 }).fill(length, 4, 5)
    expect(run([short]).counters.pcrs).toBe(0)
  })
})
