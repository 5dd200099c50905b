/**
 * Joins two test programmes as 2.4.3.5 of ISO/IEC 13818-1 asks, or with one thing left out. The strict analyser must
 * tell the two apart.
 */
import { buildPacket, parsePacket, TS_PACKET_SIZE, type TsPacket } from "../src/core/ts/packet.ts"
import { AUDIO_PID, PAT_PID, PMT_PID, VIDEO_PID } from "../src/test-source/program-tables.ts"

export interface SpliceFaults {
  /** A PID that gets no discontinuity_indicator at all. */
  readonly unflagged?: number
  /** The table of the second programme that is left out at the join. */
  readonly withoutTables?: "pat" | "pmt"
  /** Number of packets behind its access point at which the second programme begins. */
  readonly late?: number
  /** Whether audio begins in the middle of a PES packet. */
  readonly audioAtOnce?: boolean
  /** Whether the clock PID's flag stands in a packet of its own, without PCR. */
  readonly flagApart?: boolean
}

const FLAGS = 5
/** Copies the packets of a stream. */
export const packetsOf = (ts: Uint8Array): Uint8Array[] =>
  Array.from({ length: Math.floor(ts.length / TS_PACKET_SIZE) }, (_, i) =>
    ts.slice(i * TS_PACKET_SIZE, (i + 1) * TS_PACKET_SIZE),
  )
const read = (packet: Uint8Array): TsPacket => {
  const facts = parsePacket(packet)
  if (facts === null) throw new Error("the test programme has lost its sync")
  return facts
}

/** Number of the first access point at or behind packet `from`. */
export const accessPointFrom = (packets: ReadonlyArray<Uint8Array>, from: number): number =>
  packets.findIndex((packet, i) => i >= from && read(packet).adaptation?.random_access === true)

/** Makes a packet of an adaptation field alone, flagged, with the counter before that of `next`. */
const flagFor = (next: TsPacket): Uint8Array =>
  buildPacket({ pid: next.pid, continuity_counter: next.continuity_counter - 1, discontinuity: true })

const firstOf = (packets: ReadonlyArray<Uint8Array>, pid: number, from: number): Uint8Array | undefined =>
  packets.find((packet, i) => i >= from && read(packet).pid === pid)

/** Makes the tables as they stand in the second programme, flagged, with the counters before those that follow. */
const tablesAhead = (packets: ReadonlyArray<Uint8Array>, from: number, faults: SpliceFaults): Uint8Array[] => {
  const wanted = [
    ...(faults.withoutTables === "pat" ? [] : [PAT_PID]),
    ...(faults.withoutTables === "pmt" ? [] : [PMT_PID]),
  ]
  return wanted.flatMap((pid) => {
    const [table, next] = [firstOf(packets, pid, 0), firstOf(packets, pid, from)]
    if (table === undefined || next === undefined) return []
    const { payload } = read(table)
    const counter = read(next).continuity_counter - 1
    // The flags take two bytes of the stuffing behind the section.
    return [
      buildPacket({
        pid,
        continuity_counter: counter,
        unit_start: true,
        payload: payload.subarray(0, 182),
        discontinuity: pid !== faults.unflagged,
      }),
    ]
  })
}

/** Joins `first` up to packet `at` with `second` from its next access point behind packet `at` on. */
export const splice = (first: Uint8Array, second: Uint8Array, at: number, faults: SpliceFaults = {}): Uint8Array => {
  const after = packetsOf(second)
  const from = accessPointFrom(after, at) + (faults.late ?? 0)
  const joined = [...packetsOf(first).slice(0, at), ...tablesAhead(after, from, faults)]
  const seen = new Set([PAT_PID, PMT_PID])
  const isDropped = ({ pid, unit_start }: TsPacket) =>
    (faults.withoutTables !== undefined && (pid === PAT_PID || pid === PMT_PID)) ||
    (pid === AUDIO_PID && !seen.has(pid) && unit_start === (faults.audioAtOnce === true))
  for (const packet of after.slice(from)) {
    const facts = read(packet)
    if (facts.pid === 0x1fff || isDropped(facts)) continue
    const isNew = !seen.has(facts.pid) && facts.pid !== faults.unflagged
    seen.add(facts.pid)
    if (isNew && facts.pid === VIDEO_PID && facts.adaptation !== null && faults.flagApart !== true)
      packet[FLAGS] = (packet[FLAGS] ?? 0) | 0x80
    else if (isNew) joined.push(flagFor(facts))
    joined.push(packet)
  }
  return Buffer.concat(joined)
}
